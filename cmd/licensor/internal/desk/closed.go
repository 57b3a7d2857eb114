package desk

import (
	"context"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// maxClosed is how many invoices are kept that got too many wrong claims. Whoever claims more
// of them in an hour finds the others open once the service starts again.
const maxClosed = 10_000

// KeepClosed keeps which invoices got too many wrong claims, known or not, each until some time.
func (d *Desk) KeepClosed(ctx context.Context, until map[string]time.Time, now time.Time) error {
	return d.db.Write(ctx, func(t *database.Tx) error {
		if _, err := t.Exec("DELETE FROM {in}closed WHERE until <= $1", now.Unix()); err != nil {
			return err
		}
		var n int
		if _, err := t.Row("SELECT count(*) FROM {in}closed", nil, &n); err != nil {
			return err
		}
		for invoice, until := range until {
			if n++; n > maxClosed {
				break
			}
			if _, err := t.Exec("INSERT INTO {in}closed (invoice, until) VALUES ($1, $2) ON CONFLICT (invoice) DO UPDATE SET until = excluded.until", invoice, until.Unix()); err != nil {
				return err
			}
		}
		return nil
	})
}

// Closed returns which invoices got too many wrong claims, each until when.
func (d *Desk) Closed(ctx context.Context, now time.Time) (map[string]time.Time, error) {
	closed := make(map[string]time.Time)
	err := d.db.Read(ctx, func(t *database.Tx) error {
		return t.Rows("SELECT invoice, until FROM {in}closed WHERE until > $1", []any{now.Unix()}, func(scan func(...any) error) error {
			var invoice string
			var until int64
			err := scan(&invoice, &until)
			closed[invoice] = time.Unix(until, 0)
			return err
		})
	})
	return closed, err
}
