package store

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Ask says what facts are about. They are found by request hash, machine key, id and
// invoice: never by all activations of an invoice.
type Ask struct {
	Requests    []*verify.Request
	Invoices    []string
	Seat        string // the invoice of which a seat is wanted without a request
	Activations []string
	Licenses    []format.ID
	Sales       []*ledger.Entitlement // about to be recorded
}

// Facts loads facts, with a few statements for a whole batch.
func (t *Tx) Facts(ask Ask) (*rules.Facts, error) {
	vendor, err := t.Vendor()
	if err != nil {
		return nil, err
	}
	l := &loader{t, rules.NewFacts(vendor)}
	if l.Facts.Size, l.Newest, l.Facts.Frozen, err = t.newest(); err != nil {
		return nil, err
	}
	for _, step := range []func(Ask) error{l.products, l.licenses, l.answers, l.sites, l.activations, l.sales, l.seats, l.buyers} {
		if err := step(ask); err != nil {
			return nil, err
		}
	}
	return l.Facts, nil
}

// loader loads facts step by step: what one step finds, a later one asks about.
type loader struct {
	*Tx
	*rules.Facts
}

const activationColumns = "a.id, a.invoice, a.state, a.machine_key, a.site, a.host, a.since, a.epoch"

func activationFields(a *rules.Activation) []any {
	return []any{&a.ID, &a.Invoice, &a.State, &a.MachineKey, &a.Site, &a.Host, (*database.Time)(&a.Since), &a.Epoch}
}

// products loads all products, where names are sold.
func (l *loader) products(ask Ask) (err error) {
	if len(ask.Sales) > 0 || ask.Seat != "" {
		l.Facts.Products, err = l.Tx.Products()
	}
	return err
}

// licenses loads the licenses that were asked for.
func (l *loader) licenses(ask Ask) error {
	var ids []any
	for _, id := range ask.Licenses {
		ids = append(ids, id.String())
	}
	return l.tx.RowsIn(licenseQuery+"l.id IN (%s)", ids, func(scan func(...any) error) error {
		license, err := scanLicense(scan)
		if err == nil {
			l.Licenses[license.ID] = license
			l.Activations[license.Activation] = nil
		}
		return err
	})
}

// answers loads what requests got before.
func (l *loader) answers(ask Ask) error {
	var hashes []any
	for _, q := range ask.Requests {
		hashes = append(hashes, q.Hash[:])
	}
	return l.tx.RowsIn("SELECT l.request_hash, s.event FROM licenses l JOIN events s ON s.seq = l.seq WHERE l.request_hash IN (%s) ORDER BY l.seq",
		hashes, func(scan func(...any) error) error {
			var hash, leaf []byte
			if err := scan(&hash, &leaf); err != nil {
				return err
			}
			license, err := ledger.LicenseIn(leaf)
			if err != nil {
				return err
			}
			if len(hash) != 32 {
				return ledger.Damaged("license %s: a request hash of %d bytes", license.ID, len(hash))
			}
			l.Answers[[32]byte(hash)] = &rules.Answer{License: license} // the newest comes last
			l.Activations[license.Activation] = nil
			return nil
		})
}

// sites loads who is active or a bridge by the machine keys of requests.
func (l *loader) sites(ask Ask) error {
	var all []any
	for _, q := range ask.Requests {
		all = append(all, q.Invoice, q.Key.Bytes())
	}
	return l.tx.RowsFor(`SELECT a.id FROM asked JOIN activations a ON a.invoice = asked.a AND a.machine_key = asked.b WHERE a.state IN ('active', 'bridge')`,
		2, all, database.Column(func(id string) { l.Activations[id] = nil }))
}

// activations loads the activations that were asked for or found so far, with the other
// sides of their moves.
func (l *loader) activations(ask Ask) error {
	for _, id := range ask.Activations {
		l.Activations[id] = nil
	}
	if err := l.load(slices.Sorted(maps.Keys(l.Activations))); err != nil {
		return err
	}
	others := make(map[string]bool)
	for _, a := range l.Activations {
		for _, m := range a.Moves {
			others[m.Successor] = l.Activations[m.Successor] == nil
		}
		if a.Bridge != nil {
			others[a.Bridge.From] = l.Activations[a.Bridge.From] == nil
		}
	}
	maps.DeleteFunc(others, func(_ string, missing bool) bool { return !missing })
	if err := l.load(slices.Sorted(maps.Keys(others))); err != nil {
		return err
	}
	for _, answer := range l.Answers {
		if answer.Activation = l.Activations[answer.License.Activation]; answer.Activation == nil {
			return ledger.Damaged("activation %.64q is missing", answer.License.Activation)
		}
	}
	for _, a := range l.Activations {
		if a.State == ledger.StateActive || a.State == ledger.StateBridge {
			l.Sites[rules.SiteKey{Invoice: a.Invoice, MachineKey: string(a.MachineKey)}] = a
		}
	}
	return nil
}

