package verify

import (
	"slices"
	"sync"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// delegation is a delegation that a trusted root has signed.
type delegation struct {
	claims *format.DelegationClaims
	key    keys.PublicKey
	keyID  [keys.IDSize]byte
}

// delegation returns the delegation of a license file once its signature is checked.
// The result for the same bytes is kept: it depends on them and on the roots alone.
func (v *Verifier) delegation(file format.File) (*delegation, error) {
	if d := v.delegations.get(file.RawDelegation); d != nil {
		return d, nil
	}
	d, err := v.openDelegation(file.Delegation)
	if err != nil {
		return nil, err
	}
	v.delegations.put(file.RawDelegation, d)
	return d, nil
}

// OpenDelegation reads the text of a delegation that one of the roots must have signed.
// The error is a *Refusal.
func (v *Verifier) OpenDelegation(text []byte) (*format.DelegationClaims, error) {
	raw, err := format.DecodeTextAs(text, format.Delegation)
	if err != nil {
		return nil, refuseDelegation(err)
	}
	statement, err := format.ParseStatement(raw, format.Delegation)
	if err != nil {
		return nil, refuseDelegation(err)
	}
	d, err := v.openDelegation(statement)
	if err != nil {
		return nil, err
	}
	return d.claims, nil
}

func (v *Verifier) openDelegation(s format.Statement) (*delegation, error) {
	if err := v.checkRoot(s); err != nil {
		return nil, err
	}
	claims, err := format.UnmarshalDelegation(s.UnverifiedPayload())
	if err != nil {
		return nil, refuseMalformed(err)
	}
	key, err := keys.NewPublicKey(claims.Key)
	if err != nil {
		return nil, &Refusal{
			Reason:  BadSignature,
			Message: "the delegation names a key under which anybody can sign: " + err.Error(),
			Next:    "ask the vendor for a license under another delegation",
		}
	}
	// Otherwise a root could sign licenses after all, by a delegation to itself.
	if slices.Contains(v.roots, key) {
		return nil, &Refusal{
			Reason:  OutOfScope,
			Message: "the delegation is to a root key, which may sign delegations and revocation lists alone",
			Next:    "ask the vendor for a license signed by a staff key",
		}
	}
	return &delegation{claims: claims, key: key, keyID: key.ID()}, nil
}

func refuseDelegation(err error) error {
	r := refuseMalformed(err).(*Refusal)
	r.Next = "name the delegation that the holder of the root key made: all of it, from OLD1: to the last character"
	return r
}

// checkRoot accepts a statement that one of the roots has signed.
func (v *Verifier) checkRoot(s format.Statement) error {
	message := s.SignedMessage()
	named := false
	for _, root := range v.roots {
		if root.ID() != s.KeyID() {
			continue
		}
		named = true
		if root.Verify(message, s.Signature()) {
			return nil
		}
	}
	if named {
		return &Refusal{
			Reason:  BadSignature,
			Message: "the delegation in the file was changed after it was signed",
			Next:    "copy the license file again from where it came; if that does not help, ask the vendor to send it again",
		}
	}
	return &Refusal{
		Reason:   UnknownKey,
		Message:  "no trusted root key stands behind the license",
		Expected: "a delegation by " + v.rootNames(),
		Found:    "a delegation by a key that is not trusted here",
		Next:     "check that the license is this vendor's, and that the roots file is the one that came with the product",
	}
}

func (v *Verifier) rootNames() string {
	names := v.roots[0].String()
	for _, root := range v.roots[1:] {
		names += " or " + root.String()
	}
	return names
}

// maxDelegations bounds the memory of a verifier that is fed many vendors' files. A
// vendor has a few staff keys, and a site one delegation at a time.
const maxDelegations = 64

// delegationCache keeps checked delegations by their bytes. The zero value is ready.
type delegationCache struct {
	mu      sync.RWMutex
	checked map[string]*delegation
}

func (c *delegationCache) get(raw []byte) *delegation {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.checked[string(raw)]
}

func (c *delegationCache) put(raw []byte, d *delegation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.checked == nil || len(c.checked) >= maxDelegations {
		c.checked = make(map[string]*delegation)
	}
	c.checked[string(raw)] = d
}
