package ledger

import (
	"context"
	"database/sql"
	"slices"
)

// Partners are the customers who are partners.
type Partners map[string]bool

// Has reports whether a customer, in whatever case and spacing, is a partner.
func (p Partners) Has(customer string) bool { return p[customerKey(customer)] }

// Partners returns the customers who are partners now.
func (l *Ledger) Partners(ctx context.Context) (Partners, error) {
	all := make(Partners)
	err := l.read(ctx, func(t *transaction) error {
		return t.each("SELECT name FROM customers WHERE partner <> 0", nil, func(rows *sql.Rows) error {
			var name string
			err := rows.Scan(&name)
			all[name] = true
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// CustomerHistory returns what was recorded of a customer as such, the oldest first.
func (l *Ledger) CustomerHistory(ctx context.Context, name string) ([]*Event, error) {
	events, err := l.History(ctx, "") // those that are of no invoice
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(events, func(e *Event) bool {
		c, ok := e.Detail.(Customer)
		return !ok || customerKey(c.Name) != customerKey(name)
	}), nil
}
