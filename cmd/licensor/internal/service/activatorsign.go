package service

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Why a request waits, besides what the rules say.
const (
	waitsForScope   = "scope"   // the key's delegation does not cover it
	waitsForHour    = "hour"    // the service has signed as many licenses in an hour as it may
	waitsForKey     = "key"     // there is no key that signs, or it is full
	waitsForGuesses = "guesses" // the invoice got too many wrong claims
)

// waitText says to the customer why a request waits.
func waitText(word string) string {
	wrong, _ := (&ledger.Refusal{Rule: ledger.Rule(word)}).CustomerSentences()
	switch word {
	case waitsForHour, waitsForKey, waitsForScope, rules.WaitsForPlan:
		wrong = "The vendor's staff sign this request."
	case rules.WaitsForRebind:
		wrong = "The license of this site is for other hardware."
	}
	return wrong + " It waits for the vendor."
}

var overHour = &rules.Waiting{Word: waitsForHour, Message: "the service has signed as many licenses in an hour as it may"}

const (
	maxBatch = 256   // requests that are committed together
	maxLate  = 1_000 // requests that are to be put into the queue after their answer
)

// activation is a request that waits for its batch.
type activation struct {
	q    *verify.Request
	done chan signed
}

type signed struct {
	license *ledger.License
	again   bool
	err     error
}

// sign hands a request to the goroutine that signs. If ctx ends before there is an answer, the
// request may be signed all the same: it gets that license when it comes again.
func (a *Activator) sign(ctx context.Context, c *call) (*Activated, error) {
	done := make(chan signed, 1)
	r, err := hand(ctx, a, a.in, &activation{c.q, done}, done, c.arrived)
	switch {
	case err != nil:
		return nil, err
	case r.err != nil:
		return a.refused(ctx, r.err, c)
	}
	return a.licensed(r.license, r.again)
}

// hand gives one to the goroutine that works on many, and waits for its answer.
func hand[T, R any](ctx context.Context, a *Activator, to chan<- T, one T, done <-chan R, handed func()) (r R, err error) {
	select {
	case to <- one:
		handed()
	case <-a.closing:
		return r, ErrClosed
	case <-ctx.Done():
		return r, context.Cause(ctx)
	}
	select {
	case r = <-done:
		return r, nil
	case <-ctx.Done():
		return r, context.Cause(ctx)
	}
}

// inGroups hands what comes to do, group after group: the next one is what came in meanwhile.
// more reports whether to wait for another one that is about to come, and on what; nil: never.
func inGroups[T any](a *Activator, from <-chan T, more func(begun int64, n int) <-chan struct{}, do func(group []T)) {
	for {
		select {
		case one := <-from:
			group := []T{one}
			begun := a.groups.Load()
		gather:
			for len(group) < maxBatch {
				select {
				case one := <-from:
					group = append(group, one)
					continue
				default:
				}
				if more == nil {
					break
				}
				sign := more(begun, len(group))
				if sign == nil {
					break
				}
				select {
				case one := <-from:
					group = append(group, one)
				case <-sign:
				case <-a.closing:
					break gather
				}
			}
			do(group)
		case <-a.closing:
			return
		}
	}
}

// maxGroups is for how many groups that are asked about a group that is to be signed waits: so
// long as others are on their way to it, one commit may do for all.
const maxGroups = 4

func (a *Activator) onTheWay(begun int64, _ int) <-chan struct{} {
	if a.coming.Load() == 0 || a.groups.Load()-begun >= maxGroups {
		return nil
	}
	return a.arrived
}

// comes notes a request that may be on its way to be signed, until it is there or will not come.
func (a *Activator) comes() (arrived func()) {
	a.coming.Add(1)
	return sync.OnceFunc(func() {
		a.coming.Add(-1)
		select {
		case a.arrived <- struct{}{}:
		default:
		}
	})
}

func (a *Activator) signAll() {
	inGroups(a, a.in, a.onTheWay, func(batch []*activation) {
		a.signing.Store(true)
		long := time.AfterFunc(askPatience, a.askNow)
		a.signBatch(batch)
		long.Stop()
		a.askNow()
	})
}

// signBatch answers each of a batch, which nothing cancels: it is recorded whole, and then
// told.
func (a *Activator) signBatch(batch []*activation) {
	ctx := context.Background()
	by := a.operation()
	signer, room, err := a.desk.ready(ctx, by.Now)
	for err == nil && len(batch) > 0 && room > 0 {
		some := batch[:min(room, len(batch))]
		var outcomes []Outcome
		requests := make([]*verify.Request, len(some))
		for i, one := range some {
			requests[i] = one.q
		}
		if outcomes, err = a.s.SignBatch(ctx, by, requests, signer.issuer.At(by.Now)); err != nil {
			break
		}
		fresh := 0
		for _, o := range outcomes {
			switch {
			case o.Err == nil && !o.Again:
				fresh++
			case o.Err != nil && rules.Waits(o.Err) == nil && !IsRefusal(o.Err) && !errors.Is(o.Err, ledger.ErrDamaged):
				a.desk.broken()
			}
		}
		a.desk.signed(fresh, by.Now)
		for i, o := range outcomes {
			some[i].done <- signed{o.License, o.Again, o.Err}
		}
		batch, room = batch[len(some):], room-fresh
	}
	var refusal *ledger.Refusal
	switch {
	case err == nil && len(batch) > 0:
		err = overHour
	case errors.As(err, &refusal) && refusal.Rule == ledger.RuleRevoked:
		err = &rules.Waiting{Word: waitsForKey, Message: "the service's key was revoked"}
	case rules.Waits(err) == nil && a.apart(ctx, err, len(batch)):
		for i := range batch {
			a.signBatch(batch[i : i+1])
		}
		return
	}
	if err != nil && len(batch) > 0 {
		a.o.Log.Error("sign", "requests", len(batch), "error", err.Error())
	}
	for _, one := range batch {
		one.done <- a.without(ctx, by, one.q, err)
	}
}

