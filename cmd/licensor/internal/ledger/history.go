package ledger

import (
	"context"
	"database/sql"
)

// History returns the events of an invoice or of an activation, the oldest first; none
// for what the ledger does not know.
func (l *Ledger) History(ctx context.Context, invoiceOrActivation string) ([]*Event, error) {
	var events []*Event
	err := l.read(ctx, func(t *transaction) error {
		for _, condition := range [...]string{
			"invoice = $1",
			"activation = $1 AND activation <> ''", // as the index says it
		} {
			err := t.each("SELECT event FROM events WHERE "+condition+" ORDER BY seq", []any{invoiceOrActivation}, func(rows *sql.Rows) error {
				var leaf []byte
				if err := rows.Scan(&leaf); err != nil {
					return err
				}
				e, err := parseEvent(leaf)
				if err != nil {
					return damaged("%v", err)
				}
				events = append(events, e)
				return nil
			})
			if err != nil || len(events) > 0 {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return events, nil
}
