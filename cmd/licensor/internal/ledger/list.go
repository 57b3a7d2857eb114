package ledger

import (
	"context"
	"database/sql"
)

// Filter says which entitlements a list shows. The zero value shows all.
type Filter struct {
	Invoice string // this one alone
}

// Holding is an entitlement with who uses it.
type Holding struct {
	Entitlement
	Activations []Held `json:"activations"`
}

// Held is an activation with its newest license.
type Held struct {
	Activation
	License *License
}

// List returns entitlements in the order of their invoices.
func (l *Ledger) List(ctx context.Context, filter Filter) ([]Holding, error) {
	holdings, err := l.list(ctx, filter)
	return holdings, l.explain(err)
}

func (l *Ledger) list(ctx context.Context, filter Filter) ([]Holding, error) {
	tx, err := l.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	rows, err := tx.QueryContext(ctx, "SELECT "+entitlementColumns+" FROM entitlements WHERE $1 = '' OR invoice = $1 ORDER BY invoice", filter.Invoice)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var holdings []Holding
	for rows.Next() {
		e, err := scanEntitlement(rows)
		if err != nil {
			return nil, err
		}
		holdings = append(holdings, Holding{Entitlement: *e})
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for i := range holdings {
		h := &holdings[i]
		if h.Activations, err = held(ctx, tx, h.Invoice); err != nil {
			return nil, err
		}
	}
	return holdings, nil
}

func held(ctx context.Context, q querier, invoice string) ([]Held, error) {
	used, err := activations(ctx, q, invoice)
	if err != nil {
		return nil, err
	}
	all := make([]Held, 0, len(used))
	for _, a := range used {
		license, err := scanLicense(q.QueryRowContext(ctx, "SELECT "+licenseColumns+
			" FROM licenses WHERE activation = $1 ORDER BY epoch DESC LIMIT 1", a.ID))
		if err != nil {
			return nil, err
		}
		all = append(all, Held{*a, license})
	}
	return all, nil
}
