package issuer

import (
	"fmt"
	"io"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// SignList signs a revocation list with a root key, or with a key delegated for
// revocation lists alone whose delegation's bytes are given. It gives the list an id,
// and returns its file text once it has been judged as every server will judge it.
func SignList(key keys.Signer, delegation []byte, claims format.RevocationClaims, v *verify.Verifier, random io.Reader) ([]byte, error) {
	var err error
	if claims.ID, err = format.NewID(random); err != nil {
		return nil, err
	}
	payload, err := claims.Marshal()
	if err != nil {
		return nil, err
	}
	signed, err := format.Seal(format.Revocation, key.Public().ID(), payload, key.Sign)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	raw, err := format.MarshalList(delegation, signed)
	if err != nil {
		return nil, err
	}
	text := format.EncodeFile(format.RevocationFile, raw)
	if _, err := v.OpenRevocationList(text); err != nil {
		return nil, fmt.Errorf("the revocation list that was just signed does not verify: %w", err)
	}
	return text, nil
}

// MaxAttachedList is the most bytes of a revocation list that is attached to license files.
const MaxAttachedList = ledger.MaxAttachedList