// apart reports whether those of a group are to be tried one by one, as all failed together and
// the ledger can be read: what is damaged of one customer is no reason to serve nobody.
func (a *Activator) apart(ctx context.Context, err error, n int) bool {
	return err != nil && n > 1 && a.s.CheckFrozen(ctx) == nil
}

// without answers a request that is not signed: with a license on record, with what the rules
// have against it, or with why nothing is signed.
func (a *Activator) without(ctx context.Context, by ledger.Operation, q *verify.Request, why error) signed {
	var waits *rules.Waiting
	if !errors.As(why, &waits) {
		return signed{err: why}
	}
	offer, err := a.s.Preview(ctx, by, q)
	switch {
	case err != nil:
		return signed{err: err}
	case offer.License != nil:
		return signed{license: offer.License, again: true}
	}
	return signed{err: why}
}

// queueLater puts a request into the queue after its answer, so that the answer takes no longer
// than one to a wrong claim. Where too many are to be put there, it is dropped: it may come
// again.
func (a *Activator) queueLater(w Queued) {
	select {
	case a.late <- w:
	default:
	}
}

func (a *Activator) queueLate() {
	add := func(group []Queued) {
		for _, w := range group {
			if _, err := a.enqueue(context.Background(), w); err != nil {
				a.o.Log.Warn("queue", "error", err.Error())
			}
		}
	}
	afterAnswers(a, a.late, add)
}

// afterAnswers does what is not done before an answer, also for what was answered before the end.
func afterAnswers[T any](a *Activator, from <-chan T, do func(group []T)) {
	inGroups(a, from, nil, do)
	for {
		select {
		case one := <-from:
			do([]T{one})
		default:
			return
		}
	}
}

// Issue signs with the service's key for a change that is no request: within the same hour, or
// not at all. Who records what it has signed calls Issued.
func (a *Activator) Issue(ctx context.Context, by ledger.Operation) ledger.Issue {
	var taken atomic.Int64
	return func(grants []ledger.Grant) []ledger.Draft {
		signer, room, err := a.desk.ready(ctx, by.Now)
		if err == nil && taken.Add(int64(len(grants))) > int64(room) {
			err = overHour
		}
		if err != nil {
			return slices.Repeat([]ledger.Draft{{Err: err}}, len(grants))
		}
		drafts := signer.issuer.IssueAll(grants, by.Now)
		for i, d := range drafts {
			if d.Err != nil && !IsRefusal(d.Err) {
				a.desk.broken()
				drafts[i].Err = &Trouble{d.Err}
			}
		}
		return drafts
	}
}

// Issued notes how many licenses of Issue are on record.
func (a *Activator) Issued(n int) { a.desk.signed(n, a.o.Now()) }

// AutoReleased is what came of a release.
type AutoReleased struct {
	Activation string
	Already    bool   // it was recorded before
	Successor  string // the activation of the new server of a move, whose request now gets its license

	// As of Activated.
	Waits                      bool
	Number, Word, Detail, Next string
}

// Release records a release, and signs the license of the new server of a move that waits for
// it. The same release again changes nothing.
func (a *Activator) Release(ctx context.Context, text []byte) (*AutoReleased, error) {
	p, err := a.s.OpenRelease(ctx, text)
	if err != nil {
		var refusal *ledger.Refusal
		var bad *verify.Refusal
		switch {
		case IsTrouble(err):
			return nil, err
		case errors.As(err, &refusal):
			return nil, declined(err)
		case errors.As(err, &bad):
			return nil, unreadable(err, "offlicense release")
		}
		return nil, declined(&ledger.Refusal{Rule: ledger.RuleRelease})
	}
	by := a.operation()
	released, err := a.s.RecordRelease(context.WithoutCancel(ctx), by, p, a.Issue(ctx, by))
	if err != nil {
		q := &verify.Request{Request: format.Request{Invoice: p.Request.Invoice}, Hash: sha256.Sum256(p.Raw)}
		waits, err := a.refused(ctx, err, &call{q: q, text: text})
		if err != nil {
			return nil, err
		}
		return &AutoReleased{Activation: p.Record.Activation, Waits: true, Number: waits.Number, Word: waits.Word, Detail: waits.Detail, Next: "Nothing more: the vendor records the release."}, nil
	}
	if released.Final != nil {
		a.Issued(1)
	}
	return &AutoReleased{Activation: released.Activation, Already: released.Already, Successor: released.Successor}, nil
}

// NewestList returns the text of the newest revocation list, nil if there is none.
func (a *Activator) NewestList(ctx context.Context) ([]byte, error) {
	raw, err := a.s.Book.NewestList(ctx, format.MaxRevocation)
	if err != nil || raw == nil {
		return nil, err
	}
	return format.EncodeFile(format.RevocationFile, raw), nil
}
