package book_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// stepsVariable says how many steps TestNeverMoreThanWasSold takes, and seedVariable which.
const (
	stepsVariable = "LEDGER_TEST_STEPS"
	seedVariable  = "LEDGER_TEST_SEED"
)

// Honest and hostile customers and clumsy staff, step by step at random, against the model.
// Each answer must be the model's. And never do more machines accept what their own
// directories hold, by an unmodified verifier with the newest list, than there are seats,
// running bridges and licenses that wait for the next list together.
//
// What was given up by a release counts as stopped in the copies of its directory, too: a
// copy on the machine itself, or one that leaves the release to another, is what nobody can
// see from outside.
func TestNeverMoreThanWasSold(t *testing.T) {
	seed := uint64(fromEnvironment(t, seedVariable, 2))
	ledgertest.Everywhere(t, func(t *testing.T, where string) {
		steps := 300
		if where[0] == '/' {
			steps = 1000
		}
		if testing.Short() {
			steps /= 4
		}
		steps = fromEnvironment(t, stepsVariable, steps)
		w := newWorld(t, ledgertest.Create(t, where), seed)
		for w.step = 1; w.step <= steps; w.step++ {
			w.play()
			w.now = w.now.Add(time.Duration(w.IntN(8*60)) * time.Minute)
			if w.step%100 == 0 {
				w.compare()
			}
			if w.step%1000 == 0 {
				wantClean(t, w.Book)
			}
		}
		w.compare()
		wantClean(t, w.Book)
		t.Logf("%d steps: %v", steps, w.seen)
		if steps >= 5000 {
			for _, what := range []string{"signed", "again", "rebound", "bridges", "final", "waits", "lists", "given up", "ran",
				string(ledger.RuleMachine), string(ledger.RuleMoves), string(ledger.RuleSeats), string(ledger.RuleMove), string(ledger.RuleRevoked), string(ledger.RuleRequest), string(ledger.RuleActive),
				"becomes suspended", "becomes canceled", "becomes ", "corrected: address", "corrected: number", "corrected: seats", "corrected: product", "transferred", "renamed", "addresses",
				string(ledger.RuleStanding), string(ledger.RuleSigned), string(ledger.RuleClaim), string(ledger.RuleProduct)} {
				if w.seen[what] == 0 {
					t.Errorf("no step came by: %s", what)
				}
			}
		}
	})
}

