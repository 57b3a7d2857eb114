package store

import (
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// Known is a kind of names that staff may misspell.
type Known struct{ Name, column, table string }

// The kinds.
var (
	KnownInvoices  = Known{"invoice", "invoice", "entitlements"}
	KnownCustomers = Known{"customer", "customer", "entitlements"}
	KnownProducts  = Known{"product", "product", "entitlements"}
	KnownSellers   = Known{"seller", "seller", "entitlements"}
	KnownOperators = Known{"operator", "operator", "events"}
	KnownActions   = Known{"action", "action", "events"}
	KnownSigners   = Known{"key", "signed_by", "licenses"}
)

// Nearest returns for each word the name on record that it was most likely meant to be, ""
// for none. It looks at all of them, once for all words: it is for a message that somebody
// reads, and not for a rule.
func (t *Tx) Nearest(of Known, words ...string) ([]string, error) {
	search := make([]*text.NearestName, len(words))
	for i, word := range words {
		if of == KnownCustomers {
			word = ledger.CustomerKey(word)
		}
		search[i] = text.NewNearest(word)
	}
	err := t.each("SELECT DISTINCT "+of.column+" FROM "+of.table, nil, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		for _, s := range search {
			s.Consider(name)
		}
		return err
	})
	names := make([]string, len(words))
	for i, s := range search {
		names[i] = s.Name
	}
	return names, err
}
