package book_test

import (
	"slices"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// asks makes the request of a machine and sends it.
func (w *world) asks(n int, c *machine) {
	w.signs(n, w.request(n, c), w.IntN(12) == 0)
}

func (w *world) request(n int, c *machine) *asked {
	w.names++
	if c.key == 0 || w.IntN(6) == 0 && len(c.holds) == 0 {
		c.key, c.requests, c.holds = uint32(w.names), nil, nil
	}
	a := &asked{by: c, say: true}
	has := slices.Clone(c.has)
	key := ledgertest.SiteKey(c.key)
	// An attacker borrows components in what asks for the next license of a site.
	if w.IntN(2) == 0 && slices.ContainsFunc(w.sales[n].sites, func(s *mSite) bool {
		return s.state == "active" && string(s.key) == string(key.Public().Bytes())
	}) {
		a.say = false
		like := one(w, w.machines[n]).has
		if len(c.holds) > 0 && w.IntN(3) > 0 { // what the rules compare with, but for one thing
			if like = c.holds[len(c.holds)-1].named; len(like) == len(has) {
				own := w.IntN(len(has))
				mine := has[own]
				has = slices.Clone(like)
				has[own] = mine
			}
		} else {
			for i := range has {
				if w.IntN(2) == 0 {
					has[i] = like[i]
				}
			}
		}
	} else if w.IntN(8) == 0 { // somebody who is not root asks
		has = slices.Delete(has, 1, 2)
	}
	var err error
	a.q, err = ledgertest.Request(key.Public(), func(q *format.Request) {
		m := w.sales[n]
		q.Invoice, q.Product, q.Account = m.invoice, m.product, format.AccountHash(m.invoice, one(w, append([]string{m.email}, m.more...)))
		if w.IntN(40) == 0 {
			q.Product = one(w, products)
		}
		q.Time, q.Components = now.Unix()+int64(w.names), has
		if w.IntN(3) == 0 && !slices.ContainsFunc(w.sales[n].sites, func(s *mSite) bool { return s.freed && s.bridging(w.now) }) {
			q.Type = ledger.TypeDevelopment
		}
		if len(c.holds) > 0 && w.IntN(4) > 0 {
			q.Prior = &c.holds[max(0, len(c.holds)-1-w.IntN(3)*w.IntN(2))].id
		}
	})
	if err != nil {
		w.Fatal(err)
	}
	if a.say && w.IntN(2) == 0 {
		raw, err := format.Seal(format.SignedRequest, key.Public().ID(), a.q.Body, key.Sign)
		if err != nil {
			w.Fatal(err)
		}
		if a.q, err = verify.OpenRequest([]byte(format.EncodeText(format.SignedRequest, raw))); err != nil {
			w.Fatal(err)
		}
	}
	c.requests = append(c.requests, a.q.Hash)
	w.asked[n] = append(w.asked[n], a)
	return a
}

// signs sends a request. Staff may lift what refuses it.
func (w *world) signs(n int, a *asked, override bool) {
	m, by := w.sales[n], w.by("")
	if override = override && a.say; override {
		by.Why, by.Override = "the customer says so", true
	}
	got, from, moves, refused := m.sign(a.q, w.now, override)
	license, err := w.Sign(ctx, by, a.q, w.issuer.At(w.now))
	if !w.want(err, refused, "a request for %s %s, override %v", m.invoice, a.q.Type, override) {
		return
	}
	w.granted(n, a, license, got, from, moves)
}

// granted notes what a request got.
func (w *world) granted(n int, a *asked, license *ledger.License, got answer, from *mSite, moves bool) {
	m := w.sales[n]
	if got.again != nil {
		if license.ID != got.again.id {
			w.Fatalf("step %d: the same request got another license", w.step)
		}
		w.seen["again"]++
		w.gives(a.by, license, got.again)
		return
	}
	if got.ended != nil {
		m.close(got.ended, "void", 0, w.now)
	}
	if moves {
		m.moved = append(m.moved, w.now)
	}
	s := got.own
	switch {
	case s == nil:
		if s = (&mSite{id: license.Activation, state: "active", key: a.q.Key.Bytes()}); from != nil {
			m.closeBridges(from, w.now)
			s.state, s.from, s.until, s.waits = "bridge", from, license.HardEnd, a.q.Type == ledger.TypeDevelopment
			w.seen["bridges"]++
		}
		m.sites = append(m.sites, s)
	default:
		if s.freed {
			s.state, s.freed = "active", false
		}
		for _, l := range got.left {
			l.revoked = true
			w.seen["rebound"]++
		}
	}
	w.seen["signed"]++
	w.gives(a.by, license, w.licensed(m, s, license, a.q))
}

// licensed notes a license.
func (w *world) licensed(m *mSale, s *mSite, license *ledger.License, q *verify.Request) *mLicense {
	if license.Activation != s.id || license.Epoch != uint64(len(s.licenses)+1) {
		w.Fatalf("step %d: a license of %s, epoch %d", w.step, license.Activation, license.Epoch)
	}
	l := &mLicense{of: s, id: license.ID, epoch: license.Epoch, named: q.Components, need: len(q.Components)/2 + 1, end: license.HardEnd, q: q}
	s.licenses = append(s.licenses, l)
	m.answers[q.Hash] = l
	return l
}

// gives puts a license into the directory of a machine, if it is that of its key.
func (w *world) gives(c *machine, license *ledger.License, l *mLicense) {
	if c.key == 0 || string(ledgertest.SiteKey(c.key).Public().Bytes()) != string(l.of.key) {
		return
	}
	opened, err := w.verifier.Open([]byte(format.EncodeText(format.LicenseFile, license.File)))
	if err != nil {
		w.Fatal(err)
	}
	if !slices.ContainsFunc(c.holds, func(h *held) bool { return h.id == l.id }) {
		c.holds = append(c.holds, &held{l, opened})
	}
}

// givesAll is gives for all machines.
func (w *world) givesAll(n int, license *ledger.License, l *mLicense) {
	for _, c := range w.machines[n] {
		w.gives(c, license, l)
	}
}
