package audit

import (
	"cmp"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// facts are taken from the state as package store loads them from tables: the same, for
// the same question. What a rule changes in them changes nothing in the state.
type facts struct {
	*rules.Facts
	s        *state
	requests map[string][]byte // by activation: what its newest license answers, as the record at hand has it
}

func (s *state) facts() *facts {
	f := rules.NewFacts(s.vendor)
	f.Newest, f.Frozen, f.Size = s.newest, s.frozen, s.size
	return &facts{s: s, Facts: f}
}

// about adds what is known of a request. It returns the request to ask about: where the
// e-mail address of the sale was forgotten since, one that claims what stands in its
// place.
func (f *facts) about(q *verify.Request) *verify.Request {
	var found []*activation
	if answer := f.s.answers.find(q.Hash); answer != nil && answer.activation != nil {
		f.Answers[q.Hash] = &rules.Answer{License: f.s.record(answer), Activation: f.activation(answer.activation)}
		found = append(found, answer.activation)
	}
	if of := f.s.sales[q.Invoice]; of != nil {
		if own := f.s.sites.find(siteKey{of, [32]byte(q.Key.Bytes())}); own != nil {
			found = append(found, own)
		}
	}
	f.add(found...)
	if of := f.sale(q.Invoice); of != nil {
		f.seats(of, q)
		q = f.s.claiming(f.s.sales[q.Invoice], q)
	}
	return q
}

// add adds activations with the other sides of their moves, and what was sold to them.
func (f *facts) add(all ...*activation) {
	for _, a := range all {
		f.activation(a)
		for _, m := range a.rest().moves {
			f.activation(f.s.activations.find(m.Successor))
		}
		if bridge := a.rest().bridge; bridge != nil {
			f.activation(f.s.activations.find(bridge.From))
		}
	}
}

// activation adds an activation, and returns it; nil adds none.
func (f *facts) activation(a *activation) *rules.Activation {
	if a == nil {
		return nil
	}
	id, invoice := a.id(), a.sale.Invoice
	if known := f.Activations[id]; known != nil {
		return known
	}
	f.sale(invoice)
	site, host := a.place()
	own, rest := a.licenses(), a.rest()
	made := &rules.Activation{
		Activation: ledger.Activation{ID: id, State: a.state(), Site: site, Host: host, MachineKey: a.machineKey(), Since: ledger.TimeOf(a.since)},
		Invoice:    invoice, Licenses: make([]rules.Issued, 0, len(own)+1),
	}
	if a.newest != nil {
		made.Seq = a.newest.seq
		made.Epoch, made.Newest = uint64(a.newest.epoch), f.s.record(a.newest)
		made.Newest.Request = f.requests[id]
	}
	for _, l := range own {
		i := rules.Issued{ID: l.id, Epoch: uint64(l.epoch), HardEnd: ledger.TimeOf(l.hardEnd), Need: uint64(l.need), Components: l.components()}
		if l.revoked != nil {
			i.Revoked = &l.revoked.Revocation
		}
		made.Licenses = append(made.Licenses, i)
	}
	for _, m := range rest.moves {
		made.Moves = append(made.Moves, m.Move)
	}
	slices.SortFunc(made.Moves, func(a, b rules.Move) int {
		return cmp.Or(a.Until.Compare(b.Until), cmp.Compare(a.Successor, b.Successor))
	})
	if rest.bridge != nil {
		m := rest.bridge.Move
		made.Bridge = &m
	}
	f.Activations[id] = made
	if a.isTaken() {
		f.Sites[rules.SiteKey{Invoice: invoice, MachineKey: string(a.machineKey())}] = made
	}
	return made
}

// readRequest reads what the newest license of an activation answers, unless the record at
// hand has it.
func (f *facts) readRequest(a *activation) (err error) {
	if id, l := a.id(), a.newest; l != nil && l.bound && f.requests[id] == nil {
		f.requests[id], err = f.s.readRequest(l.seq)
	}
	return err
}

// license adds a license that a question names.
func (f *facts) license(id format.ID) {
	if l := f.s.licenses.find(id); l != nil {
		f.Licenses[id] = f.s.record(l)
		if l.activation != nil {
			f.add(l.activation)
		}
	}
}

// sale adds what was sold under an invoice, with what is known of the buyer.
func (f *facts) sale(invoice string) *rules.Sale {
	if known := f.Sales[invoice]; known != nil {
		return known
	}
	of := f.s.sales[invoice]
	if of == nil {
		return nil
	}
	made := &rules.Sale{Entitlement: of.Entitlement, Used: uint64(of.used), Peak: uint64(of.peak)}
	for _, account := range f.s.more[of] {
		email, _ := f.s.email(account)
		made.More = append(made.More, ledger.Address{Account: account, Email: email})
	}
	f.Sales[invoice] = made
	f.buyer(of.Entitlement)
	return made
}

// buyer adds what the rules ask of a customer.
func (f *facts) buyer(e *ledger.Entitlement) {
	customer := ledger.CustomerKey(e.Customer)
	switch {
	case e.Type == ledger.TypeEvaluation:
		for _, key := range [...]rules.ForProduct{rules.EvaluationByName(e.Customer, e.Product), rules.EvaluationByAccount(e.Email, e.Product)} {
			f.Evaluations[key] = nil
			for _, of := range f.s.evaluations[key] {
				f.Evaluations[key] = append(f.Evaluations[key], rules.Evaluation{Invoice: of.Invoice, Customer: of.Customer})
			}
		}
	case e.Type == ledger.TypeNFR || e.NeedsProduction():
		f.Partners[customer] = f.s.customers[customer]
		key := rules.ForProduct{Buyer: customer, Product: e.Product}
		f.production(key, nil)
	}
}

// production adds until when a buyer has production of a product, but for one sale.
func (f *facts) production(key rules.ForProduct, but *sale) {
	delete(f.Production, key)
	for _, of := range f.s.production[key] {
		end := of.HardEnd()
		longest, sold := f.Production[key]
		if of != but && of.Standing == "" && (!sold || !longest.IsZero() && (end.IsZero() || end.After(longest))) {
			f.Production[key] = end
		}
	}
}

// movedWithin is how old the moves are that the rules are told of, as in package store.
const movedWithin = 366 * 24 * time.Hour

// seats adds what is known of the seats of a sale: which wait, who has moved and left,
// and where one was sold alone, who has it. q is the request that wants one, if there is
// one.
func (f *facts) seats(s *rules.Sale, q *verify.Request) {
	of := f.s.sales[s.Invoice]
	for _, m := range of.waits {
		if m.State == rules.MoveWaiting {
			s.Waits = append(s.Waits, m.Move)
			f.activation(f.s.activations.find(m.Successor))
		}
	}
	since := f.s.newest.Add(-movedWithin)
	for _, m := range of.moved {
		if m.at.After(since) {
			s.Moved = append(s.Moved, m.at)
		}
	}
	if s.Seats == 1 {
		for _, a := range of.active() {
			f.add(a)
			s.Oldest = append(s.Oldest, f.activation(a))
		}
	}
	if q == nil || of.used >= of.peak {
		return
	}
	seen := make(map[*left]bool)
	add := func(label string, value []byte) {
		for _, l := range of.left[leftKey{label, string(value)}] {
			if !seen[l] {
				seen[l] = true
				s.Left = append(s.Left, l.LeftMachine)
			}
		}
	}
	add(machineKey, q.Key.Bytes())
	for _, c := range q.Components {
		add(c.Label, rules.Comparable(c.Hash))
	}
}

// active returns who is active, the oldest first.
func (of *sale) active() (all []*activation) {
	for _, a := range of.activations {
		if a.state() == ledger.StateActive {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b *activation) int { return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(a.id(), b.id())) })
	return all
}

