package store

import (
	"encoding/json"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// Products returns all products, by name.
func (t *Tx) Products() (map[string]*ledger.Product, error) {
	all := make(map[string]*ledger.Product)
	err := t.tx.Rows("SELECT name, product FROM products", nil, func(scan func(...any) error) error {
		var name, text string
		if err := scan(&name, &text); err != nil {
			return err
		}
		p := new(ledger.Product)
		if err := json.Unmarshal([]byte(text), p); err != nil {
			return ledger.Damaged("product %.64q: %v", name, err)
		}
		all[name] = p
		return nil
	})
	return all, err
}

// SalesUpTo returns how many entitlements there are, and stops counting at most.
func (t *Tx) SalesUpTo(most int64) (n int64, err error) {
	_, err = t.tx.Row("SELECT COUNT(*) FROM (SELECT 1 FROM entitlements LIMIT $1) AS counted", []any{most}, &n)
	return n, err
}
