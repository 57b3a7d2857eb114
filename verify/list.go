package verify

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"github.com/offlicense/offlicense/format"
)

// RevocationList is a revocation list that one of the roots has signed, or a key that
// a root has delegated for revocation lists alone. Only [Verifier.OpenRevocationList]
// makes one. It may be used by many goroutines at once.
type RevocationList struct {
	format.RevocationClaims
	Signer string // the signing key's name in its delegation, or the fingerprint of a root
	Raw    []byte // the signed list as it travels, for a record

	verifier   *Verifier // that opened it
	rank       int       // of its signer: 0 for a delegated key, 1 for the first root, 2 for the next
	signer     [32]byte  // thumbprint of the key that signed it
	digest     [16]byte
	delegation *delegation // nil: signed by a root
}

// Issued returns when the list was signed.
func (l *RevocationList) Issued() time.Time { return unix(l.IssuedAt) }

// OpenRevocationList reads the text of a revocation list. The error is a *Refusal.
//
// Of several roots, each may revoke those before it, so that a standby root, which comes
// last, can put an end to a stolen active one; a list that revokes a root by any other
// key is refused as out of scope.
func (v *Verifier) OpenRevocationList(text []byte) (*RevocationList, error) {
	raw, err := format.DecodeTextAs(text, format.RevocationFile)
	if err != nil {
		return nil, refuseList(err)
	}
	file, err := format.ParseList(raw)
	if err != nil {
		return nil, refuseList(err)
	}
	return v.openList(raw, file)
}

func (v *Verifier) openList(raw []byte, file *format.List) (*RevocationList, error) {
	s := file.Revocation
	l := &RevocationList{verifier: v, Raw: bytes.Clone(raw), digest: s.Digest()}
	if file.RawDelegation == nil {
		root, err := v.checkRoot(s)
		if err != nil {
			return nil, err
		}
		l.rank, l.signer, l.Signer = root+1, v.roots[root].Thumbprint(), v.roots[root].Fingerprint()
	} else {
		d, err := v.delegation(file.RawDelegation, file.Delegation)
		if err != nil {
			return nil, err
		}
		if s.KeyID() != d.keyID() || !d.key.Verify(s.SignedMessage(), s.Signature()) {
			return nil, &Refusal{
				Reason:  BadSignature,
				Message: "the revocation list was changed after it was signed, or signed by another key than its delegation names",
				Next:    listAdvice,
			}
		}
		l.delegation, l.signer, l.Signer = d, d.thumbprint, d.claims.Name
	}
	// A copy: the list outlives the bytes that the caller gave.
	claims, err := format.UnmarshalRevocation(bytes.Clone(s.UnverifiedPayload()))
	if err != nil {
		return nil, refuseList(err)
	}
	l.RevocationClaims = *claims
	if err := l.checkScope(); err != nil {
		return nil, err
	}
	return l, nil
}

// checkScope refuses a list that its signer was not allowed to sign.
func (l *RevocationList) checkScope() error {
	out := func(dimension, expected, found string) error {
		return &Refusal{
			Reason:   OutOfScope,
			Message:  "the key " + quote(l.Signer) + " was not allowed to sign this revocation list: " + dimension,
			Expected: expected,
			Found:    found,
			Next:     "ask the vendor for a list that is signed by a key that may",
		}
	}
	if d := l.delegation; d != nil {
		c := d.claims
		switch {
		case !c.Scope.Revocations:
			return out("revocation lists", "licenses", "a revocation list")
		case l.Issuer != c.Issuer:
			return out("vendor", c.Issuer, l.Issuer)
		case l.IssuedAt < c.NotBefore || l.IssuedAt >= c.Expires:
			return out("time of issue", date(c.NotBefore)+" to "+date(c.Expires), date(l.IssuedAt))
		}
	}
	for i, root := range l.verifier.roots {
		if l.key(root.Thumbprint()) != nil && l.rank <= i+1 {
			return out("keys", "keys below its own, and roots before it", "the root key "+root.Fingerprint())
		}
	}
	return nil
}

// key returns what the list says of a key, nil if it does not revoke it.
func (l *RevocationList) key(thumbprint [32]byte) *format.RevokedKey {
	i, found := slices.BinarySearchFunc(l.Keys, thumbprint, func(k format.RevokedKey, t [32]byte) int {
		return bytes.Compare(k.Thumbprint[:], t[:])
	})
	if !found {
		return nil
	}
	return &l.Keys[i]
}

// revokes reports whether what the key has signed under a digest is no longer good.
func (l *RevocationList) revokes(thumbprint [32]byte, digest func() [16]byte) bool {
	key := l.key(thumbprint)
	return key != nil && !key.Keep.Has(digest())
}

// revokesDelegation reports whether the list puts an end to a delegation by revoking
// the root that has signed it.
func (l *RevocationList) revokesDelegation(d *delegation) bool {
	return l.rank > d.root+1 && l.revokes(l.verifier.roots[d.root].Thumbprint(), func() [16]byte { return d.digest })
}

// revokesList reports whether the list takes the right to sign the other one from its
// signer. Only a higher key can: two equals would revoke each other.
func (l *RevocationList) revokesList(other *RevocationList) bool {
	if l.rank <= other.rank {
		return false
	}
	return l.revokes(other.signer, func() [16]byte { return other.digest }) ||
		other.delegation != nil && l.revokesDelegation(other.delegation)
}

// Newest returns the list that counts: among those whose signer no higher key has
// revoked in another of them, the one with the highest number, and of equals the first.
// So the huge number on a thief's list does not outlast the theft. It is nil for none.
func Newest(lists ...*RevocationList) *RevocationList {
	var newest *RevocationList
	for _, l := range lists {
		if inForce(l, lists) && (newest == nil || l.Number > newest.Number) {
			newest = l
		}
	}
	return newest
}

func inForce(l *RevocationList, among []*RevocationList) bool {
	return !slices.ContainsFunc(among, func(by *RevocationList) bool {
		return by.revokesList(l) && inForce(by, among) // ends, for by is higher than l
	})
}

const listAdvice = "copy the revocation list again from where it came; if that does not help, ask the vendor to send it again"

func refuseList(err error) error {
	r := refuseMalformed(err).(*Refusal)
	var wrong *format.WrongKindError
	var malformed *format.MalformedError
	const right = "name the revocation list that came from the vendor"
	switch {
	case errors.As(err, &wrong):
		r.Next = right
	case errors.As(err, &malformed) && malformed.Foreign() != "":
		r.Next = foreignAdvice(malformed.Foreign()) + right
	default:
		r.Next = "copy the revocation list again from where it came: all of it, from OLV1: to the last character"
	}
	return r
}
