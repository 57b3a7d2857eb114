package store

import (
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
	"github.com/offlicense/offlicense/format"
)

// Filter says which entitlements a list shows: those that fit all that is given. The
// zero value shows all.
type Filter struct {
	Invoice  string
	Customer string
	Email    string
	Host     string // of an activation; others are not shown
	Product  string
	Type     string
	Seller   string // the operator who sold it
	Active   bool   // with an activation
	Ended    bool   // show activations, too, that have left their seats

	// How these are compared; the zero value is exactly.
	InvoiceMatch, CustomerMatch, EmailMatch, HostMatch Match

	// EndsBy shows those that end, or whose updates do, after EndsAfter and by then, and
	// were not canceled.
	EndsAfter, EndsBy time.Time

	// Most shows no more than so many, of those whose invoices come behind After: the next page
	// of a list that is read piece by piece. 0 shows all.
	Most  int
	After string

	// What a page asks for.
	State     ledger.Status // of a sale, at Now
	Now       time.Time
	SalesOnly bool      // without activations
	invoices  *[]string // these, as they are on record
}

func (f Filter) where() (condition string, args []any) {
	c := conditions{parts: []string{"1 = 1"}}
	for i := range searchables {
		s := &searchables[i]
		if *s.text(&f) == "" {
			continue
		}
		condition, values := s.condition(&f)
		c.add(s.of(condition), values...)
	}
	for _, column := range [...]struct{ name, value string }{{"product", f.Product}, {"type", f.Type}, {"seller", f.Seller}} {
		if column.value != "" {
			c.add("e."+column.name+" = ?", column.value)
		}
	}
	if f.Active {
		c.add("e.seats_used > 0")
	}
	if !f.EndsBy.IsZero() {
		after, by := max(ledger.Seconds(f.EndsAfter), 0), f.EndsBy.Unix()
		c.add("e.standing <> 'canceled' AND (e.expires > ? AND e.expires <= ? OR e.updates > ? AND e.updates <= ?)", after, by, after, by)
	}
	if f.After != "" {
		c.add("e.invoice > ?", f.After)
	}
	if f.invoices != nil {
		condition, args := inInvoices(*f.invoices)
		c.add(condition, args...)
	}
	return c.text(), c.args
}

// List returns entitlements in the order of their invoices, with their activations,
// the oldest first.
func (t *Tx) List(filter Filter) ([]ledger.Holding, error) {
	var holdings []ledger.Holding
	condition, args := filter.where()
	at := make(map[string]int)
	query := "SELECT " + soldColumns + ", e.seats_used FROM " + soldTables + " WHERE " + condition + " ORDER BY e.invoice"
	if filter.Most > 0 {
		query += " LIMIT " + strconv.Itoa(filter.Most)
	}
	err := t.tx.Rows(query, args, func(scan func(...any) error) error {
		var used uint64
		e, err := scanSold(scan, &used)
		if err == nil {
			at[e.Invoice] = len(holdings)
			h := ledger.Holding{Entitlement: *e, SeatsUsed: used}
			if filter.Host == "" {
				h.Activations = make([]ledger.Held, 0, min(used, 1<<10))
			}
			holdings = append(holdings, h)
		}
		return err
	})
	if err != nil || len(holdings) == 0 {
		return nil, err
	}
	if filter.Most > 0 || len(holdings) <= database.MostRows { // what was searched for once is not searched for again
		invoices := make([]string, len(holdings))
		for i := range holdings {
			invoices[i] = holdings[i].Invoice
		}
		condition, args = inInvoices(invoices)
		condition = numbered(condition, 1)
	}
	if slices.ContainsFunc(holdings, func(h ledger.Holding) bool { return h.Type == ledger.TypeFailover }) { // of no other type are days sold
		err = t.tx.Rows("SELECT a.invoice, a.ended, a.emergency_days FROM entitlements e JOIN activations a ON a.invoice = e.invoice WHERE a.emergency_days > 0 AND "+condition,
			args, database.Columns3(func(invoice string, ended database.Time, days uint64) {
				if h := &holdings[at[invoice]]; !time.Time(ended).Before(h.EmergencyFrom) {
					h.DaysUsed += min(days, 1<<32) // sites report what they like
				}
			}))
	}
	if err != nil {
		return nil, err
	}
	err = t.tx.Rows("SELECT d.invoice, m.address FROM entitlements e JOIN addresses d ON d.invoice = e.invoice JOIN emails m ON m.account = d.account WHERE "+condition+" ORDER BY m.owner",
		args, database.Columns(func(invoice, email string) {
			h := &holdings[at[invoice]]
			h.MoreEmails = append(h.MoreEmails, email)
		}))
	if err != nil || filter.SalesOnly {
		return holdings, err
	}
	if filter.Host != "" {
		host, values := searchables[hostText].condition(&filter)
		condition += " AND " + numbered(host, len(args)+1)
		args = append(args, values...)
	}
	note := func(invoice string, h ledger.Held) {
		holdings[at[invoice]].Activations = append(holdings[at[invoice]].Activations, h)
	}
	err = t.eachHeld("a.state IN ('active', 'bridge') AND "+condition+" ORDER BY a.invoice, a.since, a.id", args, note)
	if err == nil && filter.Ended {
		err = t.eachHeld("a.ended > 0 AND "+condition+" ORDER BY a.invoice, a.ended, a.id", args, note)
	}
	return holdings, err
}