// load loads activations with their licenses and moves. Those that do not exist are not
// among the facts.
func (l *loader) load(ids []string) error {
	names := anys(ids)
	for _, id := range ids {
		delete(l.Activations, id)
	}
	err := l.tx.RowsIn("SELECT "+activationColumns+", s.seq, s.event FROM activations a JOIN licenses l ON l.id = a.license JOIN events s ON s.seq = l.seq WHERE a.id IN (%s)",
		names, func(scan func(...any) error) error {
			a := new(rules.Activation)
			var leaf []byte
			err := scan(append(activationFields(a), &a.Seq, &leaf)...)
			if err == nil {
				a.Newest, err = ledger.LicenseIn(leaf)
			}
			l.Activations[a.ID] = a
			return err
		})
	if err != nil {
		return err
	}
	err = l.tx.RowsIn(`SELECT l.activation, l.id, l.epoch, l.hard_end, l.need, l.named, COALESCE(r.since, 0), COALESCE(r.why, '')
		FROM licenses l LEFT JOIN revocations r ON r.license = l.id WHERE l.activation IN (%s) ORDER BY l.epoch`,
		names, func(scan func(...any) error) error {
			var id string
			var i rules.Issued
			var r ledger.Revocation
			var named []byte
			err := scan(&id, database.Text(&i.ID), &i.Epoch, (*database.Time)(&i.HardEnd), &i.Need, &named, (*database.Time)(&r.Since), &r.Why)
			if err != nil {
				return err
			}
			if err := json.Unmarshal(named, &i.Components); err != nil {
				return ledger.Damaged("the components of license %s: %v", i.ID, err)
			}
			if !r.Since.IsZero() {
				r.License, r.Activation = i.ID, id
				i.Revoked = &r
			}
			a := l.Activations[id]
			if a == nil {
				return ledger.Damaged("activation %.64q is missing", id)
			}
			a.Licenses = append(a.Licenses, i)
			return nil
		})
	if err != nil {
		return err
	}
	err = l.eachMove("activation IN (%s)", names, func(m rules.Move) {
		if a := l.Activations[m.From]; a != nil {
			a.Moves = append(a.Moves, m)
		}
	})
	if err != nil {
		return err
	}
	return l.eachMove("successor IN (%s)", names, func(m rules.Move) {
		if a := l.Activations[m.Successor]; a != nil {
			a.Bridge = &m
		}
	})
}

func (l *loader) eachMove(condition string, values []any, f func(rules.Move)) error {
	return l.tx.RowsIn("SELECT activation, successor, until, waits, state FROM moves WHERE "+condition+" ORDER BY until, successor", values, func(scan func(...any) error) error {
		var m rules.Move
		err := scan(&m.From, &m.Successor, (*database.Time)(&m.Until), &m.Waits, &m.State)
		f(m)
		return err
	})
}

// sales loads what was sold.
func (l *loader) sales(ask Ask) error {
	invoices := append(slices.Clone(ask.Invoices), ask.Seat)
	for _, q := range ask.Requests {
		invoices = append(invoices, q.Invoice)
	}
	for _, a := range l.Activations {
		invoices = append(invoices, a.Invoice)
	}
	for _, e := range ask.Sales {
		invoices = append(invoices, e.Invoice)
	}
	slices.Sort(invoices)
	named := anys(slices.Compact(invoices))
	err := l.tx.RowsIn("SELECT "+soldColumns+", e.seats_used, e.seats_peak FROM "+soldTables+" WHERE e.invoice IN (%s)", named, func(scan func(...any) error) error {
		s := new(rules.Sale)
		var err error
		s.Entitlement, err = scanSold(scan, &s.Used, &s.Peak)
		if err == nil {
			l.Sales[s.Invoice] = s
		}
		return err
	})
	if err != nil {
		return err
	}
	return l.tx.RowsIn("SELECT d.invoice, d.account, m.address FROM addresses d JOIN emails m ON m.account = d.account WHERE d.invoice IN (%s) ORDER BY d.account", named, database.Columns3(func(invoice string, account []byte, email string) {
		if s := l.Sales[invoice]; s != nil && !slices.ContainsFunc(s.More, func(m ledger.Address) bool { return bytes.Equal(m.Account, account) }) {
			s.More = append(s.More, ledger.Address{Account: account, Email: email})
		}
	}))
}

