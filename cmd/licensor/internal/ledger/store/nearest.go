package store

import (
	"encoding/json"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
	"github.com/offlicense/offlicense/verify"
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
	err := t.tx.Rows("SELECT DISTINCT "+of.column+" FROM "+of.table, nil, database.Column(func(name string) {
		for _, s := range search {
			s.Consider(name)
		}
	}))
	names := make([]string, len(words))
	for i, s := range search {
		names[i] = s.Name
		if of == KnownCustomers && err == nil && s.Name != "" {
			names[i], err = t.written(s.Name)
		}
	}
	return names, err
}

// written returns the name of a customer as it was written, by what it is found by.
func (t *Tx) written(customer string) (string, error) {
	var sold []byte
	if _, err := t.tx.Row("SELECT sold FROM entitlements WHERE customer = $1 LIMIT 1", []any{customer}, &sold); err != nil {
		return "", err
	}
	return customerIn(sold)
}

// customerIn returns the name of the customer in what was sold.
func customerIn(sold []byte) (string, error) {
	var e struct{ Customer string }
	if err := json.Unmarshal(sold, &e); err != nil {
		return "", ledger.Damaged("what was sold: %v", err)
	}
	return strings.Join(strings.Fields(e.Customer), " "), nil
}

// Meant is what an invoice or an e-mail address in a request was most likely meant to be.
type Meant struct {
	Near  string // the invoice nearest to that of the request
	Fits  string // likewise, of those that were sold to the address of the request
	Other string // another invoice of the customer, sold to that address
}

// Meant looks for what requests were meant to say that make no claim on record. It looks
// at all sales, once for all requests: it is for a message that somebody reads, and not
// for a rule.
func (t *Tx) Meant(requests []*verify.Request) ([]Meant, error) {
	type search struct {
		*verify.Request
		near, fits *text.NearestName
		customer   string
		other      string
		forgotten  bool // the address of the invoice was removed: nothing is misspelled
	}
	all := make([]*search, len(requests))
	for i, q := range requests {
		all[i] = &search{Request: q, near: text.NewNearest(ledger.Plain(q.Invoice)), fits: text.NewNearest(ledger.Plain(q.Invoice))}
		if _, err := t.tx.Row("SELECT customer, CASE WHEN account IS NULL THEN 1 ELSE 0 END FROM entitlements WHERE invoice = $1", []any{q.Invoice}, &all[i].customer, &all[i].forgotten); err != nil {
			return nil, err
		}
	}
	err := t.tx.Rows("SELECT e.invoice, e.customer, COALESCE(m.address, '') FROM "+soldTables+" ORDER BY e.invoice", nil, database.Columns3(func(invoice, customer, address string) {
		for _, s := range all {
			sold := s.customer == customer && s.other == ""
			if s.forgotten || invoice == s.Invoice || !sold && !s.near.Near(invoice) {
				continue
			}
			s.near.Consider(invoice)
			if address == "" || !ledger.Claimed(s.Invoice, address, s.Account) {
				continue
			}
			s.fits.Consider(invoice)
			if sold {
				s.other = invoice
			}
		}
	}))
	meant := make([]Meant, len(all))
	for i, s := range all {
		meant[i] = Meant{s.near.Name, s.fits.Name, s.other}
	}
	return meant, err
}
