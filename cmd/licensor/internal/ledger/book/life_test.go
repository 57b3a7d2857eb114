package book_test

import (
	"fmt"
	"slices"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
)

// Steps of TestNeverMoreThanWasSold in which staff change a sale as such.

var (
	addresses = []string{"ops@site.example", "it@site.example", "me@other.example"}
	customers = []string{"Site Ltd", "Other SA", "Third GmbH"}
	products  = []string{"evoq", "evok"}
)

// sells records a sale, with machines of its own that ask for it.
func (w *world) sells(seats uint64) {
	moves := uint64(ledger.DefaultMoves)
	w.names++
	m := &mSale{invoice: fmt.Sprint("P-", w.names), customer: customers[0], email: addresses[0], product: products[0],
		seats: seats, moves: moves, ends: w.now.Add(200 * day), answers: make(map[[32]byte]*mLicense)}
	e := ledgertest.Entitlement()
	e.Invoice, e.Seats, e.Expires, e.Moves = m.invoice, seats, m.ends, &moves
	if err := w.Entitle(ctx, w.by(""), e); err != nil {
		w.Fatal(err)
	}
	w.sales = append(w.sales, m)
	w.machines = append(w.machines, w.newMachines())
	w.asked = append(w.asked, nil)
}

// stands suspends, resumes or cancels a sale, and sells anew where one was canceled.
func (w *world) stands(n int) {
	m := w.sales[n]
	to := one(w, []ledger.Standing{ledger.StandingSuspended, "", ""})
	if w.IntN(4) == 0 {
		to = ledger.StandingCanceled
	}
	changes := m.standing != to
	refused := m.stand(to, w.now)
	_, changed, err := w.SetStanding(ctx, w.by("unpaid"), m.invoice, to)
	if !w.want(err, refused, "%s is to be %q", m.invoice, to) {
		return
	}
	if changed != changes {
		w.Fatalf("step %d: %s becomes %q: changed %v", w.step, m.invoice, to, changed)
	}
	if changed {
		w.seen["becomes "+string(to)]++
	}
	if changed && to == ledger.StandingCanceled {
		w.sells(m.seats)
		w.corrects(len(w.sales) - 1) // for its number may be typed wrong
	}
}

// corrects changes what staff say they have typed wrong.
func (w *world) corrects(n int) {
	m := w.sales[n]
	if !m.ends.After(w.now) {
		return
	}
	is := *m
	var what string
	k := w.IntN(4)
	if len(m.sites) == 0 && w.IntN(4) > 0 { // nobody has its number yet
		k = 1
	}
	switch k {
	case 0:
		is.email, what = one(w, addresses), "address"
	case 1:
		w.names++
		is.invoice, what = fmt.Sprint("P-", w.names), "number"
	case 2:
		is.seats, what = uint64(1+w.IntN(3)), "seats"
	default:
		is.product, what = one(w, products), "product"
	}
	refused := m.correct(&is, w.now)
	_, err := w.Correct(ctx, w.by("typed wrong"), m.invoice, rules.NewCorrection(func(e *ledger.Entitlement) error {
		e.Invoice, e.Email, e.Seats, e.Product = is.invoice, is.email, is.seats, is.product
		return nil
	}))
	if w.want(err, refused, "%s: another %s", m.invoice, what) {
		m.invoice, m.email, m.seats, m.product = is.invoice, is.email, is.seats, is.product
		w.seen["corrected: "+what]++
	}
}

// transfers gives a sale to another customer, with new licenses for all who are active.
func (w *world) transfers(n int) {
	m := w.sales[n]
	customer, email := one(w, customers), one(w, addresses)
	refused := ledger.Rule("")
	if m.standing != "" && (customer != m.customer || email != m.email) {
		refused = ledger.RuleStanding
	}
	to := rules.NewTransfer(customer, email)
	if customer != m.customer {
		w.revised(n, to, refused)
	} else if got, err := w.Revise(ctx, w.by("sold to them"), m.invoice, to, w.issuer.At(w.now)); w.want(err, refused, "the account of %s", m.invoice) && len(got.Steps) > 1 {
		w.Fatalf("step %d: a license for what no license says", w.step)
	}
	if refused == "" {
		if customer != m.customer {
			m.more = nil
		}
		m.customer, m.email = customer, email
		w.seen["transferred"]++
	}
}

// renames gives a customer another name, which may be that of another one.
func (w *world) renames(n int) {
	from, to := w.sales[n].customer, one(w, customers)
	want := 0
	for _, m := range w.sales {
		if m.customer == from && from != to {
			want++
		}
	}
	got, err := w.Rename(ctx, w.by("they say so"), from, to)
	if err != nil || got != want {
		w.Fatalf("step %d: %s becomes %s in %d sales, want %d: %v", w.step, from, to, got, want, err)
	}
	for _, m := range w.sales {
		if m.customer == from {
			m.customer = to
		}
	}
	w.seen["renamed"]++
}

// addresses lets one more address claim a sale, or one less.
func (w *world) addresses(n int) {
	m, email := w.sales[n], one(w, addresses)
	has, refused := slices.Contains(m.more, email), ledger.Rule("")
	switch {
	case m.standing == ledger.StandingCanceled:
		refused = ledger.RuleStanding
	case email == m.email:
		return
	}
	changed, err := w.SetAddress(ctx, w.by("they say so"), []string{m.invoice}, email, has)
	if !w.want(err, refused, "another address of %s", m.invoice) {
		return
	}
	if changed != 1 {
		w.Fatalf("step %d: %d changed", w.step, changed)
	}
	if has {
		m.more = slices.DeleteFunc(m.more, func(e string) bool { return e == email })
	} else {
		m.more = append(m.more, email)
	}
	w.seen["addresses"]++
}
