package service

import (
	"context"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/verify"
)

// asking is a request of which is asked what is on record. Those of all clients are asked
// together: one that guesses an invoice waits for no other statements than any other one.
type asking struct {
	q    *verify.Request
	done chan asked
}

type asked struct {
	book.Asked
	closed bool    // its invoice got too many wrong claims: nothing more is looked up
	waits  *Queued // it is in the queue, or was; nil as well where its claim is wrong
	err    error
}

func (a *Activator) ask(ctx context.Context, q *verify.Request) (asked, error) {
	done := make(chan asked, 1)
	r, err := hand(ctx, a, a.asking, &asking{q, done}, done, func() {})
	if err == nil {
		err = r.err
	}
	return r, err
}

func (a *Activator) askAll() {
	inGroups(a, a.asking, a.whileSigning, func(group []*asking) {
		a.answer(context.Background(), group)
		a.groups.Add(1)
	})
}

// While a batch is signed, those who come are asked about together: their batch is the next one.
// But nobody waits long for it, for many are on record.
const (
	maxAsked    = 16 // requests in such a group
	askPatience = 10 * time.Millisecond
)

func (a *Activator) whileSigning(_ int64, n int) <-chan struct{} {
	if n >= maxAsked || !a.signing.Load() {
		return nil
	}
	return a.idle
}

// askNow ends that.
func (a *Activator) askNow() {
	a.signing.Store(false)
	select {
	case a.idle <- struct{}{}:
	default:
	}
}

func (a *Activator) answer(ctx context.Context, group []*asking) {
	answers, err := a.askGroup(ctx, group)
	if a.apart(ctx, err, len(group)) {
		for i := range group {
			a.answer(ctx, group[i:i+1])
		}
		return
	}
	for i, one := range group {
		if err != nil {
			one.done <- asked{err: err}
			continue
		}
		one.done <- answers[i]
	}
}

func (a *Activator) askGroup(ctx context.Context, group []*asking) ([]asked, error) {
	requests := make([]*verify.Request, len(group))
	for i, one := range group {
		requests[i] = one.q
	}
	by := a.operation()
	found, newest, err := a.s.Ask(ctx, by, requests)
	if err != nil {
		return nil, err
	}
	if err := a.desk.carry(ctx, newest); err != nil {
		return nil, err
	}
	all := make([]asked, len(group))
	var hashes [][32]byte
	wrong := make(map[string]int) // claims of this group: none of them is more than the others
	for i, one := range found {
		all[i].Asked = one
		switch q := requests[i]; {
		case one.Recorded:
		case !one.Known && a.guesses.count(q.Invoice, by.Now)+wrong[q.Invoice] >= mostGuesses:
			all[i].closed = true
		case one.Right:
			hashes = append(hashes, q.Hash)
		default:
			wrong[q.Invoice]++
		}
	}
	var waits map[[32]byte]*Queued
	if a.o.Queue != nil && len(hashes) > 0 {
		if waits, err = a.o.Queue.OfRequests(ctx, hashes); err != nil {
			return nil, err
		}
	}
	for i, q := range requests {
		all[i].waits = waits[q.Hash]
	}
	for invoice, n := range wrong {
		if until := a.guesses.wrong(invoice, n, by.Now); !until.IsZero() {
			a.keepClosed(closedInvoice{invoice, until})
		}
	}
	return all, nil
}

// closedInvoice got too many wrong claims.
type closedInvoice struct {
	invoice string
	until   time.Time
}

// keepClosed keeps an invoice closed for who comes after this process, later: no answer waits
// for it. Where too many are to be kept, it is forgotten then.
func (a *Activator) keepClosed(c closedInvoice) {
	select {
	case a.closed <- c:
	default:
	}
}

func (a *Activator) keepAllClosed() {
	afterAnswers(a, a.closed, func(group []closedInvoice) {
		closed := make(map[string]time.Time)
		for _, c := range group {
			closed[c.invoice] = c.until
		}
		if a.o.Queue == nil {
			return
		}
		if err := a.o.Queue.KeepClosed(context.Background(), closed, a.o.Now()); err != nil {
			a.o.Log.Warn("queue", "error", err.Error())
		}
	})
}
