package verify

import (
	"slices"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// delegation is a delegation that a trusted root has signed.
type delegation struct {
	claims     *format.DelegationClaims
	key        keys.PublicKey
	thumbprint [32]byte // of key
	digest     [16]byte

	rootThumbprint [32]byte // of the root that has signed it
}

// chain returns what the delegation rests on, with no license yet.
func (d *delegation) chain() Chain {
	return Chain{Root: d.rootThumbprint, Delegation: d.digest, Staff: d.thumbprint}
}

func (d *delegation) keyID() [keys.IDSize]byte { return [keys.IDSize]byte(d.thumbprint[:]) }

// delegation returns a delegation once its signature is checked. The result for the
// same bytes is kept: it depends on them and on the roots alone.
func (v *Verifier) delegation(raw []byte, s format.Statement) (*delegation, error) {
	if d := v.delegations.get(raw); d != nil {
		return d, nil
	}
	d, err := v.openDelegation(s, licenseSource)
	if err != nil {
		return nil, err
	}
	v.delegations.put(raw, d)
	return d, nil
}

// OpenDelegation reads the text of a delegation that one of the roots must have signed.
// The error is a *Refusal.
func (v *Verifier) OpenDelegation(text []byte) (*format.DelegationClaims, error) {
	raw, err := format.DecodeTextAs(text, format.Delegation)
	if err != nil {
		return nil, delegationSource.refuse(err)
	}
	statement, err := format.ParseStatement(raw, format.Delegation)
	if err != nil {
		return nil, delegationSource.refuse(err)
	}
	d, err := v.openDelegation(statement, delegationSource)
	if err != nil {
		return nil, err
	}
	return d.claims, nil
}

func (v *Verifier) openDelegation(s format.Statement, from source) (*delegation, error) {
	root, err := v.checkRoot(s)
	if err != nil {
		return nil, err
	}
	claims, err := format.UnmarshalDelegation(s.UnverifiedPayload())
	if err != nil {
		return nil, from.refuse(err)
	}
	key, err := keys.NewPublicKey(claims.Key)
	if err != nil {
		return nil, &Refusal{
			Reason:  BadSignature,
			Message: "the delegation names a key under which anybody can sign: " + err.Error(),
			hint:    "ask the vendor for one that is signed under another delegation",
		}
	}
	// Otherwise a root could sign licenses after all, by a delegation to itself.
	if slices.Contains(v.roots, key) {
		return nil, &Refusal{
			Reason:  OutOfScope,
			Message: "the delegation is to a root key, which may sign delegations and revocation lists alone",
			hint:    "ask the vendor for one that is signed by a staff key",
		}
	}
	return &delegation{claims: claims, key: key, thumbprint: key.Thumbprint(), digest: s.Digest(), rootThumbprint: v.roots[root].Thumbprint()}, nil
}

// checkRoot accepts a statement that one of the roots has signed, and returns which.
func (v *Verifier) checkRoot(s format.Statement) (int, error) {
	message := s.SignedMessage()
	what := "the " + s.Kind().String()
	named := false
	for i, root := range v.roots {
		if root.ID() != s.KeyID() {
			continue
		}
		named = true
		if root.Verify(message, s.Signature()) {
			return i, nil
		}
	}
	if named {
		return 0, &Refusal{
			Reason:  BadSignature,
			Message: what + " in the file was changed after it was signed",
			hint:    "copy the file again, or ask the vendor to send it again",
		}
	}
	return 0, &Refusal{
		Reason:   UnknownKey,
		Message:  what + " is not signed by a trusted root key",
		Expected: "one signed by " + v.rootNames(),
		Found:    "one signed by an untrusted key",
		hint:     "check that the file is this vendor's, and that the roots file is the one that came with the product",
		ofRoots:  true,
	}
}

func (v *Verifier) rootNames() string {
	names := v.roots[0].String()
	for _, root := range v.roots[1:] {
		names += " or " + root.String()
	}
	return names
}
