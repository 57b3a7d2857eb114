package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Filter says which entitlements a list shows: those that fit all that is given. The
// zero value shows all.
type Filter struct {
	Invoice  string
	Customer string // in whatever case and spacing
	Product  string
	Active   bool // with an activation

	// ExpiresBefore shows those that end before then and have not ended by Now.
	ExpiresBefore time.Time
	Now           time.Time
}

func (f Filter) where() (condition string, args []any) {
	var all []string
	add := func(condition string, values ...any) {
		for _, value := range values {
			args = append(args, value)
			condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		all = append(all, condition)
	}
	if f.Invoice != "" {
		add("e.invoice = ?", f.Invoice)
	}
	if f.Customer != "" {
		add("e.customer = ?", customerKey(f.Customer))
	}
	if f.Product != "" {
		add("e.product = ?", f.Product)
	}
	if f.Active {
		add("e.seats_used > 0")
	}
	if !f.ExpiresBefore.IsZero() {
		add("e.expires > 0 AND e.expires >= ? AND e.expires < ?", seconds(f.Now), f.ExpiresBefore.Unix())
	}
	if len(all) == 0 {
		return "1 = 1", nil
	}
	return strings.Join(all, " AND "), args
}

// Holding is an entitlement with who uses it.
type Holding struct {
	Entitlement
	Usage
	Activations []Held `json:"activations"`
}

// Held is an activation that is active or a bridge, with its newest license, which
// here comes without its request and its file.
type Held struct {
	Activation
	License *License
}

// List returns entitlements in the order of their invoices, with their activations,
// the oldest first.
func (l *Ledger) List(ctx context.Context, filter Filter) ([]Holding, error) {
	var holdings []Holding
	err := l.read(ctx, func(t *transaction) error {
		condition, args := filter.where()
		query := "SELECT " + entitlementColumns + " FROM entitlements e WHERE " + condition + " ORDER BY e.invoice"
		at := make(map[string]int)
		err := t.each(query, args, func(rows *sql.Rows) error {
			e, u, err := scanEntitlement(rows)
			if err != nil {
				return err
			}
			at[e.Invoice] = len(holdings)
			holdings = append(holdings, Holding{Entitlement: *e, Usage: *u})
			return nil
		})
		if err != nil {
			return err
		}
		return t.held(condition, args, func(invoice string, h Held) {
			i := at[invoice]
			holdings[i].Activations = append(holdings[i].Activations, h)
		})
	})
	if err != nil {
		return nil, err
	}
	return holdings, nil
}

// held returns the activations of those entitlements that a condition on e selects.
func (t *transaction) held(condition string, args []any, f func(invoice string, h Held)) error {
	query := "SELECT " + activationColumns + `, l.id, l.epoch, l.issued, l.expires, l.signer
		FROM entitlements e JOIN activations a ON a.invoice = e.invoice JOIN licenses l ON l.id = a.license
		WHERE a.state IN ('active', 'bridge') AND ` + condition + " ORDER BY a.invoice, a.since, a.id"
	return t.each(query, args, func(rows *sql.Rows) error {
		var r activationRow
		l := new(License)
		if err := rows.Scan(append(r.fields(), (*idText)(&l.ID), &l.Epoch, (*unixTime)(&l.Issued), (*unixTime)(&l.Expires), &l.Signer)...); err != nil {
			return err
		}
		l.Activation = r.ID
		f(r.invoice, Held{r.Activation, l})
		return nil
	})
}
