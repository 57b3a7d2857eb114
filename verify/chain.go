package verify

import "github.com/offlicense/offlicense/format"

// Chain is what a license rests on: a root has signed the delegation of a staff key, and
// that key the license. It is all that revocation asks about. Keys are named by their
// thumbprint, statements by their digest ([format.Statement.Digest]).
//
// To ask whether a key may still sign, leave License zero: no list keeps what is not signed
// yet, so a revoked key may not. To ask about the delegation alone, leave Staff zero, too.
type Chain struct {
	Root       [32]byte // key that signed the delegation
	Delegation [16]byte
	Staff      [32]byte // key that signed the license
	License    [16]byte
}

// Revokes is the rule of revoked keys, for the vendor and for every verifier: a revoked
// key takes with it all that it has signed, but for the statements that are kept.
//
// license reports that the key is the staff key of the chain and the license is not kept;
// delegation, that it is the root and the delegation is not kept, so that no license under
// it is good.
func Revokes(key *format.RevokedKey, c Chain) (license, delegation bool) {
	return key.Thumbprint == c.Staff && !key.Keep.Has(c.License),
		key.Thumbprint == c.Root && !key.Keep.Has(c.Delegation)
}

// Revokes asks the keys of the list ([Revokes]). Licenses that the list names by their id
// are another matter.
func (l *RevocationList) Revokes(c Chain) (license, delegation bool) {
	if staff := l.key(c.Staff); staff != nil {
		license, _ = Revokes(staff, c)
	}
	if root := l.key(c.Root); root != nil {
		_, delegation = Revokes(root, c)
	}
	return license, delegation
}
