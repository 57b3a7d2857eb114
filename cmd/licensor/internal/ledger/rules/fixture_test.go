package rules_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// A vendor with real keys, requests of as many sites as a test wants, and a record in
// memory that facts are made of. There is no database.

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const (
	day    = 24 * time.Hour
	vendor = "acme.example"
	inv    = "INV0042-1" // of the usual entitlement
)

// by returns an operation. It has no Random: a rule that wanted chance would panic.
func by() *ledger.Operation { return byAt(now) }

func byAt(at time.Time) *ledger.Operation { return &ledger.Operation{Operator: "anna", Now: at} }

func because(why string) *ledger.Operation { return becauseAt(now, why) }

func becauseAt(at time.Time, why string) *ledger.Operation {
	op := byAt(at)
	op.Why = why
	return op
}

func override(why string) *ledger.Operation { return overrideAt(now, why) }

func overrideAt(at time.Time, why string) *ledger.Operation {
	op := becauseAt(at, why)
	op.Override = true
	return op
}

func key(seed byte) keys.PrivateKey {
	k, err := keys.FromSeed(bytes.Repeat([]byte{seed}, keys.SeedSize))
	if err != nil {
		panic(err)
	}
	return k
}

func public(seed byte) keys.PublicKey { return key(seed).Public() }

// record is what a vendor has on record.
type record struct {
	testing.TB
	signer      *issuer.Issuer
	sales       map[string]*ledger.Entitlement
	activations []*rules.Activation // the oldest first, without what facts adds
	licenses    []*ledger.License
	revoked     map[format.ID]*ledger.Revocation
	moves       []*rules.Move
	moved       map[string][]time.Time         // by invoice
	left        map[string][]rules.LeftMachine // by invoice
	peak        map[string]uint64              // by invoice
	keys        []ledger.KeyRevocation
	lists       uint64 // the number of the newest revocation list
	newestList  []byte
	partners    map[string]bool
	events      []*ledger.Event
	ids         int
	more        []ledger.Address // of the sale inv
}

// newRecord returns a record on which the given entitlements were sold, whatever the
// rules say.
func newRecord(t testing.TB, sales ...*ledger.Entitlement) *record {
	t.Helper()
	r := &record{TB: t, signer: staff(t, 101, 102), sales: make(map[string]*ledger.Entitlement), revoked: make(map[format.ID]*ledger.Revocation), partners: make(map[string]bool),
		moved: make(map[string][]time.Time), left: make(map[string][]rules.LeftMachine), peak: make(map[string]uint64)}
	for _, e := range sales {
		r.sales[e.Invoice] = e
	}
	return r
}

// staff returns what signs licenses with a staff key that a root has delegated to, by
// their seeds. All staff is called anna.
func staff(t testing.TB, root, seed byte) *issuer.Issuer {
	return delegated(t, root, seed, format.Scope{Products: []string{"*"}, Types: []string{"*"}, MaxTerm: 1e9, MaxSeats: 1e9, Weakest: format.StrengthAny, Perpetual: true})
}

func delegated(t testing.TB, root, seed byte, scope format.Scope) *issuer.Issuer {
	t.Helper()
	random := rand.NewChaCha8([32]byte{root, seed})
	claims, text, err := issuer.Delegate(key(root), public(seed), format.DelegationClaims{
		Issuer: vendor, Name: "anna", IssuedAt: now.Unix() - 1, NotBefore: now.Unix() - 1, Expires: now.Unix() + 1e9, Scope: scope,
	}, random)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := format.DecodeTextAs(text, format.Delegation)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer.Issuer{Key: key(seed), Delegation: claims, RawDelegation: raw, Verifier: trusting(t, root), Random: random}
}