// allRevocations returns what is known of revocations.
func (s *state) allRevocations() *rules.Revocations {
	r := &rules.Revocations{Vendor: s.vendor, Next: 1}
	for _, revoked := range s.revocations {
		r.Licenses = append(r.Licenses, rules.RevokedLicense{Revocation: revoked.Revocation, HardEnd: ledger.TimeOf(revoked.hardEnd)})
	}
	for _, k := range s.revoked {
		r.Keys = append(r.Keys, k.KeyRevocation)
	}
	if newest := s.newestList(); newest != nil {
		r.Next, r.Newest = newest.Number+1, newest.File
	}
	return r
}

func (s *state) newestList() (newest *list) {
	for _, l := range s.lists {
		if newest == nil || l.Number > newest.Number {
			newest = l
		}
	}
	return newest
}

// roomFor returns what the rules ask to revoke more: all that is revoked, if it could
// leave no room on a list.
func (s *state) roomFor(more int) *rules.Revocations {
	const few = 20_000 // names, less than half of a list
	names := len(s.revocations) + more
	for _, k := range s.revoked {
		names += 3 + k.Kept
	}
	if names < few {
		r := &rules.Revocations{Vendor: s.vendor, Next: 1}
		for _, k := range s.revoked {
			known := k.KeyRevocation
			known.Keep = nil
			r.Keys = append(r.Keys, known)
		}
		return r
	}
	return s.allRevocations()
}
