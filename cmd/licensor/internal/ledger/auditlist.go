package ledger

import (
	"bytes"
	"cmp"
	"database/sql"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// lists verifies every revocation list on record, and returns them by their numbers.
func (a *audit) lists(v *verify.Verifier) (map[uint64]*verify.RevocationList, error) {
	all := make(map[uint64]*verify.RevocationList)
	if there, err := a.kept.l.dialect.hasTable(a.kept.ctx, a.kept.tx, "revocation_lists"); err != nil || !there {
		return all, err // of an older schema version
	}
	err := a.kept.each("SELECT r.number, r.issued, r.signer, r.seq, s.event FROM revocation_lists r JOIN events s ON s.seq = r.seq ORDER BY r.number", nil, func(rows *sql.Rows) error {
		var number uint64
		var issued unixTime
		var signer string
		var seq int64
		var leaf []byte
		if err := rows.Scan(&number, &issued, &signer, &seq, &leaf); err != nil {
			return err
		}
		row := fmt.Sprint(number)
		p, err := publishedIn(leaf)
		if err != nil {
			a.report.add("revocation_lists", row, "", "%v", err)
			return nil
		}
		list, err := v.OpenRevocationList([]byte(format.EncodeText(format.RevocationFile, p.File)))
		switch {
		case err != nil:
			a.report.add("revocation_lists", row, "", "the list does not verify: %v", err)
			return nil
		case list.Number != number, list.Signer != signer, !list.Issued().Equal(time.Time(issued)), list.Issuer != cmp.Or(a.vendor, a.kept.l.vendor):
			a.report.add("revocation_lists", row, "", "the list says number %d of %s, issued on %s, signed by %q, and the record differs",
				list.Number, list.Issuer, list.Issued().Format(time.RFC3339), list.Signer)
		}
		if text := a.judgeList(list, seq); text != "" {
			a.report.add("revocation_lists", row, "", "%s", text)
		}
		all[number] = list
		return nil
	})
	return all, err
}

// judgeList returns what is wrong with a list that was recorded by an event, empty for
// nothing: no licensor records such a list, and servers take it.
func (a *audit) judgeList(list *verify.RevocationList, seq int64) string {
	file, err := format.ParseList(list.Raw)
	if err != nil {
		return err.Error()
	}
	for _, k := range a.revoked {
		if file.RawDelegation != nil && (k.Lists || k.Root) && seq > k.seq {
			return fmt.Sprintf("the list is signed by the delegated key %q, and was recorded after the key %q was revoked, by event %d: from then on a root signs revocation lists", list.Signer, k.Name, k.seq)
		}
		if i, found := findKey(list.Keys, k.thumbprint); found && !bytes.Equal(joinSet(list.Keys[i].Keep), joinSet(k.keep)) {
			return fmt.Sprintf("of the key %q the list keeps %d licenses or delegations, and those on record are %d others", k.Name, list.Keys[i].Keep.Len(), k.keep.Len())
		}
	}
	return ""
}
