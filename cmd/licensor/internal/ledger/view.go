package ledger

import (
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/verify"
)

// view is the state that the rules judge by: that of a transaction, and what would
// follow from the grants that were judged before in the same batch. What is read once
// is not read again.
type view struct {
	*transaction
	now        time.Time
	override   bool
	sold       map[string]*sold
	sites      map[siteKey]*activationRow // nil: the site has no activation
	requests   map[[32]byte][]*answer
	added      map[string][]*activationRow  // by invoice, in this batch
	changed    map[string][]*activationRow  // by invoice: asked again in this batch
	seats      map[string][]*activationRow  // by seat: the active activations that have it, see inSeat
	days       map[string]map[string]uint64 // by invoice, see carriedDays
	oldest     map[string][]*activationRow  // by invoice, for naming them
	production map[[2]string]bool           // by customer and product: one runs
	partners   map[string]bool              // by customer
}

type sold struct {
	*Entitlement
	usage Usage
}

// siteKey names a site: within an invoice, the same machine key is the same site.
type siteKey struct{ invoice, machineKey string }

func siteOf(q *verify.Request) siteKey { return siteKey{q.Invoice, string(q.Key.Bytes())} }

// answer is a license that a request got, and what became of its activation.
type answer struct {
	*License
	activation activationRow
	moveUntil  time.Time
}

func newView(t *transaction, by Operation) *view {
	return &view{
		transaction: t, now: by.Now, override: by.Override,
		sold: make(map[string]*sold), sites: make(map[siteKey]*activationRow), requests: make(map[[32]byte][]*answer),
		added: make(map[string][]*activationRow), changed: make(map[string][]*activationRow),
		seats: make(map[string][]*activationRow), days: make(map[string]map[string]uint64), oldest: make(map[string][]*activationRow),
		production: make(map[[2]string]bool), partners: make(map[string]bool),
	}
}

// preload reads what the rules will ask of many requests, with few statements.
func (v *view) preload(requests []*verify.Request) error {
	var invoices, hashes, sites []any
	for _, q := range requests {
		site := siteOf(q)
		if _, known := v.sold[q.Invoice]; !known {
			v.sold[q.Invoice] = nil
			invoices = append(invoices, q.Invoice)
		}
		if _, known := v.requests[q.Hash]; !known {
			v.requests[q.Hash] = nil
			hashes = append(hashes, q.Hash[:])
		}
		if _, known := v.sites[site]; !known {
			v.sites[site] = nil
			sites = append(sites, q.Invoice, q.Key.Bytes())
		}
	}
	if err := v.inChunks(invoices, 1, v.readSold); err != nil {
		return err
	}
	if err := v.inChunks(hashes, 1, v.readAnswers); err != nil {
		return err
	}
	return v.inChunks(sites, 2, v.readSites)
}

// inChunks calls read with at most 64 tuples at a time. Few different lengths make few
// different statements; asking for a value twice does no harm.
func (v *view) inChunks(values []any, width int, read func(values []any) error) error {
	for len(values) > 0 {
		n := 1
		if len(values) > width {
			n = 64
		}
		chunk := values[:min(n*width, len(values))]
		values = values[len(chunk):]
		for len(chunk) < n*width {
			chunk = append(chunk[:len(chunk):len(chunk)], chunk[len(chunk)-width:]...)
		}
		if err := read(chunk); err != nil {
			return err
		}
	}
	return nil
}

func (v *view) readSold(invoices []any) error {
	query := "SELECT " + entitlementColumns + " FROM entitlements WHERE invoice IN (" + v.l.places(len(invoices)) + ")"
	return v.each(query, invoices, func(rows *sql.Rows) error {
		e, u, err := scanEntitlement(rows)
		if err == nil {
			v.sold[e.Invoice] = &sold{e, *u}
		}
		return err
	})
}

