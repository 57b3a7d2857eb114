package book_test

import (
	"bytes"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// The rules of seats on a page, written down without a look at package rules. A function
// returns the rule that refuses, "" where none does.

type mLicense struct {
	of      *mSite
	id      format.ID
	epoch   uint64
	named   []format.Component
	need    int
	end     time.Time
	revoked bool
	list    uint64 // that says so
	given   bool   // up, by a release of it or of a later one
	q       *verify.Request
}

func (l *mLicense) good(now time.Time) bool { return !l.revoked && l.end.After(now) }

// mSite is an activation.
type mSite struct {
	id, state string // active, bridge, released, deactivated, void
	key       []byte
	licenses  []*mLicense
	from      *mSite // of a bridge, as the following
	until     time.Time
	waits     bool // its seat is to wait for it
	freed     bool // and does
}

func (s *mSite) newest() *mLicense { return s.licenses[len(s.licenses)-1] }

func (s *mSite) bridging(now time.Time) bool { return s.state == "bridge" && s.until.After(now) }

type mSale struct {
	invoice      string
	customer     string
	email        string
	more         []string // addresses besides
	product      string
	standing     ledger.Standing
	seats, moves uint64
	ends         time.Time
	sites        []*mSite
	most         uint64 // that were active at once
	moved        []time.Time
	left         []*mSite
	answers      map[[32]byte]*mLicense
}

func (m *mSale) active() (n uint64) {
	for _, s := range m.sites {
		if s.state == "active" {
			n++
		}
	}
	return n
}

func (m *mSale) taken(now time.Time) uint64 {
	n := m.active()
	for _, s := range m.sites {
		if s.freed && s.bridging(now) {
			n++
		}
	}
	return n
}

func (m *mSale) mayMove(now time.Time) bool {
	n := uint64(0)
	for _, at := range m.moved {
		if now.Sub(at) < 365*24*time.Hour {
			n++
		}
	}
	return n < m.moves*m.seats
}

// stays: a license beside which a machine may get another one. It holds on the machine, and
// what they share of machine-id and product-uuid is so much of the new one that this holds
// nowhere else.
func (l *mLicense) stays(machine []format.Component) bool {
	same, name := 0, 0
	for _, a := range l.named {
		if slices.ContainsFunc(machine, func(b format.Component) bool { return a.Label == b.Label && bytes.Equal(a.Hash, b.Hash) }) {
			if same++; a.Label == format.LabelMachineID || a.Label == format.LabelProductUUID {
				name++
			}
		}
	}
	return same >= l.need && len(machine)-name < len(machine)/2+1
}

// answer is what the rules think of a request before they ask for a seat.
type answer struct {
	again *mLicense // it has this one
	own   *mSite    // the site that asks
	ended *mSite    // a bridge of it that has ended
	left  []*mLicense
}

func (m *mSale) consider(q *verify.Request, now time.Time, override bool) (a answer, refused ledger.Rule) {
	switch {
	case q.Invoice != m.invoice, m.answers[q.Hash] == nil && !m.claims(q):
		return a, ledger.RuleClaim
	case m.standing == ledger.StandingCanceled:
		return a, ledger.RuleStanding
	}
	if l := m.answers[q.Hash]; l != nil {
		switch {
		case l.of.state == "active" || l.of.bridging(now):
			if l.revoked {
				return a, ledger.RuleRevoked
			}
			return answer{again: l, own: l.of}, ""
		case l.of.state == "released" || l.of.state == "deactivated":
			return a, ledger.RuleRequest
		}
	}
	switch {
	case !m.claims(q):
		return a, ledger.RuleClaim
	case q.Product != m.product:
		return a, ledger.RuleProduct
	case m.standing != "":
		return a, ledger.RuleStanding
	}
	for _, s := range m.sites {
		switch {
		case !bytes.Equal(s.key, q.Key.Bytes()):
		case s.state == "active":
			a.own = s
		case s.state == "bridge" && !s.bridging(now):
			a.ended = s
		case s.state == "bridge" && (q.Type == ledger.TypeDevelopment || !s.freed):
			return a, ledger.RuleMove
		case s.state == "bridge":
			a.own = s
		}
	}
	if a.own == nil {
		return a, ""
	}
	if a.own.newest().revoked {
		return a, ledger.RuleRevoked
	}
	names := false
	for _, l := range a.own.licenses {
		if l.good(now) && !l.stays(q.Components) {
			a.left = append(a.left, l)
		}
		names = names || q.Prior != nil && l.id == *q.Prior && !l.revoked
	}
	if len(a.left) > 0 && !override && !(q.Signed && names) {
		return a, ledger.RuleMachine
	}
	return a, ""
}

// bridge judges whether a site may get its bridge.
func (m *mSale) bridge(from *mSite, a answer, now time.Time, override bool) ledger.Rule {
	if from.newest().revoked {
		return ledger.RuleRevoked
	}
	if a.own != nil {
		return ledger.RuleMove
	}
	for _, s := range m.sites {
		if s.from == from && (s.bridging(now) || s.state != "released" && !override) {
			return ledger.RuleMove
		}
	}
	if !m.mayMove(now) && !override {
		return ledger.RuleMoves
	}
	return ""
}

// sign judges a request. from is the site that moves, where it asks for a bridge.
func (m *mSale) sign(q *verify.Request, now time.Time, override bool) (a answer, from *mSite, moves bool, refused ledger.Rule) {
	a, refused = m.consider(q, now, override)
	if refused != "" || a.again != nil {
		return a, nil, false, refused
	}
	free := m.taken(now) < m.seats
	switch {
	case q.Type == ledger.TypeDevelopment && free:
		return a, nil, false, ledger.RuleType
	case q.Type == ledger.TypeDevelopment && (m.seats > 1 || m.active() == 0):
		return a, nil, false, ledger.RuleMove
	case q.Type == ledger.TypeDevelopment:
		from = m.sites[slices.IndexFunc(m.sites, func(s *mSite) bool { return s.state == "active" })]
		return a, from, true, m.bridge(from, a, now, override)
	case a.own != nil:
		moves = len(a.left) > 0
	case !free:
		return a, nil, false, ledger.RuleSeats
	default:
		moves = a.ended == nil && m.taken(now) < m.most && !slices.ContainsFunc(m.left, func(s *mSite) bool {
			l := s.newest()
			wide := mLicense{named: l.named, need: max(len(l.named), len(q.Components))/2 + 1}
			return bytes.Equal(s.key, q.Key.Bytes()) || wide.stays(q.Components)
		})
	}
	if moves && !m.mayMove(now) && !override {
		return a, nil, moves, ledger.RuleMoves
	}
	return a, nil, moves, ""
}

// close ends a site, and what is good of it after an epoch waits for the next list.
func (m *mSale) close(s *mSite, state string, after uint64, now time.Time) {
	s.state = state
	for _, l := range s.licenses {
		if l.epoch > after && l.good(now) {
			l.revoked = true
		}
	}
	m.left = append(m.left, s)
}

// closeBridges ends the bridges of a site.
func (m *mSale) closeBridges(from *mSite, now time.Time) {
	for _, s := range m.sites {
		if s.from == from && s.state == "bridge" && !s.freed {
			m.close(s, "void", 0, now)
		}
	}
}

// release judges a release, and returns the bridge that is to get its final license.
func (m *mSale) release(l *mLicense, now time.Time) (final *mSite, refused ledger.Rule) {
	s := l.of
	switch {
	case s.state == "released":
		return nil, ""
	case s.state == "deactivated" || s.state == "void":
		return nil, ledger.RuleActive
	case s.newest().revoked || l.revoked:
		return nil, ledger.RuleRevoked
	case s.state == "bridge":
		m.close(s, "released", s.newest().epoch, now)
		return nil, ""
	}
	m.close(s, "released", l.epoch, now)
	for _, b := range m.sites {
		switch {
		case b.from != s || b.state != "bridge":
		case !b.bridging(now) || b.newest().revoked || m.standing != "":
			m.closeBridges(s, now)
		case b.waits:
			b.freed = true
		default:
			b.state, final = "active", b
		}
	}
	return final, ""
}

// stand judges what staff make of a sale. What is canceled stays so, and nothing of it is
// good any more.
func (m *mSale) stand(to ledger.Standing, now time.Time) ledger.Rule {
	if m.standing == ledger.StandingCanceled && to != m.standing {
		return ledger.RuleStanding
	}
	m.standing = to
	for _, s := range m.sites {
		for _, l := range s.licenses {
			if to == ledger.StandingCanceled && l.good(now) {
				l.revoked = true
			}
		}
	}
	return ""
}

// correct judges what a sale is to be in place of what it is: who has a seat keeps what
// licenses say, and the number is that of all licenses that ever were.
func (m *mSale) correct(is *mSale, now time.Time) ledger.Rule {
	same := is.invoice == m.invoice && is.seats == m.seats && is.product == m.product
	switch {
	case m.standing == ledger.StandingCanceled:
		return ledger.RuleStanding
	case is.invoice != m.invoice && len(m.sites) > 0, !same && m.taken(now) > 0:
		return ledger.RuleSigned
	}
	return ""
}

func (m *mSale) claims(q *verify.Request) bool {
	return slices.ContainsFunc(append([]string{m.email}, m.more...), func(email string) bool { return q.Account == format.AccountHash(m.invoice, email) })
}
