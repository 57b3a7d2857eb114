// Package rules holds the rules by which licenses are given out. Facts go in; events,
// grants or a refusal come out. There is no context, no SQL, no clock and no randomness
// here: what is known was loaded first, and the same facts always give the same answer.
//
// So a rule is asked before the ledger is locked and, if the log has grown meanwhile,
// again under the lock with new facts; and a test of a rule is a table.
package rules

import (
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// Facts are what is known of the things that a question is about. They are plain
// values. Sign and Entitle note the effect of what they grant in them, for those that
// are judged after it in the same batch: a plan that is made again needs new ones.
type Facts struct {
	Vendor string
	Newest time.Time // when the newest event was; zero: there is none
	Size   int64     // how many events there are

	Frozen  *ledger.Frozen  // the ledger moves; nil: it does not
	GivenUp []ledger.MoveID // moves after which it was thawed, where a move is asked about

	Sales       map[string]*Sale              // by invoice; missing: nothing was sold under it
	Answers     map[[32]byte]*Answer          // by the hash of a request: its newest license
	Sites       map[SiteKey]*Activation       // who is active or a bridge, by machine key
	Activations map[string]*Activation        // by id; those of Sites and Answers among them
	Licenses    map[format.ID]*ledger.License // that were asked for by id

	Products    map[string]*ledger.Product  // all of them, where something is sold; empty: names are free
	Partners    ledger.Partners             // those among the buyers
	Production  map[ForProduct]time.Time    // the hard end of what ends last; zero: never
	Evaluations map[ForProduct][]Evaluation // by customer and by account

	given map[[32]byte]*Step // in this batch, by request
}

// NewFacts returns facts of a vendor where nothing is known.
func NewFacts(vendor string) *Facts {
	return &Facts{
		Vendor: vendor,
		Sales:  make(map[string]*Sale), Answers: make(map[[32]byte]*Answer), Sites: make(map[SiteKey]*Activation),
		Activations: make(map[string]*Activation), Licenses: make(map[format.ID]*ledger.License),
		Partners: make(map[string]bool), Production: make(map[ForProduct]time.Time), Evaluations: make(map[ForProduct][]Evaluation),
	}
}

// Sale is an entitlement with its use.
type Sale struct {
	*ledger.Entitlement
	Used   uint64           // seats, or activations of type development
	Peak   uint64           // the most that were in use at once
	Oldest []*Activation    // who has had a seat longest, three at most; none where seats are free
	Moved  []time.Time      // when its sites moved, of the last 365 days at least
	Left   []LeftMachine    // machines that have left a seat and may be those that ask
	More   []ledger.Address // e-mail addresses besides the one of the sale
	Waits  []Move           // seats that wait for the new servers of moves
}

// LeftMachine is the machine of an activation whose seat was freed, or whose bridge ended
// by a release or by staff.
type LeftMachine struct {
	Key        []byte
	Components []format.Component
}

// SiteKey names a site: within an invoice, the same machine key is the same site.
type SiteKey struct{ Invoice, MachineKey string }

// ForProduct names what a buyer, by the key of the name or of the e-mail address, has
// of a product.
type ForProduct struct{ Buyer, Product string }

// Evaluation is an evaluation that was sold.
type Evaluation struct{ Invoice, Customer string }

// Answer is the newest license that a request got.
type Answer struct {
	License    *ledger.License
	Activation *Activation
}

// Activation is one on record, with what the rules ask of it.
type Activation struct {
	ledger.Activation
	Invoice  string
	Epoch    uint64          // of its newest license
	Seq      int64           // of the event that has recorded that; 0 in a batch, before it is
	Newest   *ledger.License // nil in a batch, before it is signed
	Licenses []Issued        // all of them, in order of their epochs
	Moves    []Move          // as the old server: the newest last
	Bridge   *Move           // as the new server of a move
}

// Issued is a license of an activation.
type Issued struct {
	ID      format.ID
	Epoch   uint64
	HardEnd time.Time          // zero: never
	Revoked *ledger.Revocation // nil: it is not

	// Components are those that it names, and Need of them must match.
	Need       uint64
	Components []format.Component
}

// Move is a move to another server.
type Move struct {
	From, Successor string // activations
	Until           time.Time
	Waits           bool // began with a request for a bridge: the seat waits for one for production
	State           MoveState
}

// MoveState is what became of a move.
type MoveState string

// The states of a move.
const (
	MovePending MoveState = "pending" // of the release
	MoveWaiting MoveState = "waiting" // the seat is free, and waits for the new server
	MoveDone    MoveState = "done"
	MoveVoid    MoveState = "void"
)

// Step is an event to be recorded. If it has a grant, the license is still to be signed:
// it goes into the event's Detail, a *ledger.Signed.
type Step struct {
	Event ledger.Event
	Grant *ledger.Grant
}

// License returns what was signed for a step that has a grant.
func (s *Step) License() *ledger.License { return s.Event.Detail.(*ledger.Signed).License }

// signing returns the step that signs a grant and records it. a is nil if the
// activation is as it was.
func signing(g *ledger.Grant, a *ledger.Activation) *Step {
	return &Step{
		Event: ledger.Event{Action: ledger.ActionSign, Invoice: g.Entitlement.Invoice, Activation: g.Activation, Detail: &ledger.Signed{Activation: a}},
		Grant: g,
	}
}

// sold returns the sale of an invoice.
func (f *Facts) sold(invoice string) (*Sale, error) {
	if s := f.Sales[invoice]; s != nil {
		return s, nil
	}
	return nil, hint.Errorf("no entitlement has the invoice %.64q", invoice).WithHint(`"licensor list" shows them all`)
}

// activation returns an activation that must be on record.
func (f *Facts) activation(id string) (*Activation, error) {
	if a := f.Activations[id]; a != nil {
		return a, nil
	}
	return nil, ledger.Damaged("activation %.64q is missing", id)
}

// Name returns how people are told of the activation.
func (a *Activation) Name() string { return a.NameWith(a.Newest) }

// took notes that a new activation has its seat.
func (f *Facts) took(a *Activation) {
	s := f.Sales[a.Invoice]
	s.Used++
	s.Peak = max(s.Peak, s.Used)
	s.Oldest = append(s.Oldest, a)
	f.Sites[SiteKey{a.Invoice, string(a.MachineKey)}] = a
	f.Activations[a.ID] = a
}

// machine returns the components that the newest license of an activation names.
func (a *Activation) machine() []format.Component {
	if len(a.Licenses) == 0 {
		return nil
	}
	return a.Licenses[len(a.Licenses)-1].Components
}

// issued returns a license of the activation, nil if it has none of that id. Those of
// this batch have none yet.
func (a *Activation) issued(id format.ID) *Issued {
	i := slices.IndexFunc(a.Licenses, func(l Issued) bool { return l.ID == id && id != format.ID{} })
	if i < 0 {
		return nil
	}
	return &a.Licenses[i]
}

// revoked returns the revocation of its newest license, nil if it is not revoked.
func (a *Activation) revoked() *ledger.Revocation {
	if len(a.Licenses) == 0 {
		return nil
	}
	return a.Licenses[len(a.Licenses)-1].Revoked
}

// stillGood returns the licenses of later epochs than the given one that have neither
// ended nor were revoked.
func (a *Activation) stillGood(after uint64, now time.Time) []format.ID {
	var ids []format.ID
	for _, l := range a.Licenses {
		if l.Epoch > after && l.good(now) && l.ID != (format.ID{}) {
			ids = append(ids, l.ID)
		}
	}
	return ids
}

// pending returns the move that waits for the release of an activation, nil if none does.
func (a *Activation) pending() *Move {
	for i := len(a.Moves) - 1; i >= 0; i-- {
		if a.Moves[i].State == MovePending {
			return &a.Moves[i]
		}
	}
	return nil
}
