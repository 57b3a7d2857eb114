package audit

import (
	"bytes"
	"fmt"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// lists verifies every revocation list on record, and returns them by their numbers.
func (a *audit) lists(v *verify.Verifier) (map[uint64]*verify.RevocationList, error) {
	all := make(map[uint64]*verify.RevocationList)
	if a.missing["revocation_lists"] {
		return all, nil
	}
	err := a.kept.EachList(func(r *store.ListRow) error {
		row := fmt.Sprint(r.Number)
		p, err := ledger.ListIn(r.Leaf)
		if err != nil {
			a.report.add("revocation_lists", row, "", "%v", err)
			return nil
		}
		list, err := v.OpenRawRevocationList(p.File)
		switch {
		case err != nil:
			a.report.add("revocation_lists", row, "", "the list does not verify: %v", err)
			return nil
		case list.Number != r.Number, list.Signer != r.SignedBy, !list.Issued().Equal(r.Issued), list.Issuer != a.vendor:
			a.report.add("revocation_lists", row, "", "the list says number %d of %s, issued on %s, signed by %q, and the record differs",
				list.Number, list.Issuer, hardEnd(list.Issued()), list.Signer)
		}
		if text := a.judgeList(list, r); text != "" {
			a.report.add("revocation_lists", row, "", "%s", text)
		}
		all[r.Number] = list
		return nil
	})
	return all, err
}

// judgeList returns what is wrong with a list that was recorded by an event, empty for
// nothing: no licensor records such a list, and servers take it.
func (a *audit) judgeList(list *verify.RevocationList, r *store.ListRow) string {
	file, err := format.ParseList(list.Raw)
	if err != nil {
		return err.Error()
	}
	var signer []byte
	if file.RawDelegation != nil {
		_, key, err := ledger.DelegatedKey(file.Delegation)
		if err != nil {
			return err.Error()
		}
		signer = key.Bytes()
	}
	if !bytes.Equal(signer, r.SignerKey) {
		return "the list is signed by another key than the record says"
	}
	for _, k := range a.revoked {
		if signer != nil && (k.Lists || k.Root) && r.Seq > k.seq {
			return fmt.Sprintf("the list is signed by the delegated key %q, and was recorded after the key %q was revoked, by event %d: from then on a root signs revocation lists", list.Signer, k.Name, k.seq)
		}
		if listed := rules.FindKey(list.Keys, k.wire.Thumbprint); listed != nil && !bytes.Equal(ledger.JoinSet(listed.Keep), k.Keep) {
			return fmt.Sprintf("of the key %q the list keeps %d licenses or delegations, and those on record are %d others", k.Name, listed.Keep.Len(), k.wire.Keep.Len())
		}
	}
	return ""
}
