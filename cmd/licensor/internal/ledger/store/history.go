package store

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// EventFilter says which events are wanted: those that fit all that is given. The zero
// value wants all.
type EventFilter struct {
	Of       string // an invoice or an activation
	Customer string // a customer, in whatever case and spacing, with all that was sold to it
	Operator string
	Signer   Signer // whose key has signed
	Actions  []ledger.Action
	Since    time.Time // zero: from the first on
	Before   time.Time // zero: to the last
	Most     int       // the newest so many; 0: all
}

// Signer names a key: by its name alone, which another key may have had before, or with
// its bytes. The zero value names none.
type Signer struct {
	Name string // a root has its fingerprint
	Key  []byte
}

// condition asks for what the key has signed, of a table l.
func (s Signer) condition() (condition string, args []any) {
	if s.Key != nil {
		return "(l.signer_key = ? OR l.signed_by = ?)", []any{s.Key, s.Name}
	}
	return "l.signed_by = ?", []any{s.Name}
}

// Past are events, the oldest first.
type Past struct {
	Events []*ledger.Event
	Sold   map[string]*ledger.Entitlement // by invoice, as it was before the first of these events
	More   bool                           // there are earlier ones
}

// History returns the events of an invoice or of an activation, the oldest first; those
// that are of neither for ""; none for what the ledger does not know.
func (t *Tx) History(invoiceOrActivation string) ([]*ledger.Event, error) {
	if invoiceOrActivation == "" {
		return t.events("events s WHERE s.invoice = '' AND s.action <> 'sign'", nil, "s.seq", 0)
	}
	past, err := t.Past(EventFilter{Of: invoiceOrActivation})
	if err != nil {
		return nil, err
	}
	return past.Events, nil
}

// Past returns the events that a filter wants.
func (t *Tx) Past(f EventFilter) (*Past, error) {
	all, err := t.past(f)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b *ledger.Event) int { return cmp.Compare(a.Seq, b.Seq) })
	all = slices.CompactFunc(all, func(a, b *ledger.Event) bool { return a.Seq == b.Seq })
	past := &Past{Events: all, Sold: make(map[string]*ledger.Entitlement)}
	if f.Most > 0 && len(all) > f.Most {
		past.Events, past.More = all[len(all)-f.Most:], true
	}
	return past, t.soldBefore(past)
}

