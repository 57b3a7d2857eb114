package store

import (
	"fmt"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// Months counts the month of a time, so many before it and so many after it. It reads all
// activations, so that it is for who has time.
func (t *Tx) Months(now time.Time, back, ahead int) ([]ledger.Month, error) {
	months := make([]ledger.Month, back+1+ahead)
	this := time.Date(now.UTC().Year(), now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	for i := range months {
		months[i].Begin = this.AddDate(0, i-back, 0)
	}
	end := func(i int) time.Time { return months[i].Begin.AddDate(0, 1, 0) }

	for i := range months[:back+1] {
		first, last, err := t.seqsBetween(months[i].Begin, end(i))
		if err != nil {
			return nil, err
		}
		if _, err := t.tx.Row("SELECT COUNT(*) FROM events WHERE action = 'entitle' AND action <> 'sign' AND seq >= $1 AND seq < $2", []any{first, last}, &months[i].Sold); err != nil {
			return nil, err
		}
	}

	err := t.tx.Rows("SELECT expires, COUNT(*) FROM entitlements WHERE standing <> 'canceled' AND expires > $1 AND expires <= $2 GROUP BY expires",
		[]any{months[0].Begin.Unix(), end(back + ahead).Unix()}, database.Columns(func(expires int64, n uint64) {
			// The end is the first second that is not covered.
			last := ledger.TimeOf(expires - 1).UTC()
			i := back + (last.Year()-this.Year())*12 + int(last.Month()) - int(this.Month())
			if 0 <= i && i < len(months) {
				months[i].Ending += n
			}
		}))
	if err != nil {
		return nil, err
	}

	var sums []string
	var args, into []any
	for i := range months {
		at := end(i)
		if i == back {
			at = now
		}
		args, into = append(args, at.Unix()), append(into, &months[i].Active)
		sums = append(sums, fmt.Sprintf("COALESCE(SUM(CASE WHEN a.since <= $%[1]d AND (a.ended = 0 OR a.ended > $%[1]d) AND (e.hard_end = 0 OR e.hard_end > $%[1]d) THEN 1 ELSE 0 END), 0)", i+1))
	}
	_, err = t.tx.Row("SELECT "+strings.Join(sums, ", ")+" FROM activations a JOIN entitlements e ON e.invoice = a.invoice WHERE e.standing <> 'canceled'", args, into...)
	return months, err
}
