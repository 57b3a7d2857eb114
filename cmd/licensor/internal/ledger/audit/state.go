package audit

import (
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
)

// state is the ledger as the events so far have made it: what package store keeps in
// tables, in memory. Of a license it keeps what the rules ask and what the tables say;
// requests and files were looked at when their event came, and are dropped.
type state struct {
	// readRequest reads the request of a license again, from the event that signed it.
	readRequest func(seq int64) ([]byte, error)

	version int64 // of the schema, as its table has it

	vendor string
	size   int64     // events so far
	newest time.Time // when the newest of the last operation was
	rules  int       // the version by which that was judged

	frozen  *ledger.Frozen
	givenUp []ledger.MoveID

	emailRows table[email]
	emails    *index[[32]byte, email] // that are known, by their commitments

	accounts map[string]bool    // the commitments so far, but for those that were removed
	more     map[*sale][][]byte // the commitments to addresses besides its own, of the few sales that have any
	unknown  int                // of them, those behind which no address is known any more

	products    map[string]*ledger.Product
	customers   map[string]bool // whether a customer is a partner, by key
	sales       map[string]*sale
	alike       map[string]*ledger.Entitlement // what many of them have in common, see share
	unsold      map[string]*sale               // invoices that have activations and were never sold
	production  map[rules.ForProduct][]*sale
	evaluations map[rules.ForProduct][]*sale

	allActivations table[activation]
	activations    *index[string, activation]  // by id
	sites          *index[siteKey, activation] // those that are active or a bridge
	allLicenses    table[license]
	licenses       *index[format.ID, license]
	answers        *index[[32]byte, license] // by request: the newest
	strays         map[*license]string       // of activations that there are not, with their ids
	moves          map[string]*move          // by successor

	revocations []*revocation // in the order of the events
	revoked     []*revokedKey // in the order of the events
	lists       []*list       // in the order of the events
	listed      map[uint64]*list
	floor       floor
	signers     map[string]*signer
}

func newState() *state {
	s := &state{
		products: make(map[string]*ledger.Product), accounts: make(map[string]bool), more: make(map[*sale][][]byte), customers: make(map[string]bool), sales: make(map[string]*sale), alike: make(map[string]*ledger.Entitlement), unsold: make(map[string]*sale),
		production: make(map[rules.ForProduct][]*sale), evaluations: make(map[rules.ForProduct][]*sale),
		strays: make(map[*license]string), moves: make(map[string]*move),
		listed: make(map[uint64]*list), signers: make(map[string]*signer),
	}
	s.emails = newIndex(&s.emailRows, func(e *email) [32]byte { return e.account })
	s.activations = newIndex(&s.allActivations, (*activation).id)
	s.sites = newIndex(&s.allActivations, (*activation).site)
	s.licenses = newIndex(&s.allLicenses, func(l *license) format.ID { return l.id })
	s.answers = newIndex(&s.allLicenses, func(l *license) [32]byte { return l.request })
	return s
}

// sale is an entitlement with its use.
type sale struct {
	*ledger.Entitlement
	seller     string
	seq        int64 // of the event that sold it
	used, peak int64

	activations []*activation // all that ever were
	moved       []moved
	left        map[leftKey][]*left // by what a machine is found by
	waits       []*move
}

// moved is a move of a site, by the event that says so.
type moved struct {
	seq int64
	at  time.Time
}

// left is the machine of a seat that was freed.
type left struct {
	activation string
	rules.LeftMachine
}

// leftKey is a component of a machine, or its key under the label machineKey.
type leftKey struct{ label, value string }

// machineKey stands for the machine key among the labels of components, of which none
// has a space.
const machineKey = "machine key"

type signer struct {
	name string
	key  []byte
}

type move struct {
	rules.Move
	invoice string
}

type revocation struct {
	ledger.Revocation
	hardEnd int64
	of      *license
}

