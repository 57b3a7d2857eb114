package site

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// gate opens the gate of a state directory, and checks once.
func gate(t testing.TB, s *State, p Program, at time.Time) *Gate {
	t.Helper()
	g := Open(s.Dir(), sitetest.Verifier(t), p)
	_, _ = g.Check(at)
	return g
}

// answered says what was answered, but for the time in a refusal.
func answered(l *verify.License, err error) string {
	var reason verify.Reason
	if errors.As(err, &reason) {
		return string(reason)
	}
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(l.ID, l.Reason, l.Warnings)
}

// TestCurrentIsTheJudgement: whatever the time, the answer from memory is the one that a check
// of the same files gives.
func TestCurrentIsTheJudgement(t *testing.T) {
	for name, make := range map[string]func() (*State, Program){
		"with grace": func() (*State, Program) {
			s, r := installedState(t)
			install(t, s, license(t, r, func(l *format.LicenseClaims) { l.Terms.GraceDays = 14 }))
			return s, program(t)
		},
		"perpetual": func() (*State, Program) {
			s, r := installedState(t)
			install(t, s, license(t, r, func(l *format.LicenseClaims) { l.Expires = 0 }))
			return s, program(t)
		},
		"a list of some age": func() (*State, Program) {
			s, _ := installedState(t)
			p := program(t)
			p.Revocations, p.MaxRevocationAge = [][]byte{list(t, sitetest.Root, 5, nil)}, 100*oneDay
			return s, p
		},
		"another product's": func() (*State, Program) {
			s, _ := installedState(t)
			return s, Program{Product: "liquid"}
		},
		"an emergency of 3 days": func() (*State, Program) {
			s, _ := failoverState(t, 3)
			mustStart(t, s, now)
			return s, program(t)
		},
		"on standby": func() (*State, Program) {
			s, _ := failoverState(t, 3)
			return s, program(t)
		},
		"no license": func() (*State, Program) { return At(t.TempDir()), program(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s, p := make()
			g, v := gate(t, s, p, now), sitetest.Verifier(t)
			text, _ := s.readLicense()
			seen := map[string]bool{}
			step := 5 * time.Hour
			for at := now.Add(-2 * oneDay); at.Before(sitetest.Ends.Add(20 * oneDay)); at = at.Add(step) {
				if at.After(now.Add(5 * oneDay)) {
					step = 101 * time.Hour
				}
				got := answered(g.Current(at))
				want := answered(s.Judge(v, text, p, at))
				if text == nil {
					want = string(verify.NoLicense)
				}
				if got != want {
					t.Fatalf("at %v: got %s, want %s", at, got, want)
				}
				seen[got] = true
			}
			t.Log(len(seen), "answers")
		})
	}
}

// TestCurrentKnowsTheClock: what a check has seen counts at once.
func TestCurrentKnowsTheClock(t *testing.T) {
	s, _ := installedState(t)
	g := gate(t, s, program(t), now.Add(oneDay))
	if _, err := g.Current(now.Add(oneDay - verify.SeenTolerance)); err != nil {
		t.Errorf("within the tolerance: %v", err)
	}
	_, err := g.Current(now.Add(oneDay - verify.SeenTolerance - time.Second))
	wantReason(t, err, verify.ClockRolledBack)
}

// TestCurrentNamesTheTime: a refusal tells the time at which it was asked for.
func TestCurrentNamesTheTime(t *testing.T) {
	s, _ := installedState(t)
	g := gate(t, s, program(t), now)
	for _, at := range [...]time.Time{sitetest.Ends, sitetest.Ends.Add(time.Second), sitetest.Ends.AddDate(1, 0, 0), now.AddDate(-2, 0, 0)} {
		_, err := g.Current(at)
		var r *verify.Refusal
		if !errors.As(err, &r) || r.Found != at.Format(time.RFC3339) {
			t.Errorf("at %v: got %+v", at, r)
		}
	}
}

