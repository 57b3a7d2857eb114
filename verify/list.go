package verify

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/format"
)

// RevocationList is a revocation list that one of the roots has signed, or a key that
// a root has delegated for revocation lists alone. Only [Verifier.OpenRevocationList] and
// [Verifier.OpenRawRevocationList] make one. It may be used by many goroutines at once, and
// must not be changed: opening the same list again may return the same one.
type RevocationList struct {
	format.RevocationClaims
	Signer string // the signing key's name in its delegation, or the fingerprint of a root
	Raw    []byte // the signed list as it travels, for a record; the sets of the claims share its memory

	verifier   *Verifier   // that opened it
	rank       int         // of its signer, inforce.go
	chain      Chain       // as if the list were the license
	delegation *delegation // nil: signed by a root
}

// Issued returns when the list was signed.
func (l *RevocationList) Issued() time.Time { return format.Instant(l.IssuedAt) }

// OpenRevocationList reads the text of a revocation list. The error is a *Refusal.
//
// Of several roots, each may revoke those before it, so that a standby root, which comes
// last, can put an end to a stolen active one; a list that revokes a root by any other
// key is refused as out of scope.
func (v *Verifier) OpenRevocationList(text []byte) (*RevocationList, error) {
	raw, err := format.DecodeTextAs(text, format.RevocationFile)
	if err != nil {
		return nil, listSource.refuse(err)
	}
	return v.OpenRawRevocationList(raw)
}

// OpenRawRevocationList reads a revocation list as it travels, without the text form; it
// is otherwise as [Verifier.OpenRevocationList]. A site asks about the same lists again
// and again, and many license files have the same one in them, so that the Verifier keeps
// those that it has opened last, up to 4 MiB of them.
func (v *Verifier) OpenRawRevocationList(raw []byte) (*RevocationList, error) {
	if l := v.lists.get(raw); l != nil {
		return l, nil
	}
	// The result shares the memory, for a list can be large, and is kept. So it must be
	// neither the caller's nor the end of a license file.
	raw = bytes.Clone(raw[:min(len(raw), format.MaxRevocation+1)])
	l, err := v.openList(raw)
	if err != nil {
		return nil, err
	}
	v.lists.put(raw, l)
	return l, nil
}

func (v *Verifier) openList(raw []byte) (*RevocationList, error) {
	file, err := format.ParseList(raw)
	if err != nil {
		return nil, listSource.refuse(err)
	}
	s := file.Revocation
	l := &RevocationList{verifier: v, Raw: raw[:len(raw):len(raw)]}
	if file.RawDelegation == nil {
		root, err := v.checkRoot(s)
		if err != nil {
			return nil, err
		}
		l.rank, l.chain.Staff, l.Signer = root+1, v.roots[root].Thumbprint(), v.roots[root].Fingerprint()
	} else {
		d, err := v.delegation(file.RawDelegation, file.Delegation)
		if err != nil {
			return nil, err
		}
		if err := d.checkList(s); err != nil {
			return nil, err
		}
		l.delegation, l.chain, l.Signer = d, d.chain(), d.claims.Name
	}
	l.chain.License = s.Digest()
	claims, err := format.UnmarshalRevocation(s.UnverifiedPayload())
	if err != nil {
		return nil, listSource.refuse(err)
	}
	l.RevocationClaims = *claims
	if err := l.checkScope(); err != nil {
		return nil, err
	}
	return l, nil
}

// checkList accepts a list that the delegated key has signed.
func (d *delegation) checkList(s format.Statement) error {
	if s.KeyID() != d.keyID() {
		return &Refusal{
			Reason:   UnknownKey,
			Message:  "the revocation list is signed by another key than its delegation names",
			Expected: fmt.Sprintf("key %x", d.keyID()),
			Found:    fmt.Sprintf("key %x", s.KeyID()),
			hint:     "ask the vendor to send the revocation list again",
		}
	}
	if !d.key.Verify(s.SignedMessage(), s.Signature()) {
		return &Refusal{
			Reason:  BadSignature,
			Message: "the revocation list was changed after it was signed",
			hint:    "copy the revocation list again, or ask the vendor to send it again",
		}
	}
	return nil
}

// checkScope refuses a list that its signer was not allowed to sign.
func (l *RevocationList) checkScope() error {
	out := func(dimension, expected, found string) *Refusal {
		return &Refusal{
			Reason:   OutOfScope,
			Message:  "the key " + quote(l.Signer) + " was not allowed to sign this revocation list: " + dimension,
			Expected: expected,
			Found:    found,
			hint:     "ask the vendor for a list that is signed by a key that may",
		}
	}
	if d := l.delegation; d != nil {
		c := d.claims
		switch {
		case !c.Scope.Revocations:
			return out(dimensionLists, "licenses", "a revocation list")
		case l.Issuer != c.Issuer:
			return out("vendor", c.Issuer, l.Issuer)
		case l.IssuedAt < c.NotBefore || l.IssuedAt >= c.Expires:
			return out("time of issue", clock(format.Instant(c.NotBefore))+" to "+clock(format.Instant(c.Expires)), clock(l.Issued()))
		}
	}
	for i, root := range l.verifier.roots {
		if l.key(root.Thumbprint()) != nil && l.rank <= i+1 {
			r := out("root keys", "staff keys, and roots before its own", "the root key "+root.Fingerprint())
			r.hint, r.ofRoots = "check that the roots file is the one that came with the product, its lines in their order; if it is, "+r.hint, true
			return r
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
