package verify_test

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/offlicense/offlicense/verify"
)

// TestTurns: between two turns nothing but the time in a refusal changes, and all that can
// turn does.
func TestTurns(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	day := func(most int) time.Duration { return time.Duration(random.IntN(most*24*3600)) * time.Second }
	seen := map[verify.Reason]bool{}
	warned := map[verify.WarningCode]bool{}
	for range 100 {
		s := newScenario(t)
		begin := issued.Add(day(3))
		s.license.NotBefore, s.license.Expires = begin.Unix(), begin.Add(day(100)+time.Hour).Unix()
		s.license.Terms.GraceDays = uint64(min(random.Int64N(15), (s.license.Expires-s.license.NotBefore)/(24*3600)))
		s.facts.Seen = issued.Add(day(120))
		v := testVerifier(t)
		if random.IntN(2) == 0 {
			list, err := v.OpenRevocationList(listText(rootList(t, testList(1), rootKey(t))))
			if err != nil {
				t.Fatal(err)
			}
			s.facts.Revocations, s.facts.MaxRevocationAge = []*verify.RevocationList{list}, day(120)
		}
		o, err := v.Open(textOf(t, s.delegation, s.license))
		if err != nil {
			t.Fatal(err)
		}
		at := func(now time.Time) (reason verify.Reason, warnings []verify.Warning) {
			s.facts.Now = now
			l, err := o.Check(s.facts)
			if err != nil {
				errors.As(err, &reason)
				return reason, nil
			}
			for _, w := range l.Warnings {
				warned[w.Code] = true
			}
			return l.Reason, l.Warnings
		}
		turns := append(o.Turns(s.facts), issued.AddDate(9, 0, 0))
		from := issued.AddDate(-1, 0, 0)
		for _, until := range turns {
			if until.Before(from) {
				t.Fatalf("not in order: %v", turns)
			}
			reason, warnings := at(from)
			seen[reason] = true
			for _, now := range [...]time.Time{until.Add(-1), from.Add(time.Duration(random.Int64N(max(1, int64(until.Sub(from))))))} {
				if now.Before(from) {
					continue
				}
				if r, w := at(now); r != reason || !reflect.DeepEqual(w, warnings) {
					t.Fatalf("from %v: %s %v, at %v: %s %v; the turns are %v", from, reason, warnings, now, r, w, turns)
				}
			}
			from = until
		}
	}
	for _, want := range [...]verify.Reason{verify.Valid, verify.Grace, verify.Expired, verify.NotYetValid, verify.ClockRolledBack, verify.Revoked} {
		if !seen[want] {
			t.Errorf("never saw %s", want)
		}
	}
	if !warned[verify.EndsSoon] || !warned[verify.InGrace] {
		t.Errorf("saw the warnings %v", warned)
	}
}