type list struct {
	ledger.Published
	issued   int64
	seq      int64
	recorded time.Time
}

// apply takes an event to the state, as the store takes it to the tables. It judges
// nothing; the error is about an event that has no effect that could be.
func (s *state) apply(p *prepared) error {
	e := p.event
	switch d := e.Detail.(type) {
	case ledger.Created:
		return nil
	case ledger.Frozen:
		s.frozen = &d
		return nil
	case ledger.Thawed:
		s.frozen, s.givenUp = nil, append(s.givenUp, d.Move)
		return nil
	case ledger.Opened:
		s.frozen = nil
		return nil
	case ledger.Customer:
		s.customers[ledger.CustomerKey(d.Name)] = d.Partner
		return nil
	case ledger.Product:
		s.products[d.Name] = &d
		return nil
	case ledger.Forgotten:
		return s.applyForgotten(d)
	case *ledger.Entitlement:
		return s.applySale(e, d)
	case ledger.Addressed:
		return s.applyAddressed(e.Invoice, d)
	case ledger.Renumbered:
		return s.applyRenumbered(e.Invoice, d.Was)
	case *ledger.Signed:
		return s.applySigned(p, d)
	case ledger.Closed:
		return s.applyClosed(e, d)
	case ledger.Moved:
		if s.moves[d.Successor] != nil {
			return fmt.Errorf("activation %.64q was the new server of a move before", d.Successor)
		}
		m := &move{rules.Move{From: e.Activation, Successor: d.Successor, Until: d.Until, Waits: d.Waits, State: rules.MovePending}, s.name(e.Invoice)}
		s.moves[d.Successor] = m
		if a := s.activations.find(d.Successor); a != nil {
			a.change().bridge = m
		}
		if a := s.activations.find(e.Activation); a != nil {
			a.change().moves = append(a.change().moves, m)
		}
		return s.applyMoved(e)
	case ledger.Waiting:
		m := s.moves[e.Activation]
		if m == nil {
			return fmt.Errorf("activation %.64q is no new server of a move", e.Activation)
		}
		m.State = rules.MoveWaiting
		if of := s.sales[e.Invoice]; of != nil {
			of.waits = append(of.waits, m)
		}
		return nil
	case ledger.Rebound:
		if err := s.revoke(e, d.Revoke); err != nil {
			return err
		}
		return s.applyMoved(e)
	case ledger.TakenOver:
		a, m := s.activations.find(e.Activation), s.moves[e.Activation]
		if a == nil || m == nil {
			return fmt.Errorf("activation %.64q is no new server of a move", e.Activation)
		}
		if err := s.become(a, ledger.StateActive); err != nil {
			return err
		}
		m.State = rules.MoveDone
		return s.take(e.Invoice)
	case ledger.Revoked:
		if d.Key != nil {
			if err := s.revokeKey(e, d.Key); err != nil {
				return err
			}
		}
		return s.revoke(e, d.Licenses)
	case ledger.Published:
		return s.publish(e, d, p)
	}
	return fmt.Errorf("no effect is known of a detail of type %T", e.Detail)
}

// name returns the invoice as its sale has it, so that it is in memory once.
func (s *state) name(invoice string) string {
	if of := s.sales[invoice]; of != nil {
		return of.Invoice
	}
	return invoice
}

// take counts a seat that is taken.
func (s *state) take(invoice string) error {
	of := s.sales[invoice]
	if of == nil {
		return fmt.Errorf("invoice %.64q was never sold", invoice)
	}
	of.used++
	of.peak = max(of.peak, of.used)
	return nil
}

func (s *state) applyMoved(e *ledger.Event) error {
	of := s.sales[e.Invoice]
	if of == nil {
		return fmt.Errorf("invoice %.64q was never sold", e.Invoice)
	}
	of.moved = append(of.moved, moved{e.Seq, e.Time})
	return nil
}