func (v *view) readAnswers(hashes []any) error {
	query := "SELECT s.event, l.request_hash, COALESCE(m.until, 0), " + activationColumns + `
		FROM licenses l JOIN events s ON s.seq = l.seq JOIN activations a ON a.id = l.activation LEFT JOIN moves m ON m.successor = a.id
		WHERE l.request_hash IN (` + v.l.places(len(hashes)) + ") ORDER BY l.seq"
	return v.each(query, hashes, func(rows *sql.Rows) error {
		r := new(answer)
		var leaf, requestHash []byte
		if err := rows.Scan(append([]any{&leaf, &requestHash, (*unixTime)(&r.moveUntil)}, r.activation.fields()...)...); err != nil {
			return err
		}
		var err error
		if r.License, err = licenseIn(leaf); err != nil {
			return err
		}
		if len(requestHash) != 32 {
			return damaged("license %s: a request hash of %d bytes", r.License.ID, len(requestHash))
		}
		v.requests[[32]byte(requestHash)] = append(v.requests[[32]byte(requestHash)], r)
		return nil
	})
}

func (v *view) readSites(sites []any) error {
	values := ""
	for i := range len(sites) / 2 {
		if i > 0 {
			values += ", "
		}
		values += "(CAST(" + v.l.dialect.place(2*i+1) + " AS TEXT), CAST(" + v.l.dialect.place(2*i+2) + " AS {blob}))"
	}
	query := v.l.dialect.words("WITH asked (invoice, machine_key) AS (VALUES " + values + ") SELECT " + activationColumns + `
		FROM asked JOIN activations a ON a.invoice = asked.invoice AND a.machine_key = asked.machine_key
		WHERE a.state IN ('active', 'bridge')`)
	return v.each(query, sites, func(rows *sql.Rows) error {
		r := new(activationRow)
		if err := rows.Scan(r.fields()...); err != nil {
			return err
		}
		v.sites[siteKey{r.invoice, string(r.MachineKey)}] = r
		return nil
	})
}

func (v *view) bought(invoice string) (*sold, error) {
	if s, known := v.sold[invoice]; known {
		return s, nil
	}
	v.sold[invoice] = nil
	err := v.readSold([]any{invoice})
	return v.sold[invoice], err
}

func (v *view) site(key siteKey) (*activationRow, error) {
	if a, known := v.sites[key]; known {
		return a, nil
	}
	v.sites[key] = nil
	err := v.readSites([]any{key.invoice, []byte(key.machineKey)})
	return v.sites[key], err
}

func (v *view) answers(hash [32]byte) ([]*answer, error) {
	if a, known := v.requests[hash]; known {
		return a, nil
	}
	v.requests[hash] = nil
	err := v.readAnswers([]any{hash[:]})
	return v.requests[hash], err
}

// onMachine returns an active activation of an invoice that is on the machine with the
// given components, with all that have its seat; nil if there is none. If the machine is
// that of an activation and not of all that have its seat, apart is one of those. The
// activation besides is not looked at.
func (v *view) onMachine(invoice string, components []Component, besides string) (shares, apart *activationRow, err error) {
	candidates, err := v.candidates(invoice, components)
	if err != nil {
		return nil, nil, err
	}
	var seen []string
	for _, a := range candidates {
		if a.ID == besides || slices.Contains(seen, a.Seat) || !sameMachine(a.Components, components) {
			continue
		}
		seen = append(seen, a.Seat)
		all, err := v.inSeat(invoice, a.Seat)
		if err != nil {
			return nil, nil, err
		}
		other := apartFrom(others(all, besides), components, sameMachine)
		if other == nil {
			return a, nil, nil
		}
		apart = other
	}
	return nil, apart, nil
}