func fromEnvironment(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	if os.Getenv(variable) == "" {
		return otherwise
	}
	n, err := strconv.Atoi(os.Getenv(variable))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// world is a vendor and the machines of its customers.
type world struct {
	*testing.T
	*book.Book
	*rand.Rand
	step     int
	now      time.Time
	issuer   *issuer.Issuer
	verifier *verify.Verifier
	list     *verify.RevocationList
	sales    []*mSale
	machines [][]*machine // of each sale
	asked    [][]*asked   // of each sale
	names    int          // of components, keys and requests that there were
	seen     map[string]int
}

// asked is a request that was made.
type asked struct {
	q   *verify.Request
	by  *machine
	say bool // no component of it is borrowed
}

// machine is a server with its components and its state directory.
type machine struct {
	has      []format.Component // machine-id, product-uuid, root-fs
	key      uint32             // 0: it has no directory
	requests [][32]byte
	holds    []*held
	released []verify.ReleasedLicense
}

type held struct {
	*mLicense
	opened *verify.Opened
}

func newWorld(t *testing.T, b *book.Book, seed uint64) *world {
	w := &world{T: t, Book: b, Rand: rand.New(rand.NewPCG(seed, 0)), now: now, names: 1000, seen: make(map[string]int),
		issuer: ledgertest.Issuer(ledgertest.Root, ledgertest.Staff), verifier: ledgertest.Verifier(ledgertest.Root, ledgertest.Root-1)}
	for _, seats := range []uint64{1, 1, 1, 2, 2, 3} {
		w.sells(seats)
	}
	return w
}

// newMachines are the machines that ask for a sale.
func (w *world) newMachines() (all []*machine) {
	for n := range 7 {
		image := w.name(format.LabelRootFS)
		if n%2 == 1 { // two servers of each image
			image = all[n-1].has[2]
		}
		all = append(all, &machine{has: []format.Component{w.name(format.LabelMachineID), w.name(format.LabelProductUUID), image}})
	}
	return all
}

// name is a component that nothing else has.
func (w *world) name(label string) format.Component {
	w.names++
	return format.Component{Label: label, Hash: fmt.Appendf(nil, "%06d--", w.names)}
}

// one picks one of many.
func one[T any](r interface{ IntN(int) int }, all []T) T { return all[r.IntN(len(all))] }

// want compares an answer with that of the model, and reports whether it is no refusal.
func (w *world) want(err error, refused ledger.Rule, what string, args ...any) bool {
	w.Helper()
	var got ledger.Rule
	var refusal *ledger.Refusal
	if errors.As(err, &refusal) {
		got = refusal.Rule
	} else if err != nil {
		w.Fatalf("step %d: %s: %v", w.step, fmt.Sprintf(what, args...), err)
	}
	if got != refused {
		w.Fatalf("step %d: %s: refused by %q (%v), and the model says %q", w.step, fmt.Sprintf(what, args...), got, err, refused)
	}
	if refused != "" {
		w.seen[string(refused)]++
	}
	return refused == ""
}

func (w *world) by(why string) ledger.Operation {
	by := ledgertest.At(w.now)
	by.Why = why
	return by
}

// play takes a step in one of the sales, and looks at its machines.
func (w *world) play() {
	const live = 12 // the older ones were canceled long ago, or lie idle
	n := len(w.sales) - 1 - w.IntN(min(live, len(w.sales)))
	if w.sales[n].standing == ledger.StandingCanceled && w.IntN(4) > 0 { // there is more to see elsewhere
		n = len(w.sales) - 1 - w.IntN(min(live, len(w.sales)))
	}
	m := w.sales[n]
	if m.standing == "" && m.ends.Sub(w.now) < 60*day {
		m.ends = w.now.Add(200 * day)
		w.revised(n, rules.NewRenewal(rules.Renewal{Expires: ledger.EndAt(m.ends)}), "")
	}
	if m.standing == ledger.StandingSuspended && w.IntN(4) == 0 {
		w.stands(n)
		return
	}
	for _, b := range m.sites { // an honest customer goes on with a move
		if b.bridging(w.now) && w.IntN(4) == 0 {
			w.goesOn(n, b)
			w.counts(n)
			return
		}
	}
	switch k := w.IntN(100); {
	case k < 34:
		w.asks(n, one(w, w.machines[n]))
	case k < 40 && len(w.asked[n]) > 0: // somebody sends an old request again
		if a := one(w, w.asked[n]); a.say || m.answers[a.q.Hash] != nil {
			w.signs(n, a, false)
		}
	case k < 56:
		w.releases(n, one(w, w.machines[n]))
	case k < 62: // a component is another one from now on
		i, what := w.IntN(len(w.machines[n])), w.IntN(3)
		c := w.machines[n][i]
		c.has[what] = w.name(c.has[what].Label)
		if what == 2 && i^1 < len(w.machines[n]) { // a new image, for both of its servers
			w.machines[n][i^1].has[what] = c.has[what]
		}
	case k < 74:
		i := w.IntN(len(w.machines[n]))
		from, to := w.machines[n][i], one(w, w.machines[n])
		if w.IntN(2) == 0 && i^1 < len(w.machines[n]) { // to the other server of the image
			to = w.machines[n][i^1]
		}
		if w.copies(from, to); w.IntN(2) == 0 {
			w.asks(n, to)
		}
	case k < 80:
		w.moves(n)
	case k < 84:
		w.deactivates(n)
	case k < 86:
		w.revokes(n)
	case k < 88:
		moves, refused := uint64(w.IntN(8)), ledger.Rule("")
		if m.standing != "" && moves != m.moves {
			refused = ledger.RuleStanding
		} else {
			m.moves = moves
		}
		got, err := w.Revise(ctx, w.by(""), m.invoice, rules.NewAmendment(func(e *ledger.Entitlement) error { e.Moves = &moves; return nil }), w.issuer.At(w.now))
		if w.want(err, refused, "other moves of %s", m.invoice) && len(got.Steps) > 1 {
			w.Fatalf("step %d: a license for what no license says", w.step)
		}
	case k < 90:
		w.resells(n)
	case k < 93:
		w.publishes()
	case k < 97:
		w.changes(n)
	default:
		w.now = w.now.Add(time.Duration(w.IntN(30)) * day)
	}
	w.counts(n)
}

// changes changes a sale as such.
func (w *world) changes(n int) {
	switch w.IntN(7) {
	case 6:
		w.addresses(n)
	case 0, 1:
		w.stands(n)
	case 2, 3:
		w.corrects(n)
	case 4:
		w.transfers(n)
	default:
		w.renames(n)
	}
}

// releases gives up a license that a directory holds, sometimes an older one.
func (w *world) releases(n int, c *machine) {
	if len(c.holds) == 0 {
		return
	}
	h := c.holds[len(c.holds)-1]
	if w.IntN(4) == 0 {
		h = one(w, c.holds)
	}
	w.givesUp(n, c, h)
}

func (w *world) givesUp(n int, c *machine, h *held) {
	m, s := w.sales[n], h.of
	was := s.state
	final, refused := m.release(h.mLicense, w.now)
	c.released = append(c.released, verify.ReleasedLicense{License: h.id, Vendor: "acme.example", Activation: s.id, At: w.now})
	got, err := w.Release(ctx, w.by(""), ledgertest.Releasing(&ledger.License{ID: h.id, Activation: s.id}, ledgertest.SiteKey(c.key), 0), w.issuer.At(w.now))
	if !w.want(err, refused, "a release of %s, which is %s", s.id, was) {
		return
	}
	if was != "released" {
		for _, l := range s.licenses {
			l.given = l.given || l.epoch <= h.epoch || was == "bridge"
		}
		w.seen["given up"]++
	}
	waits := was != "released" && slices.ContainsFunc(m.sites, func(b *mSite) bool { return b.from == s && b.freed })
	if got.Already != (was == "released") || !got.Already && (got.Final != nil) != (final != nil) || waits && got.Waits == nil {
		w.Fatalf("step %d: released: %+v", w.step, got)
	}
	if waits {
		w.seen["waits"]++
	}
	if final != nil {
		w.seen["final"]++
		w.givesAll(n, got.License, w.licensed(m, final, got.License, final.newest().q))
	}
}

// resells changes how many seats were sold.
func (w *world) resells(n int) {
	m := w.sales[n]
	seats, refused := uint64(1+w.IntN(3)), ledger.Rule("")
	switch {
	case seats == m.seats:
	case m.standing != "":
		refused = ledger.RuleStanding
	case seats < m.taken(w.now):
		refused = ledger.RuleSeats
	}
	w.revised(n, rules.NewAmendment(func(e *ledger.Entitlement) error { e.Seats = seats; return nil }), refused)
	if refused == "" {
		m.seats = seats
	}
}

// goesOn goes on with a move: the old server gives its license up, or where that was done,
// the new one asks for production.
func (w *world) goesOn(n int, bridge *mSite) {
	site := bridge.from
	if bridge.freed {
		if site = bridge; w.IntN(2) == 0 {
			w.resells(n)
			return
		}
	}
	for _, c := range w.machines[n] {
		if len(c.holds) == 0 || c.holds[len(c.holds)-1].of != site {
			continue
		}
		if !bridge.freed {
			w.givesUp(n, c, c.holds[len(c.holds)-1])
		} else if a := w.request(n, c); a.say && a.q.Type == ledger.TypeProduction {
			w.signs(n, a, false)
		}
		return
	}
}

// copies takes the directory of one machine to another. What the other has released stays
// released there.
func (w *world) copies(from, to *machine) {
	if from != to && from.key != 0 {
		to.key, to.requests, to.holds = from.key, slices.Clone(from.requests), slices.Clone(from.holds)
		for _, r := range from.released {
			if !slices.Contains(to.released, r) {
				to.released = append(to.released, r)
			}
		}
	}
}

// moves begins a move that staff name, of whatever site, to whatever server.
func (w *world) moves(n int) {
	m := w.sales[n]
	if len(m.sites) == 0 {
		return
	}
	from, a, by := one(w, m.sites[max(0, len(m.sites)-4):]), w.request(n, one(w, w.machines[n])), w.by("new hardware")
	if !a.say {
		return
	}
	by.Override = w.IntN(6) == 0
	var got answer
	refused := ledger.RuleActive
	if from.state == "active" {
		got, refused = m.consider(a.q, w.now, by.Override)
		switch {
		case refused != "" || got.again != nil && got.again.of.from == from:
		case got.again != nil && got.again.of.state == "bridge":
			refused = ledger.RuleMove
		default:
			refused = m.bridge(from, got, w.now, by.Override)
		}
	}
	bridge, err := w.Move(ctx, by, m.invoice, from.id, time.Duration(1+w.IntN(30))*day, a.q, w.issuer.At(w.now))
	if w.want(err, refused, "a move of %s", from.id) {
		w.granted(n, a, bridge, got, from, true)
	}
}

func (w *world) deactivates(n int) {
	m := w.sales[n]
	if len(m.sites) == 0 {
		return
	}
	s := one(w, m.sites[max(0, len(m.sites)-6):])
	_, err := w.Deactivate(ctx, w.by("it died"), m.invoice, s.id)
	refused := ledger.RuleActive
	if s.state == "active" || s.state == "bridge" {
		refused = ""
	}
	if !w.want(err, refused, "deactivate %s, which is %s", s.id, s.state) {
		return
	}
	if s.state == "bridge" {
		m.close(s, "void", 0, w.now)
		return
	}
	m.closeBridges(s, w.now)
	m.close(s, "deactivated", 0, w.now)
}

func (w *world) revokes(n int) {
	m := w.sales[n]
	if len(m.sites) == 0 {
		return
	}
	s := one(w, m.sites[max(0, len(m.sites)-4):])
	if l := one(w, s.licenses); w.IntN(2) == 0 {
		_, err := w.RevokeLicense(ctx, w.by("leaked"), l.id)
		refused := ledger.RuleRevoked
		if l.good(w.now) {
			refused = ""
		}
		if w.want(err, refused, "revoke license %s", l.id) {
			l.revoked = true
		}
		return
	}
	refused := ledger.RuleRevoked
	for _, l := range s.licenses {
		if l.good(w.now) {
			l.revoked, refused = true, ""
		}
	}
	_, err := w.RevokeActivation(ctx, w.by("never paid"), s.id)
	w.want(err, refused, "revoke %s", s.id)
}

// revised changes what was sold, and brings the new licenses to whoever has the key.
func (w *world) revised(n int, r rules.Revision, refused ledger.Rule) {
	m := w.sales[n]
	got, err := w.Revise(ctx, w.by("the customer says so"), m.invoice, r, w.issuer.At(w.now))
	if !w.want(err, refused, "a revision of %s", m.invoice) || len(got.Steps) == 0 {
		return
	}
	licenses := got.Licenses
	for _, s := range m.sites {
		if s.state != "active" || s.newest().revoked {
			continue
		}
		i := slices.IndexFunc(licenses, func(l *ledger.License) bool { return l.Activation == s.id })
		if i < 0 {
			w.Fatalf("step %d: %s is active, and got no license", w.step, s.id)
		}
		w.givesAll(n, licenses[i], w.licensed(m, s, licenses[i], s.newest().q))
		licenses = slices.Delete(licenses, i, i+1)
	}
	if len(licenses) > 0 {
		w.Fatalf("step %d: a license of %s", w.step, licenses[0].Activation)
	}
}
