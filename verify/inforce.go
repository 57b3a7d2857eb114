package verify

import (
	"cmp"
	"slices"
)

// The rank of a list is that of its signer: 0 for a delegated key, 1 for the first root,
// 2 for the next. Only a higher key takes the right to sign lists from a lower one: two
// equals would revoke each other, and a thief would be one of them.

// InForce returns the lists that are in force among the given ones, those of higher
// signers first: of each rank the one with the highest number, of equals the first,
// unless a list in force of a higher rank has revoked its signer. The lists are of one
// vendor, and one Verifier has opened them all; nil ones are passed over.
//
// A site keeps all of these, at most one more than there are roots. The newest alone
// is not enough: once a root has revoked a stolen key that signed lists, and a later list
// is signed by another such key, it is the root's list that keeps the thief's out.
func InForce(lists ...*RevocationList) []*RevocationList {
	ranked := slices.DeleteFunc(slices.Clone(lists), func(l *RevocationList) bool { return l == nil })
	slices.SortStableFunc(ranked, func(a, b *RevocationList) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(b.Number, a.Number))
	})
	if len(ranked) < 2 {
		return ranked
	}
	var inForce []*RevocationList
	for _, l := range ranked { // a later one is of no higher rank
		if !slices.ContainsFunc(inForce, func(by *RevocationList) bool { return by.rank == l.rank || by.revokesList(l) }) {
			inForce = append(inForce, l)
		}
	}
	return inForce
}

// Newest returns the list that counts for licenses and staff keys: of those in force the
// one with the highest number, and of equals that of the higher signer. So the huge number
// on a thief's list does not outlast the theft. It is nil for none.
//
// Whether a root is revoked each list in force says for itself, whatever its number: most
// signers may not revoke that root, so that nothing follows from their silence.
func Newest(lists ...*RevocationList) *RevocationList {
	return newest(InForce(lists...))
}

func newest(inForce []*RevocationList) *RevocationList {
	var newest *RevocationList
	for _, l := range inForce {
		if newest == nil || l.Number > newest.Number {
			newest = l
		}
	}
	return newest
}

// revokesList reports whether the list takes the right to sign another one, of a lower
// rank, from its signer, or from the root that has delegated to it.
func (l *RevocationList) revokesList(other *RevocationList) bool {
	list, delegation := l.Revokes(other.chain)
	return list || delegation
}