// candidates returns the active activations that may be on a machine, each with the
// components of its newest request.
func (v *view) candidates(invoice string, components []Component) ([]*activationRow, error) {
	all := slices.Concat(v.added[invoice], v.changed[invoice])
	condition, args := "", []any{invoice}
	for _, c := range components {
		if sameMachine([]Component{c}, []Component{c}) { // it may decide at all
			if condition != "" {
				condition += " OR "
			}
			condition += fmt.Sprintf("c.label = $%d AND c.hash = $%d", len(args)+1, len(args)+2)
			args = append(args, c.Label, indexedHash(c.Hash))
		}
	}
	if condition == "" {
		return nil, nil
	}
	recorded, err := v.activations("a.state = 'active' AND a.id IN (SELECT c.activation FROM components c WHERE c.invoice = $1 AND ("+condition+"))", args...)
	if err != nil {
		return nil, err
	}
	for _, a := range recorded {
		if v.hasChanged(a) {
			continue
		}
		if a.Components, err = v.components(a.ID); err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// hasChanged reports whether an activation that was read is not as it is now, in this
// batch.
func (v *view) hasChanged(a *activationRow) bool {
	return slices.ContainsFunc(v.changed[a.invoice], func(c *activationRow) bool { return c.ID == a.ID })
}

// inSeat returns the active activations that have a seat, with their components.
func (v *view) inSeat(invoice, seat string) ([]*activationRow, error) {
	if all, known := v.seats[seat]; known {
		return all, nil
	}
	var all []*activationRow
	for _, a := range slices.Concat(v.added[invoice], v.changed[invoice]) {
		if a.Seat == seat {
			all = append(all, a)
		}
	}
	recorded, err := v.activations("a.id IN ("+inSeat+")", seat)
	if err != nil {
		return nil, err
	}
	for _, a := range recorded {
		if v.hasChanged(a) {
			continue
		}
		if a.Components, err = v.components(a.ID); err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	v.seats[seat] = all
	return all, nil
}

// sharing returns the other active activations of an activation's seat.
func (v *view) sharing(with *activationRow) ([]*activationRow, error) {
	all, err := v.inSeat(with.invoice, with.Seat)
	return others(all, with.ID), err
}

func others(all []*activationRow, but string) []*activationRow {
	if !slices.ContainsFunc(all, func(a *activationRow) bool { return a.ID == but }) {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(a *activationRow) bool { return a.ID == but })
}

func (t *transaction) components(activation string) ([]Component, error) {
	var all []Component
	err := t.each("SELECT label, hash FROM components WHERE activation = $1 ORDER BY label", []any{activation}, func(rows *sql.Rows) error {
		var c Component
		err := rows.Scan(&c.Label, &c.Hash)
		all = append(all, c)
		return err
	})
	return all, err
}

// running reports whether a customer has a production entitlement of the product that
// has not ended, its grace included. Production is what is paid for; the free types
// are others.
func (v *view) running(customer, product string) (bool, error) {
	key := [2]string{customerKey(customer), product}
	runs, known := v.production[key]
	if known {
		return runs, nil
	}
	var one int64
	runs, err := v.row(`SELECT 1 FROM entitlements WHERE customer = $1 AND product = $2 AND type = 'production'
		AND (expires = 0 OR expires + grace_days * 86400 >= $3) LIMIT 1`, []any{key[0], product, v.now.Unix()}, &one)
	if err == nil {
		v.production[key] = runs
	}
	return runs, err
}

func (v *view) partner(customer string) (bool, error) {
	key := customerKey(customer)
	partner, known := v.partners[key]
	if known {
		return partner, nil
	}
	var n int64
	_, err := v.row("SELECT partner FROM customers WHERE name = $1", []any{key}, &n)
	if err == nil {
		v.partners[key] = n != 0
	}
	return n != 0, err
}

// took notes the effect of a grant, for the requests that are judged after it.
func (v *view) took(a *activationRow) {
	a.inBatch = true
	v.sites[siteKey{a.invoice, string(a.MachineKey)}] = a
	if a.Seat == a.ID {
		v.sold[a.invoice].usage.Seats++
	}
	v.added[a.invoice] = append(v.added[a.invoice], a)
	v.sits(a)
}

// sits notes in what is known of its seat how an activation is now.
func (v *view) sits(a *activationRow) {
	if all, known := v.seats[a.Seat]; known {
		v.seats[a.Seat] = append(others(all, a.ID), a)
	}
}

// leaves notes that an activation does not have its seat any more.
func (v *view) leaves(a *activationRow) {
	if all, known := v.seats[a.Seat]; known {
		v.seats[a.Seat] = others(all, a.ID)
	}
}

// tookAgain is took for a site that asks again.
func (v *view) tookAgain(a *activationRow) {
	if !a.inBatch {
		a.inBatch = true
		v.changed[a.invoice] = append(v.changed[a.invoice], a)
	}
	v.sits(a)
}