// Buyer adds what the rules ask of the buyer of a sale that is about to be changed.
func (t *Tx) Buyer(f *rules.Facts, after *ledger.Entitlement) error {
	// Of the same sale, only of an evaluation a new e-mail address is another buyer.
	if s := f.Sales[after.Invoice]; after.Type != ledger.TypeEvaluation && s != nil && s.Type == after.Type && s.Product == after.Product &&
		ledger.CustomerKey(s.Customer) == ledger.CustomerKey(after.Customer) {
		return nil
	}
	clear(f.Evaluations)
	return (&loader{t, f}).buyers(Ask{Sales: []*ledger.Entitlement{after}})
}

// Customers loads what was sold to customers, and who of them is a partner.
func (t *Tx) Customers(names ...string) (*rules.Facts, error) {
	var keys, invoices []string
	for _, name := range names {
		keys = append(keys, ledger.CustomerKey(name))
	}
	err := t.tx.RowsIn("SELECT e.invoice FROM entitlements e WHERE e.customer IN (%s)", anys(keys), database.Values(&invoices))
	if err != nil {
		return nil, err
	}
	f, err := t.Facts(Ask{Invoices: invoices})
	if err != nil {
		return nil, err
	}
	return f, (&loader{t, f}).partners(keys)
}

// ProductionBeside leaves a sale out of the production that its own correction may require.
func (t *Tx) ProductionBeside(f *rules.Facts, after *ledger.Entitlement, invoice string) error {
	of := rules.ForProduct{Buyer: ledger.CustomerKey(after.Customer), Product: after.Product}
	var others int
	var end database.Time
	_, err := t.tx.Row("SELECT COUNT(*), CASE WHEN COALESCE(MIN(hard_end), 0) = 0 THEN 0 ELSE MAX(hard_end) END FROM entitlements WHERE type = 'production' AND standing = '' AND customer = $1 AND product = $2 AND invoice <> $3",
		[]any{of.Buyer, of.Product, invoice}, &others, &end)
	if delete(f.Production, of); others > 0 {
		f.Production[of] = time.Time(end)
	}
	return err
}

// buyers loads what the rules ask of customers, for the types of which they ask.
func (l *loader) buyers(ask Ask) error {
	sales := slices.Clone(ask.Sales)
	for _, s := range l.Sales {
		sales = append(sales, s.Entitlement)
	}
	var customers, evaluating, accounts []string
	for _, e := range sales {
		switch {
		case e.Type == ledger.TypeEvaluation:
			evaluating = append(evaluating, ledger.CustomerKey(e.Customer))
			accounts = append(accounts, ledger.AccountKey(e.Email))
		case e.Type == ledger.TypeNFR || e.NeedsProduction():
			customers = append(customers, ledger.CustomerKey(e.Customer))
		}
	}
	names := anys(customers)
	if err := l.partners(customers); err != nil {
		return err
	}
	err := l.tx.RowsIn("SELECT customer, product, CASE WHEN MIN(hard_end) = 0 THEN 0 ELSE MAX(hard_end) END FROM entitlements WHERE type = 'production' AND standing = '' AND customer IN (%s) GROUP BY customer, product",
		names, database.Columns3(func(buyer, product string, end database.Time) {
			l.Production[rules.ForProduct{Buyer: buyer, Product: product}] = time.Time(end)
		}))
	if err != nil {
		return err
	}
	const evaluations = "SELECT " + soldColumns + " FROM " + soldTables + " WHERE e.type = 'evaluation' AND "
	note := func(key func(e *ledger.Entitlement) rules.ForProduct) func(func(...any) error) error {
		return func(scan func(...any) error) error {
			e, err := scanSold(scan)
			if err == nil {
				of := key(e)
				l.Evaluations[of] = append(l.Evaluations[of], rules.Evaluation{Invoice: e.Invoice, Customer: e.Customer})
			}
			return err
		}
	}
	if err := l.tx.RowsIn(evaluations+"e.customer IN (%s) ORDER BY e.invoice", anys(evaluating), note(func(e *ledger.Entitlement) rules.ForProduct {
		return rules.EvaluationByName(e.Customer, e.Product)
	})); err != nil {
		return err
	}
	return l.tx.RowsIn(evaluations+"m.owner IN (%s) ORDER BY e.invoice", anys(accounts), note(func(e *ledger.Entitlement) rules.ForProduct {
		return rules.EvaluationByAccount(e.Email, e.Product)
	}))
}