func trusting(t testing.TB, roots ...byte) *verify.Verifier {
	t.Helper()
	var all []keys.PublicKey
	for _, seed := range roots {
		all = append(all, public(seed))
	}
	v, err := verify.New(all...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// facts returns all that is on record. They share nothing with it that rules change.
func (r *record) facts() *rules.Facts {
	f := &rules.Facts{
		Vendor: vendor,
		Sales:  make(map[string]*rules.Sale), Answers: make(map[[32]byte]*rules.Answer), Sites: make(map[rules.SiteKey]*rules.Activation),
		Activations: make(map[string]*rules.Activation), Licenses: make(map[format.ID]*ledger.License), Partners: make(map[string]bool),
		Production: make(map[rules.ForProduct]time.Time), Evaluations: make(map[rules.ForProduct][]rules.Evaluation),
	}
	if f.Size = int64(len(r.events)); f.Size > 0 {
		f.Newest = r.events[f.Size-1].Time
	}
	for name, is := range r.partners {
		if is {
			f.Partners[name] = true
		}
	}
	for invoice, e := range r.sales {
		f.Sales[invoice] = &rules.Sale{Entitlement: e.Clone(), Peak: r.peak[invoice], Moved: slices.Clone(r.moved[invoice]), Left: slices.Clone(r.left[invoice])}
		if invoice == inv {
			f.Sales[invoice].More = slices.Clone(r.more)
		}
		switch of := (rules.ForProduct{Buyer: ledger.CustomerKey(e.Customer), Product: e.Product}); e.Type {
		case ledger.TypeProduction:
			if e.Standing != "" {
				continue
			}
			if end, sold := f.Production[of]; !sold || !end.IsZero() && (e.Expires.IsZero() || e.HardEnd().After(end)) {
				f.Production[of] = e.HardEnd()
			}
		case ledger.TypeEvaluation:
			for _, of := range []rules.ForProduct{rules.EvaluationByName(e.Customer, e.Product), rules.EvaluationByAccount(e.Email, e.Product)} {
				f.Evaluations[of] = append(f.Evaluations[of], rules.Evaluation{Invoice: invoice, Customer: e.Customer})
			}
		}
	}
	for _, recorded := range r.activations {
		a := &rules.Activation{Activation: recorded.Activation, Invoice: recorded.Invoice}
		f.Activations[a.ID] = a
		switch s := f.Sales[a.Invoice]; a.State {
		case ledger.StateActive:
			s.Used++
			if len(s.Oldest) < 3 {
				s.Oldest = append(s.Oldest, a)
			}
			fallthrough
		case ledger.StateBridge:
			f.Sites[rules.SiteKey{Invoice: a.Invoice, MachineKey: string(a.MachineKey)}] = a
		}
	}
	for _, l := range r.licenses {
		a := f.Activations[l.Activation]
		a.Epoch, a.Newest, a.Seq = l.Epoch, l, r.recorded(l)
		a.Licenses = append(a.Licenses, rules.Issued{ID: l.ID, Epoch: l.Epoch, HardEnd: l.HardEnd, Revoked: r.revoked[l.ID], Need: l.Need, Components: r.named(l)})
		f.Licenses[l.ID] = l
		if q := r.requestOf(l); q != nil {
			f.Answers[q.Hash] = &rules.Answer{License: l, Activation: a}
		}
	}
	for _, m := range slices.SortedFunc(slices.Values(r.moves), func(a, b *rules.Move) int { return a.Until.Compare(b.Until) }) { // as the store has them
		f.Activations[m.From].Moves = append(f.Activations[m.From].Moves, *m)
		of := *m
		f.Activations[m.Successor].Bridge = &of
		if m.State == rules.MoveWaiting {
			s := f.Sales[f.Activations[m.From].Invoice]
			s.Waits = append(s.Waits, *m)
		}
	}
	return f
}

// requestOf returns the request of a license, nil if it is bound to nothing.
func (r *record) requestOf(l *ledger.License) *verify.Request {
	r.Helper()
	q, err := l.OpenRequest()
	if err != nil {
		r.Fatal(err)
	}
	return q
}

// named returns the components that a license names.
func (r *record) named(l *ledger.License) []format.Component {
	r.Helper()
	named, _, err := l.Named()
	if err != nil {
		r.Fatal(err)
	}
	return named
}

// ask asks a rule, and records what it grants. It asks twice: a plan that is made again
// of the same facts must be the same.
func ask[T any](r *record, op *ledger.Operation, rule func(f *rules.Facts) (T, []*rules.Step, error)) (T, error) {
	r.Helper()
	answer, steps, err := rule(r.facts())
	sameAnswer, sameSteps, sameErr := rule(r.facts())
	if !reflect.DeepEqual(answer, sameAnswer) || !reflect.DeepEqual(steps, sameSteps) || !reflect.DeepEqual(err, sameErr) {
		r.Fatalf("of the same facts: %v, %v, %v\nand then: %v, %v, %v", answer, steps, err, sameAnswer, sameSteps, sameErr)
	}
	if err != nil {
		if len(steps) > 0 {
			r.Errorf("%d steps beside the error %v", len(steps), err)
		}
		return answer, err
	}
	r.apply(op, steps)
	return answer, nil
}

// apply records steps, as the store does.
func (r *record) apply(op *ledger.Operation, steps []*rules.Step) {
	r.Helper()
	for _, s := range steps {
		e := s.Event
		if s.Grant != nil {
			d := r.signer.IssueAll([]ledger.Grant{*s.Grant}, op.Now)[0]
			if d.Err != nil {
				r.Fatal(d.Err)
			}
			e.Detail.(*ledger.Signed).License = d.License(s.Grant, op.Now)
		}
		e.Complete(int64(len(r.events)+1), op)
		leaf, err := e.Marshal()
		if err != nil {
			r.Fatal(err)
		}
		said := e
		if sold, ok := e.Detail.(*ledger.Entitlement); ok {
			said.Detail = sold.Kept() // without the e-mail address
		}
		if a, ok := e.Detail.(ledger.Addressed); ok {
			said.Detail = ledger.Addressed{Account: a.Account, Off: a.Off}
		}
		if again, err := ledger.ParseEvent(leaf); err != nil || !reflect.DeepEqual(again, &said) {
			r.Fatalf("the event %s is read as %+v, %v", leaf, again, err)
		}
		r.events = append(r.events, &e)
		switch d := e.Detail.(type) {
		case ledger.Customer:
			r.partners[ledger.CustomerKey(d.Name)] = d.Partner
		case *ledger.Entitlement:
			r.sales[d.Invoice] = d
		case ledger.Addressed:
			if d.Off {
				r.more = slices.DeleteFunc(r.more, func(a ledger.Address) bool { return string(a.Account) == string(d.Account) })
			} else {
				r.more = append(r.more, ledger.Address{Account: d.Account, Email: d.Email})
			}
		case ledger.Renumbered:
			r.sales[e.Invoice] = r.sales[d.Was].Clone()
			r.sales[e.Invoice].Invoice = e.Invoice
			delete(r.sales, d.Was)
		case *ledger.Signed:
			if d.Activation != nil && d.License.Epoch == 1 {
				r.activations = append(r.activations, &rules.Activation{Activation: *d.Activation, Invoice: e.Invoice})
			} else if d.Activation != nil {
				r.activation(e.Activation).Activation = *d.Activation
			}
			r.licenses = append(r.licenses, d.License)
			if d.Moves {
				r.moved[e.Invoice] = append(r.moved[e.Invoice], e.Time)
			}
		case ledger.Closed:
			a := r.activation(e.Activation)
			if a.State != ledger.StateActive && a.State != ledger.StateBridge {
				r.Fatalf("%s of activation %s, which is %s", e.Action, a.ID, a.State)
			}
			if a.State == ledger.StateBridge {
				r.moveTo(a.ID).State = rules.MoveVoid
			}
			a.State = map[ledger.Action]ledger.State{
				ledger.ActionRelease: ledger.StateReleased, ledger.ActionDeactivate: ledger.StateDeactivated, ledger.ActionVoid: ledger.StateVoid,
			}[e.Action]
			r.revoke(&e, d.Revoke)
			var machine []format.Component
			for _, l := range r.licenses {
				if l.Activation == a.ID {
					machine = r.named(l)
				}
			}
			if a.MachineKey != nil {
				r.left[e.Invoice] = append(r.left[e.Invoice], rules.LeftMachine{Key: a.MachineKey, Components: machine})
			}
		case ledger.Moved:
			r.moves = append(r.moves, &rules.Move{From: e.Activation, Successor: d.Successor, Until: d.Until, Waits: d.Waits, State: rules.MovePending})
			r.moved[e.Invoice] = append(r.moved[e.Invoice], e.Time)
		case ledger.Waiting:
			m := r.moveTo(e.Activation)
			if m.State != rules.MovePending || m.From != d.Predecessor {
				r.Fatalf("the move %+v is to wait for the release of %s", m, d.Predecessor)
			}
			m.State = rules.MoveWaiting
		case ledger.Rebound:
			r.moved[e.Invoice] = append(r.moved[e.Invoice], e.Time)
			r.revoke(&e, d.Revoke)
		case ledger.TakenOver:
			r.activation(e.Activation).State = ledger.StateActive
			r.moveTo(e.Activation).State = rules.MoveDone
		case ledger.Revoked:
			r.revoke(&e, d.Licenses)
			if d.Key != nil {
				r.keys = append(r.keys, ledger.KeyRevocation{RevokedKey: *d.Key, Since: e.Time, Why: e.Why})
			}
		default:
			r.Fatalf("an event of type %T", d)
		}
	}
	r.check()
}

// recorded returns the number of the event that has recorded a license.
func (r *record) recorded(l *ledger.License) int64 {
	for _, e := range r.events {
		if s, ok := e.Detail.(*ledger.Signed); ok && s.License.ID == l.ID {
			return e.Seq
		}
	}
	return 0
}

func (r *record) activation(id string) *rules.Activation {
	r.Helper()
	for _, a := range r.activations {
		if a.ID == id {
			return a
		}
	}
	r.Fatalf("no activation %q", id)
	return nil
}

// moveTo returns the move to a new server.
func (r *record) moveTo(successor string) *rules.Move {
	r.Helper()
	for _, m := range r.moves {
		if m.Successor == successor {
			return m
		}
	}
	r.Fatalf("no move to %q", successor)
	return nil
}

func (r *record) revoke(e *ledger.Event, licenses []format.ID) {
	r.Helper()
	for _, id := range licenses {
		if r.revoked[id] != nil {
			r.Fatalf("%s revokes %s, which was revoked before", e.Action, id)
		}
		r.revoked[id] = &ledger.Revocation{License: id, Activation: e.Activation, Since: e.Time, Why: e.Why}
	}
}

// check holds whatever was done: no more seats are used, or wait for a move, than were
// sold, and no site has two activations.
func (r *record) check() {
	r.Helper()
	used := make(map[string]uint64)
	sites := make(map[rules.SiteKey]bool)
	for _, a := range r.activations {
		if a.State != ledger.StateActive && a.State != ledger.StateBridge {
			continue
		}
		if site := (rules.SiteKey{Invoice: a.Invoice, MachineKey: string(a.MachineKey)}); len(a.MachineKey) > 0 {
			if sites[site] {
				r.Errorf("a site has two activations, %s is one of them", a.Name())
			}
			sites[site] = true
		}
		if a.State == ledger.StateActive {
			used[a.Invoice]++
		}
	}
	for invoice, n := range used {
		r.peak[invoice] = max(r.peak[invoice], n)
	}
	for _, m := range r.moves { // seats that wait are promised
		if m.State == rules.MoveWaiting && m.Until.After(r.last().Time) {
			used[r.activation(m.From).Invoice]++
		}
	}
	for invoice, n := range used {
		e := r.sales[invoice]
		most := e.Seats
		if e.Type == ledger.TypeDevelopment {
			if most = e.Allowance; most == 0 {
				continue
			}
		}
		if n > most {
			r.Errorf("%d of %d seats of %s are used or wait", n, most, invoice)
		}
	}
}

// newID names an activation that may begin.
func (r *record) newID() string {
	r.ids++
	return fmt.Sprintf("ACTIVATION%d", r.ids)
}

// outcome is what became of one request.
type outcome struct {
	license *ledger.License
	again   bool
	err     error
}

// batch signs requests together.
func (r *record) batch(op *ledger.Operation, requests ...*verify.Request) []outcome {
	r.Helper()
	var ids []string
	for range requests {
		ids = append(ids, r.newID())
	}
	judged, err := ask(r, op, func(f *rules.Facts) (all []rules.Outcome, steps []*rules.Step, err error) {
		for i, q := range requests {
			o, added, err := rules.Sign(f, op, q, ids[i])
			if err != nil {
				return nil, nil, err
			}
			all, steps = append(all, o), append(steps, added...)
		}
		return all, steps, nil
	})
	if err != nil {
		r.Fatal(err)
	}
	all := make([]outcome, len(requests))
	for i, o := range judged {
		all[i] = outcomeOf(&o)
	}
	return all
}

func outcomeOf(o *rules.Outcome) outcome {
	switch {
	case o.Err != nil:
		return outcome{err: o.Err}
	case o.Step != nil:
		return outcome{o.Step.License(), o.Again, nil}
	}
	return outcome{o.Offer.License, o.Again, nil}
}

func (r *record) signAs(op *ledger.Operation, q *verify.Request) (*ledger.License, error) {
	r.Helper()
	o := r.batch(op, q)[0]
	return o.license, o.err
}

func (r *record) sign(q *verify.Request) (*ledger.License, error) {
	r.Helper()
	return r.signAs(by(), q)
}

// signed is sign for a request that must get its license.
func (r *record) signed(q *verify.Request) *ledger.License {
	r.Helper()
	license, err := r.sign(q)
	if err != nil {
		r.Fatal(err)
	}
	return license
}

// refused wants a request to be refused.
func (r *record) refused(q *verify.Request, rule ledger.Rule, naming ...string) {
	r.Helper()
	events := len(r.events)
	license, err := r.sign(q)
	wantRefusal(r, err, rule, naming...)
	if license != nil || len(r.events) != events {
		r.Errorf("a refused request got %v and left %d events", license, len(r.events)-events)
	}
}

// offered is what the rules say beforehand to a request that gets something.
func (r *record) offered(q *verify.Request) *rules.Offer {
	r.Helper()
	offer, err := rules.Judge(r.facts(), by(), q)
	if err != nil {
		r.Fatal(err)
	}
	return offer
}

// unchanged wants f to record nothing.
func (r *record) unchanged(f func()) {
	r.Helper()
	events := len(r.events)
	f()
	if n := len(r.events) - events; n != 0 {
		r.Errorf("%d events were recorded", n)
	}
}

// using wants so many activations that are active or a bridge, and so many seats taken.
func (r *record) using(activations int, seats uint64) {
	r.Helper()
	open := 0
	for _, a := range r.activations {
		if a.State == ledger.StateActive || a.State == ledger.StateBridge {
			open++
		}
	}
	if used := r.facts().Sales[inv].Used; open != activations || used != seats {
		r.Errorf("%d activations use %d seats, want %d and %d", open, used, activations, seats)
	}
}

// last returns the newest event.
func (r *record) last() *ledger.Event { return r.events[len(r.events)-1] }

// says is what a license says, as a stranger reads it at the time when it was issued.
func (r *record) says(license *ledger.License) *verify.License {
	r.Helper()
	got, err := r.signer.Verifier.Check([]byte(format.EncodeText(format.LicenseFile, license.File)),
		verify.Facts{Now: license.Issued, Product: "evoq", AnyMachine: true})
	if err != nil {
		r.Fatal(err)
	}
	return got
}

// wantRefusal wants a refusal that upholds the rule, says what to do and who may lift
// it, and names what is given.
func wantRefusal(t testing.TB, err error, rule ledger.Rule, naming ...string) {
	t.Helper()
	var refusal *ledger.Refusal
	if !errors.As(err, &refusal) || refusal.Rule != rule {
		t.Fatalf("got %v, want a refusal by the rule %s", err, rule)
	}
	next := refusal.Hint()
	if refusal.Lift == "" || refusal.Lift != ledger.LiftNobody && !strings.Contains(next, refusal.Lift) || strings.HasPrefix(next, ";") || next == "" {
		t.Errorf("%q says too little: %q, who may lift it: %q", refusal, next, refusal.Lift)
	}
	for _, name := range naming {
		if !strings.Contains(refusal.Message, name) {
			t.Errorf("%q does not name %q", refusal, name)
		}
	}
}

// wantHint wants an error that says what to do.
func wantHint(t testing.TB, err error, says ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one with the hint %q", says)
	}
	for _, s := range append(says, " ") {
		if !strings.Contains(hint.Of(err), s) {
			t.Errorf("the hint of %q is %q, want %q in it", err, hint.Of(err), s)
		}
	}
}
