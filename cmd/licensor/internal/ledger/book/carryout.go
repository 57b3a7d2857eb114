package book

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"sync"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
)

// plan loads facts and asks the rules. It is called more than once: made twice of the
// same state it is the same.
type plan func(t *store.Tx) ([]*rules.Step, error)

// on makes a plan of a question and what decides it.
func on(by *ledger.Operation, ask store.Ask, decide func(t *store.Tx, f *rules.Facts) ([]*rules.Step, error)) plan {
	return func(t *store.Tx) ([]*rules.Step, error) {
		f, err := t.Facts(ask)
		if err != nil {
			return nil, err
		}
		return atThisTime(f, by, func() ([]*rules.Step, error) { return decide(t, f) })
	}
}

// atThisTime asks the rules, unless the ledger is frozen or the clock is behind. What they
// say is one operation.
func atThisTime(f *rules.Facts, by *ledger.Operation, decide func() ([]*rules.Step, error)) ([]*rules.Step, error) {
	if err := rules.CheckFrozen(f); err != nil {
		return nil, err
	}
	return onTime(f, by, decide)
}

func onTime(f *rules.Facts, by *ledger.Operation, decide func() ([]*rules.Step, error)) ([]*rules.Step, error) {
	lifted, err := rules.CheckClock(f.Newest, by)
	if err != nil {
		return nil, err
	}
	steps, err := decide()
	for i, s := range steps {
		s.Event.Lifted = slices.Concat(s.Event.Lifted, lifted)
		s.Event.More = i+1 < len(steps)
	}
	return steps, err
}

// carryOut makes a plan, has its grants signed and records its steps, all of them or
// none.
//
// Signing takes long and may wait for a person, so it happens before the transaction
// that locks the ledger. The plan holds if the log has not grown since, for every
// change is an event. If it has grown, the plan is made again under the lock, by the
// same rules, and only what comes out differently is signed again.
//
// If tolerate is not nil, it is told of a grant that could not be signed, and the plan
// is made again without it.
func (b *Book) carryOut(ctx context.Context, by *ledger.Operation, issue ledger.Issue, p plan, tolerate func(*rules.Step, error)) error {
	if err := by.Check(); err != nil {
		return err
	}
	var seen int64
	steps, err := read(ctx, b, func(t *store.Tx) (steps []*rules.Step, err error) {
		if seen, _, err = t.Size(); err != nil {
			return nil, err
		}
		return p(t)
	})
	if err != nil || len(steps) == 0 {
		return err
	}
	made := make(drafts)
	made.issue(steps, issue)
	failed := made.failures(steps, tolerate)
	if failed != nil && tolerate == nil {
		return failed
	}
	var leaves [][]byte
	if failed == nil {
		if leaves, err = made.encode(steps, seen+1, by); err != nil {
			return err
		}
	}
	return b.store.Write(ctx, func(w *store.Writer) error {
		for failed != nil || w.Events() != seen {
			if steps, err = p(&w.Tx); err != nil {
				return err
			}
			leaves = nil
			made.issue(steps, issue)
			if failed = made.failures(steps, tolerate); failed == nil {
				break
			}
			if tolerate == nil {
				return failed
			}
		}
		if err := made.checkSigners(&w.Tx, steps); err != nil {
			return err
		}
		if leaves == nil {
			if leaves, err = made.encode(steps, w.Events()+1, by); err != nil {
				return err
			}
		}
		for i, s := range steps {
			if err := w.Append(&s.Event, leaves[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// drafts are licenses that were signed outside a transaction.
type drafts map[draftKey]*draft

type draftKey struct {
	activation string
	epoch      uint64
}

type draft struct {
	ledger.Draft
	grant *ledger.Grant
}

func (made drafts) of(s *rules.Step) *draft {
	if s.Grant == nil {
		return nil
	}
	return made[draftKey{s.Grant.Activation, s.Grant.Epoch}]
}

// issue has the grants of all steps signed that have no draft yet, on all processors.
func (made drafts) issue(steps []*rules.Step, issue ledger.Issue) {
	var todo []*draft
	for _, s := range steps {
		if d := made.of(s); s.Grant != nil && (d == nil || !reflect.DeepEqual(d.grant, s.Grant)) {
			d = &draft{grant: s.Grant}
			made[draftKey{s.Grant.Activation, s.Grant.Epoch}] = d
			todo = append(todo, d)
		}
	}
	onAllProcessors(todo, func(share []*draft) {
		grants := make([]ledger.Grant, len(share))
		for i, d := range share {
			grants[i] = *d.grant
		}
		signed := issue(grants)
		for i, d := range share {
			if len(signed) != len(grants) {
				d.Err = fmt.Errorf("%d licenses were signed for %d grants", len(signed), len(grants))
				continue
			}
			d.Draft = signed[i]
		}
	})
}

// failures returns what could not be signed.
func (made drafts) failures(steps []*rules.Step, tolerate func(*rules.Step, error)) error {
	var all []error
	for _, s := range steps {
		if d := made.of(s); d != nil && d.Err != nil {
			all = append(all, d.Err)
			if tolerate != nil {
				tolerate(s, d.Err)
			}
		}
	}
	return errors.Join(all...)
}

// encode completes the events of steps, the first of which is to have the number from,
// and makes their canonical bytes.
func (made drafts) encode(steps []*rules.Step, from int64, by *ledger.Operation) ([][]byte, error) {
	leaves := make([][]byte, len(steps))
	var mu sync.Mutex
	var failed error
	numbers := make([]int, len(steps))
	for i := range numbers {
		numbers[i] = i
	}
	onAllProcessors(numbers, func(share []int) {
		for _, i := range share {
			s := steps[i]
			s.Event.Complete(from+int64(i), by)
			if signed, ok := s.Event.Detail.(*ledger.Signed); ok {
				signed.License = made.of(s).License(s.Grant, by.Now)
			}
			leaf, err := s.Event.Marshal()
			if err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
			}
			leaves[i] = leaf
		}
	})
	return leaves, failed
}

// checkSigners refuses licenses that a key has signed which was revoked meanwhile, or
// the root behind it.
func (made drafts) checkSigners(t *store.Tx, steps []*rules.Step) error {
	revoked, err := t.RevokedKeys(store.KeepOfRoots)
	if err != nil || len(revoked) == 0 {
		return err
	}
	checked := make(map[string]bool) // by delegation
	for _, s := range steps {
		d := made.of(s)
		if d == nil {
			continue
		}
		file, err := format.ParseFile(d.File)
		if err != nil {
			return err
		}
		if checked[string(file.RawDelegation)] {
			continue
		}
		checked[string(file.RawDelegation)] = true
		if err := rules.CheckSigner(revoked, d.Key, file.RawDelegation); err != nil {
			return err
		}
	}
	return nil
}

// onAllProcessors calls f with equal shares of a slice.
func onAllProcessors[T any](all []T, f func(share []T)) {
	workers := runtime.GOMAXPROCS(0)
	var wait sync.WaitGroup
	for share := range slices.Chunk(all, max(1, (len(all)+workers-1)/workers)) {
		wait.Go(func() { f(share) })
	}
	wait.Wait()
}