// partners loads who of some customers is a partner.
func (l *loader) partners(customers []string) error {
	return l.tx.RowsIn("SELECT name FROM customers WHERE partner <> 0 AND name IN (%s)", anys(customers), database.Column(func(name string) { l.Facts.Partners[name] = true }))
}

// anys returns names as values of a statement, each once.
func anys(names []string) []any {
	var all []any
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if !seen[name] {
			seen[name] = true
			all = append(all, name)
		}
	}
	return all
}

// What was sold, with its e-mail address, if that was not forgotten.
const (
	soldColumns = "e.sold, e.account, m.address"
	soldTables  = "entitlements e LEFT JOIN emails m ON m.account = e.account"
)

// scanSold reads a row that begins with soldColumns.
func scanSold(scan func(...any) error, more ...any) (*ledger.Entitlement, error) {
	var sold, account []byte
	var address sql.NullString
	if err := scan(append([]any{&sold, &account, &address}, more...)...); err != nil {
		return nil, err
	}
	e := new(ledger.Entitlement)
	if err := json.Unmarshal(sold, e); err != nil {
		return nil, ledger.Damaged("what was sold: %v", err)
	}
	e.Account, e.Email, e.Forgotten = account, address.String, !address.Valid
	return e, nil
}

// Active returns the activations of an invoice that are active, the oldest first.
func (t *Tx) Active(f *rules.Facts, invoice string) ([]*rules.Activation, error) {
	return t.activationsBy(f, "SELECT a.id FROM activations a WHERE a.invoice = $1 AND a.state = 'active' ORDER BY a.since, a.id", invoice)
}

// Ever returns all activations that an invoice ever had.
func (t *Tx) Ever(f *rules.Facts, invoice string) ([]*rules.Activation, error) {
	return t.activationsBy(f, "SELECT DISTINCT activation FROM events WHERE invoice = $1 AND activation <> ''", invoice)
}

// activationsBy returns the activations of an invoice whose ids a query selects.
func (t *Tx) activationsBy(f *rules.Facts, query, invoice string) ([]*rules.Activation, error) {
	var ids []string
	err := t.tx.Rows(query, []any{invoice}, database.Values(&ids))
	if err != nil {
		return nil, err
	}
	if err := (&loader{t, f}).load(ids); err != nil {
		return nil, err
	}
	all := make([]*rules.Activation, 0, len(ids))
	for _, id := range ids {
		if f.Activations[id] == nil {
			return nil, ledger.Damaged("activation %.64q is missing", id)
		}
		all = append(all, f.Activations[id])
	}
	return all, nil
}

// Unbound returns the activation of an invoice that is bound to nothing and has a name,
// nil if there is none.
func (t *Tx) Unbound(f *rules.Facts, invoice, name string) (*rules.Activation, error) {
	var id string
	found, err := t.tx.Row("SELECT a.id FROM activations a WHERE a.invoice = $1 AND a.state IN ('active', 'bridge') AND a.machine_key IS NULL AND a.site = $2",
		[]any{invoice, name}, &id)
	if err != nil || !found {
		return nil, err
	}
	err = (&loader{t, f}).load([]string{id})
	return f.Activations[id], err
}

// licenseQuery selects licenses by a condition on l.
const licenseQuery = "SELECT s.event FROM licenses l JOIN events s ON s.seq = l.seq WHERE "

func (t *Tx) eachLicense(condition string, args []any, f func(*ledger.License) error) error {
	return t.tx.Rows(licenseQuery+condition, args, func(scan func(...any) error) error {
		license, err := scanLicense(scan)
		if err != nil {
			return err
		}
		return f(license)
	})
}

func scanLicense(scan func(...any) error) (*ledger.License, error) {
	var leaf []byte
	if err := scan(&leaf); err != nil {
		return nil, err
	}
	return ledger.LicenseIn(leaf)
}
