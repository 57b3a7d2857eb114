package issuer

import (
	"io"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// Delegate signs, with a root key, a delegation to a staff key. It returns the claims
// with their id and key filled in, and the delegation's file text.
func Delegate(root keys.Signer, staff keys.PublicKey, claims format.DelegationClaims, random io.Reader) (*format.DelegationClaims, []byte, error) {
	var err error
	if claims.ID, err = format.NewID(random); err != nil {
		return nil, nil, err
	}
	claims.Key = staff.Bytes()
	payload, err := claims.Marshal()
	if err != nil {
		return nil, nil, err
	}
	raw, err := format.Seal(format.Delegation, root.Public().ID(), payload, root.Sign)
	if err != nil {
		return nil, nil, err
	}
	text := format.EncodeFile(format.Delegation, raw)
	v, err := verify.New(root.Public())
	if err != nil {
		return nil, nil, err
	}
	if _, err := v.OpenDelegation(text); err != nil {
		return nil, nil, err
	}
	return &claims, text, nil
}