// inInvoices is the condition that an entitlement is one of some.
func inInvoices(invoices []string) (condition string, args []any) {
	args = anys(invoices)
	for len(args) > 1 && len(args) < database.MostRows { // as in asked
		args = append(args, args[0])
	}
	return "e.invoice IN (" + strings.TrimSuffix(strings.Repeat("?, ", len(args)), ", ") + ")", args
}

// eachHeld calls f for activations with their invoices.
func (t *Tx) eachHeld(condition string, args []any, f func(invoice string, h ledger.Held)) error {
	r := newCells(17)
	return t.tx.Rows(`SELECT a.invoice, a.id, a.state, a.machine_key, a.site, a.host, a.since, a.ended, l.id, l.epoch, l.issued, l.hard_end, l.signed_by,
		COALESCE(r.since, 0), CASE WHEN m.state = 'waiting' THEN 1 ELSE 0 END, COALESCE(m.until, 0), l.request_hash
		FROM entitlements e JOIN activations a ON a.invoice = e.invoice JOIN licenses l ON l.id = a.license
		LEFT JOIN revocations r ON r.license = l.id LEFT JOIN moves m ON m.successor = a.id
		WHERE `+condition, args, func(scan func(...any) error) error {
		if err := r.scan(scan); err != nil {
			return err
		}
		invoice := r.text()
		h := ledger.Held{Activation: ledger.Activation{ID: r.text(), State: ledger.State(r.text()), MachineKey: r.bytes(), Site: r.text(), Host: r.text(), Since: r.time()}}
		h.Ended = r.time()
		h.License = &ledger.License{ID: r.id(), Activation: h.ID, Epoch: uint64(r.number()), Issued: r.time(), HardEnd: r.time(), SignedBy: r.text()}
		h.Revoked = r.time()
		waits := r.number() != 0
		h.Until = r.time()
		if hash := r.bytes(); len(hash) == sha256.Size {
			h.Code = format.ComparisonCode([sha256.Size]byte(hash))
		}
		if waits {
			h.Waits = h.Code
		}
		f(invoice, h)
		return r.err
	})
}

// Accounts returns the commitments to an e-mail address, however it was typed.
func (t *Tx) Accounts(email string) (all [][]byte, err error) {
	err = t.tx.Rows("SELECT account FROM emails WHERE owner = $1 ORDER BY account", []any{ledger.AccountKey(email)}, database.Values(&all))
	return all, err
}

// Partners returns the customers who are partners.
func (t *Tx) Partners() (ledger.Partners, error) {
	all := make(ledger.Partners)
	err := t.tx.Rows("SELECT name FROM customers WHERE partner <> 0", nil, database.Column(func(name string) { all[name] = true }))
	return all, err
}