func (t *Tx) past(f EventFilter) ([]*ledger.Event, error) {
	c := conditions{parts: []string{"1 = 1"}}
	if f.Operator != "" {
		c.add("s.operator = ?", f.Operator)
	}
	if len(f.Actions) > 0 {
		c.actions(f.Actions)
	}
	if err := t.between(&c, f.Since, f.Before); err != nil {
		return nil, err
	}
	most := 0
	if f.Most > 0 {
		most = f.Most + 1 // one more says that there are more
	}
	switch {
	case f.Of != "":
		c.signed(f.Signer)
		var all []*ledger.Event
		numbers, moved, err := t.numbers(f.Of)
		if err != nil {
			return nil, err
		}
		for _, n := range numbers {
			some, err := t.sought("events s", c.and("s.invoice = ? AND s.seq > ? AND s.seq < ?", n.invoice, n.after, n.before), "s.seq", most)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
		for _, e := range moved {
			some, err := t.sought("events s", c.and("s.seq = ?", e), "s.seq", 0)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
		if len(all) == 0 {
			return t.sought("events s", c.and("s.activation = ? AND s.activation <> ''", f.Of), "s.seq", most)
		}
		for _, n := range numbers {
			ofWhom, err := t.forgotten(c, "events o WHERE o.invoice = $1", n.invoice)
			if err != nil {
				return nil, err
			}
			all = append(all, ofWhom...)
		}
		return all, nil
	case f.Customer != "":
		c.signed(f.Signer)
		key := ledger.CustomerKey(f.Customer)
		all, err := t.sought("entitlements e JOIN events s ON s.invoice = e.invoice", c.and("e.customer = ?", key), "s.seq", most)
		if err != nil {
			return nil, err
		}
		own, err := t.sought("events s", c.and("s.invoice = '' AND s.action <> 'sign'"), "s.seq", 0)
		if err != nil {
			return nil, err
		}
		for _, e := range own {
			if e.OfCustomer(key) {
				all = append(all, e)
			}
		}
		ofWhom, err := t.forgotten(c, "entitlements e JOIN events o ON o.invoice = e.invoice WHERE e.customer = $1", key)
		return append(all, ofWhom...), err
	case f.Signer.Name != "":
		condition, args := f.Signer.condition()
		all, err := t.sought("licenses l JOIN events s ON s.seq = l.seq", c.and(condition, args...), "l.seq", most)
		if err != nil {
			return nil, err
		}
		lists, err := t.sought("revocation_lists l JOIN events s ON s.seq = l.seq", c.and(condition, args...), "l.seq", most)
		return append(all, lists...), err
	}
	return t.sought("events s", c, "s.seq", most)
}

// forgotten returns the events that have removed e-mail addresses of given events: they
// are of no invoice, for an address may be that of many.
func (t *Tx) forgotten(c conditions, of, value string) ([]*ledger.Event, error) {
	all, err := t.sought("events s", c.and("s.action = 'forget' AND s.action <> 'sign'"), "s.seq", 0)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	accounts := make(map[string]bool)
	sold, err := t.events(of+" AND o.action <> 'sign'", []any{value}, "o.seq", 0)
	if err != nil {
		return nil, err
	}
	for _, e := range sold {
		switch d := e.Detail.(type) {
		case *ledger.Entitlement:
			accounts[string(d.Account)] = true
		case ledger.Addressed:
			accounts[string(d.Account)] = true
		}
	}
	return slices.DeleteFunc(all, func(e *ledger.Event) bool {
		gone, _ := e.Detail.(ledger.Forgotten)
		return !slices.ContainsFunc(gone.Accounts, func(account []byte) bool { return accounts[string(account)] })
	}), nil
}

// soldBefore finds what was sold before the first of some events, so that it can be said
// what they have changed.
func (t *Tx) soldBefore(past *Past) error {
	seen := make(map[string]bool)
	for _, e := range past.Events {
		if _, is := e.Detail.(*ledger.Entitlement); !is || seen[e.Invoice] {
			continue
		}
		seen[e.Invoice] = true
		if e.Action == ledger.ActionEntitle {
			continue
		}
		earlier, err := t.events("events o WHERE o.invoice = $1 AND o.seq < $2 AND o.action <> 'sign'", []any{e.Invoice, e.Seq}, "o.seq", 0)
		if err != nil {
			return err
		}
		for _, o := range earlier {
			if sold, is := o.Detail.(*ledger.Entitlement); is {
				past.Sold[e.Invoice] = sold
			}
		}
	}
	return nil
}

// conditions are what a statement asks. Each ? is the place of a value.
type conditions struct {
	parts []string
	args  []any
}

func (c *conditions) add(condition string, args ...any) {
	c.parts, c.args = append(c.parts, condition), append(c.args, args...)
}

// text has the numbers of the places.
func (c *conditions) text() string { return numbered(strings.Join(c.parts, " AND "), 1) }

// and returns the conditions with one more.
func (c conditions) and(condition string, args ...any) conditions {
	c.parts, c.args = slices.Clone(c.parts), slices.Clone(c.args)
	c.add(condition, args...)
	return c
}

// actions asks for some actions. An index knows all but the one of most events.
func (c *conditions) actions(all []ledger.Action) {
	places := strings.TrimSuffix(strings.Repeat("?, ", len(all)), ", ")
	condition := "s.action IN (" + places + ")"
	if !slices.Contains(all, ledger.ActionSign) {
		condition += " AND s.action <> 'sign'"
	}
	args := make([]any, len(all))
	for i, action := range all {
		args[i] = string(action)
	}
	c.add(condition, args...)
}

// signed asks for what a key has signed.
func (c *conditions) signed(by Signer) {
	if by.Name == "" {
		return
	}
	condition, args := by.condition()
	c.add("(s.seq IN (SELECT l.seq FROM licenses l WHERE "+condition+") OR s.seq IN (SELECT l.seq FROM revocation_lists l WHERE "+condition+"))", append(args, args...)...)
}

// between asks for events of a time.
func (t *Tx) between(c *conditions, since, before time.Time) error {
	first, end, err := t.seqsBetween(since, before)
	if !since.IsZero() {
		c.add("s.seq >= ?", first)
	}
	if !before.IsZero() {
		c.add("s.seq < ?", end)
	}
	return err
}

func (t *Tx) sought(from string, c conditions, order string, most int) ([]*ledger.Event, error) {
	return t.events(from+" WHERE "+c.text(), c.args, order, most)
}

// events returns the newest events of a statement, the oldest of them first; with most 0
// it returns all. The column that orders them is that of the table that the events are
// found by.
func (t *Tx) events(from string, args []any, order string, most int) (all []*ledger.Event, err error) {
	table, _, _ := strings.Cut(order, ".")
	if table == "l" {
		table = "s"
	}
	query := fmt.Sprintf("SELECT %s.event FROM %s ORDER BY %s DESC", table, from, order)
	if most > 0 {
		query += " LIMIT " + strconv.Itoa(most)
	}
	err = t.tx.Rows(query, args, parsed(func(e *ledger.Event) { all = append(all, e) }))
	slices.Reverse(all)
	return all, err
}

// parsed calls f with the event that is the only column of each row.
func parsed(f func(e *ledger.Event)) func(func(...any) error) error {
	return func(scan func(...any) error) error {
		var leaf []byte
		if err := scan(&leaf); err != nil {
			return err
		}
		e, err := ledger.ParseEvent(leaf)
		if err != nil {
			return ledger.Damaged("%v", err)
		}
		f(e)
		return nil
	}
}