func (s *state) applyClosed(e *ledger.Event, c ledger.Closed) error {
	a := s.activations.find(e.Activation)
	if a == nil {
		return fmt.Errorf("activation %.64q is missing", e.Activation)
	}
	was := a.state()
	err := s.become(a, map[ledger.Action]ledger.State{
		ledger.ActionRelease: ledger.StateReleased, ledger.ActionDeactivate: ledger.StateDeactivated, ledger.ActionVoid: ledger.StateVoid,
	}[e.Action])
	if err != nil {
		return err
	}
	a.change().ended, a.change().emergencyDays = e.Time.Unix(), int64(c.EmergencyDays)
	of := s.sales[e.Invoice]
	if of == nil {
		return fmt.Errorf("invoice %.64q was never sold", e.Invoice)
	}
	switch was {
	case ledger.StateActive:
		of.used--
	case ledger.StateBridge:
		m := s.moves[e.Activation]
		if m == nil {
			return fmt.Errorf("activation %.64q is a bridge without a move", e.Activation)
		}
		m.State = rules.MoveVoid
	}
	of.leave(a)
	return s.revoke(e, c.Revoke)
}

// leave notes the machine of a seat that is free, or of a bridge that was closed: by its key, and by what its newest
// license names.
func (of *sale) leave(a *activation) {
	if !a.bound || a.newest == nil {
		return
	}
	l := &left{activation: a.id(), LeftMachine: rules.LeftMachine{Key: a.machineKey()}}
	if of.left == nil {
		of.left = make(map[leftKey][]*left)
	}
	key := leftKey{machineKey, string(a.key[:])}
	of.left[key] = append(of.left[key], l)
	for _, c := range a.newest.components() {
		c.Hash = rules.Comparable(c.Hash)
		l.Components = append(l.Components, c)
		key := leftKey{c.Label, string(c.Hash)}
		of.left[key] = append(of.left[key], l)
	}
}

// revoke notes licenses for the next revocation list.
func (s *state) revoke(e *ledger.Event, licenses []format.ID) error {
	for _, id := range licenses {
		l := s.licenses.find(id)
		switch {
		case l == nil:
			return fmt.Errorf("the license %s is not on record", id)
		case l.revoked != nil:
			return fmt.Errorf("the license %s was revoked before", id)
		}
		l.revoked = &revocation{ledger.Revocation{License: id, Activation: e.Activation, Since: e.Time, Why: e.Why}, l.hardEnd, l}
		s.revocations = append(s.revocations, l.revoked)
	}
	return nil
}

func (s *state) revokeKey(e *ledger.Event, key *ledger.RevokedKey) error {
	k, err := newRevokedKey(e, key)
	if err != nil {
		return err
	}
	for _, earlier := range s.revoked {
		if string(earlier.Public) == string(key.Public) {
			return fmt.Errorf("the key %.64q was revoked before", key.Name)
		}
	}
	s.revoked = append(s.revoked, k)
	return nil
}

// publish notes which list has what was revoked.
func (s *state) publish(e *ledger.Event, d ledger.Published, p *prepared) error {
	if p.claims == nil {
		return fmt.Errorf("the list cannot be read")
	}
	switch {
	case p.claims.Number != d.Number:
		return fmt.Errorf("the list has the number %d, and its record %d", p.claims.Number, d.Number)
	case s.listed[d.Number] != nil:
		return fmt.Errorf("the list %d is on record already", d.Number)
	}
	l := &list{d, p.claims.IssuedAt, e.Seq, e.Time}
	s.lists = append(s.lists, l)
	s.listed[d.Number] = l
	for _, r := range s.revocations {
		if r.List == 0 && p.claims.Licenses.Has(r.License) {
			r.List = d.Number
		}
	}
	for _, k := range s.revoked {
		if k.List == 0 && rules.FindKey(p.claims.Keys, k.wire.Thumbprint) != nil {
			k.List = d.Number
		}
	}
	return nil
}
