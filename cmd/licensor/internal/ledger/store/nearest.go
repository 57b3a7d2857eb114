package store

import (
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// Known is a column of names that staff may misspell.
type Known string

// The columns.
const (
	KnownInvoices  Known = "invoice"
	KnownCustomers Known = "customer"
	KnownProducts  Known = "product"
	KnownSellers   Known = "seller"
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
	err := t.each("SELECT DISTINCT "+string(of)+" FROM entitlements", nil, func(scan func(...any) error) error {
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