func TestCurrentAllocatesNothing(t *testing.T) {
	s, r := installedState(t)
	install(t, s, license(t, r, func(l *format.LicenseClaims) { l.Terms.GraceDays = 14 }))
	g := gate(t, s, program(t), now)
	times := []time.Time{now, sitetest.Ends.AddDate(0, 0, -20), sitetest.Ends.Add(-time.Hour), sitetest.Ends, now.AddDate(-2, 0, 0)}
	each := func() {
		for _, at := range times {
			if l, err := g.Current(at); err == nil && !l.HasFeature("sso") {
				t.Fatal("no feature")
			}
		}
	}
	if got := testing.AllocsPerRun(100, each); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

// TestCurrentBeforeCheck, and after one that could judge nothing.
func TestCurrentBeforeCheck(t *testing.T) {
	g := Open(t.TempDir(), sitetest.Verifier(t), program(t))
	if l, err := g.Current(now); l != nil || err != ErrNotChecked {
		t.Errorf("got %v, %v", l, err)
	}
	p := program(t)
	p.Revocations = [][]byte{[]byte("no list")}
	s, _ := installedState(t)
	g = Open(s.Dir(), sitetest.Verifier(t), p)
	_, err := g.Check(now)
	if _, again := g.Current(now); err == nil || again != err || errors.As(err, new(*verify.Refusal)) {
		t.Errorf("got %v, then %v", err, again)
	}
}

// TestCheckThatCannotJudge: a disk that fails for a while stops nothing that ran, and the end counts all
// the same.
func TestCheckThatCannotJudge(t *testing.T) {
	s, _ := installedState(t)
	g := gate(t, s, program(t), now)
	if err := os.Remove(s.LicensePath()); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(s.LicensePath(), 0o755); err != nil { // no regular file: not readable
		t.Fatal(err)
	}
	if l, err := g.Check(now); l != nil || err == nil || errors.As(err, new(*verify.Refusal)) {
		t.Fatalf("got %v, %v", l, err)
	}
	if l, err := g.Current(now); err != nil {
		t.Errorf("got %v, %v", l, err)
	}
	_, err := g.Current(sitetest.Ends)
	wantReason(t, err, verify.Expired)
}

// TestCurrentWhileChecked, for the race detector.
func TestCurrentWhileChecked(t *testing.T) {
	s, r := installedState(t)
	g := gate(t, s, program(t), now)
	var all sync.WaitGroup
	done := make(chan struct{})
	for i := range 4 {
		all.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				if l, err := g.Current(now.Add(time.Duration(i+n%100) * 5 * oneDay)); (l == nil) == (err == nil) {
					t.Error(l, err)
				}
			}
		})
	}
	for i := range 10 {
		install(t, s, license(t, r, func(l *format.LicenseClaims) { l.Terms.Epoch, l.ID = uint64(i+1), format.ID{9, byte(i)} }))
		if l, err := g.Check(now); err != nil || l.ID[1] != byte(i) {
			t.Error(l, err)
		}
	}
	close(done)
	all.Wait()
}

func TestAsBuilt(t *testing.T) {
	commit := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for version, want := range map[string]string{
		"v9.2.0": "v9.2.0", "v9.2.1-0.20260601000000-0123456789ab+dirty": "v9.2.1-0.20260601000000-0123456789ab+dirty",
		"(devel)": "", "": "", "v0.0.0-20260601000000-0123456789ab": "",
	} {
		info := &debug.BuildInfo{Main: debug.Module{Version: version}, Settings: []debug.BuildSetting{{Key: "vcs.time", Value: commit.Format(time.RFC3339)}}}
		if p := (Program{}).asBuilt(info); p.Version != want || !p.Built.Equal(commit) {
			t.Errorf("%s: got %q, %v", version, p.Version, p.Built)
		}
		said := Program{Version: "8", Built: now}
		if p := said.asBuilt(info); p.Version != "8" || !p.Built.Equal(now) {
			t.Errorf("%s: got %q, %v", version, p.Version, p.Built)
		}
	}
}

// BenchmarkCurrent measures an answer from memory, also against reading the clock for it.
func BenchmarkCurrent(b *testing.B) {
	s, _ := installedState(b)
	g := gate(b, s, program(b), now)
	var clock, ours time.Duration
	const turns = 1000
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		for range turns {
			_ = time.Now()
		}
		middle := time.Now()
		for range turns {
			if _, err := g.Current(now); err != nil {
				b.Fatal(err)
			}
		}
		clock += middle.Sub(start)
		ours += time.Since(middle)
		n += turns
	}
	b.ReportMetric(float64(ours)/float64(n), "ns/current")
	b.ReportMetric(float64(ours)/float64(clock), "x-clock")
}
