package ledger

import (
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
	err := a.kept.each("SELECT r.number, r.issued, r.signer, s.event FROM revocation_lists r JOIN events s ON s.seq = r.seq ORDER BY r.number", nil, func(rows *sql.Rows) error {
		var number uint64
		var issued unixTime
		var signer string
		var leaf []byte
		if err := rows.Scan(&number, &issued, &signer, &leaf); err != nil {
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
		all[number] = list
		return nil
	})
	return all, err
}
