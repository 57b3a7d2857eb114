package book_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
)

// secondsVariable says how long TestEightPeople works.
const secondsVariable = "LEDGER_TEST_SECONDS"

// Eight people, each with connections of their own, sign, renew, correct, suspend, cancel
// and hand on the same few sales. Each of them gets an answer of the rules or none at all:
// nobody sees that others are there. Never are more seats taken than were sold, and what is
// on record follows.
func TestEightPeople(t *testing.T) {
	const people = 8
	seconds := 10
	if testing.Short() {
		seconds = 2
	}
	if text := os.Getenv(secondsVariable); text != "" {
		var err error
		if seconds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	where := ledgertest.Postgres(t)
	o := &office{T: t, where: where, done: make(map[string]int)}
	b := ledgertest.Create(t, where)
	for n := range o.sales {
		if err := o.sells(b, n); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
	defer stop()
	var wait sync.WaitGroup
	for n := range people {
		p := &person{office: o, b: ledgertest.Open(t, where), Rand: rand.New(rand.NewPCG(uint64(n), 1))}
		wait.Go(func() {
			for ctx.Err() == nil && !t.Failed() {
				p.works()
			}
		})
	}
	wait.Go(func() { // and one looks on
		for ; ctx.Err() == nil && !t.Failed(); time.Sleep(50 * time.Millisecond) {
			o.counts(b)
		}
	})
	wait.Wait()
	o.counts(b)
	wantClean(t, b)
	t.Logf("%d seconds: %v", seconds, o.done)
	for _, what := range []string{"sign", "renew", "correct", "cancel", "suspend", "resume", "transfer", "rename", "release", "deactivate"} {
		if o.done[what] == 0 && !testing.Short() {
			t.Errorf("nobody came to %s", what)
		}
	}
}

// office is what the people have in common: the sales that they work at.
type office struct {
	*testing.T
	where string

	mu      sync.Mutex
	numbers int
	sales   [4]officeSale
	done    map[string]int
}

// officeSale is a sale as somebody saw it last.
type officeSale struct{ invoice, email string }

func (o *office) number() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.numbers++
	return fmt.Sprint("P-", o.numbers)
}

// sells records a sale, in place of one that was canceled.
func (o *office) sells(b *book.Book, n int) error {
	e, moves := ledgertest.Entitlement(), uint64(1000)
	e.Invoice, e.Seats, e.Moves = o.number(), 3, &moves
	err := b.Entitle(ctx, by(), e)
	o.now(n, func(s *officeSale) { *s = officeSale{e.Invoice, e.Email} })
	return err
}

// now changes what is known of a sale.
func (o *office) now(n int, change func(*officeSale)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change(&o.sales[n])
}

// counts looks at all sales at one moment.
func (o *office) counts(b *book.Book) {
	all, err := b.List(ctx, store.Filter{})
	if err != nil {
		o.Error(err)
	}
	for _, h := range all {
		active := uint64(0)
		for _, a := range h.Activations {
			if a.State == ledger.StateActive {
				active++
			}
		}
		if active != h.SeatsUsed || active > h.Seats {
			o.Errorf("%s: %d active, %d of %d seats", h.Invoice, active, h.SeatsUsed, h.Seats)
		}
		if h.Standing == ledger.StandingCanceled && slices.ContainsFunc(h.Activations, func(a ledger.Held) bool { return a.Revoked.IsZero() }) {
			o.Errorf("%s is canceled, and not all of it is revoked", h.Invoice)
		}
	}
}

// person is one of the people.
type person struct {
	*office
	*rand.Rand
	b *book.Book
}

// works does one thing with one of the sales.
func (p *person) works() {
	p.mu.Lock()
	n := p.IntN(len(p.sales))
	s := p.sales[n]
	p.mu.Unlock()
	why := ledgertest.Because("the customer says so")
	switch k := p.IntN(40); {
	case k < 16:
		q, err := ledgertest.Request(ledgertest.SiteKey(uint32(1+p.IntN(7))).Public(), func(q *format.Request) {
			q.Invoice, q.Account, q.Time = s.invoice, format.AccountHash(s.invoice, s.email), now.Unix()+int64(p.IntN(3))
		})
		if err == nil {
			_, err = p.b.Sign(ctx, by(), q, issue())
		}
		p.saw("sign", err)
	case k < 20:
		ends := ledgertest.Entitlement().Expires.Add(time.Duration(p.IntN(500)) * day)
		_, err := p.b.Revise(ctx, by(), s.invoice, rules.NewRenewal(rules.Renewal{Expires: ledger.EndAt(ends)}), issue())
		p.saw("renew", err)
	case k < 26:
		p.corrects(n, s)
	case k < 28:
		_, _, err := p.b.SetStanding(ctx, why, s.invoice, ledger.StandingSuspended)
		p.saw("suspend", err)
	case k < 31:
		_, _, err := p.b.SetStanding(ctx, why, s.invoice, "")
		p.saw("resume", err)
	case k < 32:
		_, changed, err := p.b.SetStanding(ctx, why, s.invoice, ledger.StandingCanceled)
		if p.saw("cancel", err); err == nil && changed {
			p.saw("sell", p.sells(p.b, n))
		}
	case k < 33:
		email := one(p.Rand, addresses)
		_, err := p.b.Revise(ctx, why, s.invoice, rules.NewTransfer(one(p.Rand, customers), email), issue())
		if p.saw("transfer", err); err == nil {
			p.now(n, func(now *officeSale) {
				if now.invoice == s.invoice {
					now.email = email
				}
			})
		}
	case k < 34:
		_, err := p.b.Rename(ctx, why, one(p.Rand, customers), one(p.Rand, customers))
		p.saw("rename", err)
	default:
		p.frees(s)
	}
}

func (p *person) corrects(n int, s officeSale) {
	is := s
	seats := uint64(0)
	switch p.IntN(3) {
	case 0:
		is.email = one(p.Rand, addresses)
	case 1:
		is.invoice = p.number()
	default:
		seats = uint64(2 + p.IntN(3))
	}
	_, err := p.b.Correct(ctx, ledgertest.Because("typed wrong"), s.invoice, rules.NewCorrection(func(e *ledger.Entitlement) error {
		if e.Invoice = is.invoice; is.email != s.email {
			e.Email = is.email
		}
		if seats > 0 {
			e.Seats = seats
		}
		return nil
	}))
	if p.saw("correct", err); err == nil {
		p.now(n, func(now *officeSale) {
			if now.invoice == s.invoice { // and nobody has sold anew meanwhile
				now.invoice, now.email = is.invoice, is.email
			}
		})
	}
}

// frees releases or deactivates whoever is active.
func (p *person) frees(s officeSale) {
	all, err := p.b.List(ctx, store.Filter{Invoice: s.invoice})
	if err != nil || len(all) == 0 || len(all[0].Activations) == 0 {
		p.saw("look", err)
		return
	}
	a := one(p.Rand, all[0].Activations)
	if p.IntN(2) == 0 {
		_, err := p.b.Deactivate(ctx, ledgertest.Because("it died"), s.invoice, a.ID)
		p.saw("deactivate", err)
		return
	}
	for n := range uint32(8) {
		if key := ledgertest.SiteKey(n); string(key.Public().Bytes()) == string(a.MachineKey) {
			_, err := p.b.Release(ctx, by(), ledgertest.Releasing(a.License, key, 0), issue())
			p.saw("release", err)
		}
	}
}

// saw notes what came of a step. What the rules say, and that a sale is called otherwise by
// now, is an answer; that others write is none.
func (p *person) saw(what string, err error) {
	var refusal *ledger.Refusal
	var known *hint.Error
	var code *pgconn.PgError
	switch {
	case err == nil:
		p.mu.Lock()
		p.done[what]++
		p.mu.Unlock()
	case errors.As(err, &code):
		p.Errorf("%s: %v: %s %s", what, err, code.Code, code.Message)
	case errors.As(err, &refusal):
	case errors.As(err, &known) && slices.ContainsFunc([]string{
		"no entitlement has the invoice", "runs longer already", "nothing was sold to a customer",
	}, func(text string) bool { return strings.Contains(err.Error(), text) }):
	default:
		p.Errorf("%s: %v", what, err)
	}
}
