package site

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/internal/emergency"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// failoverState returns a directory with a failover license of so many days.
func failoverState(t testing.TB, days uint64) (*State, *Request) {
	t.Helper()
	s := At(filepath.Join(t.TempDir(), "S"))
	o := options(t)
	o.Type = format.TypeFailover
	r := request(t, s, o)
	install(t, s, license(t, r, func(l *format.LicenseClaims) { l.Terms.EmergencyDays = days }))
	return s, r
}

func start(t testing.TB, s *State, at time.Time) (*Failover, error) {
	t.Helper()
	return s.StartFailover(FailoverOptions{Why: "fire", Verifier: sitetest.Verifier(t), Components: cluster(t), Now: at})
}

func mustStart(t testing.TB, s *State, at time.Time) {
	t.Helper()
	if _, err := start(t, s, at); err != nil {
		t.Fatal(err)
	}
}

func mustStop(t testing.TB, s *State, at time.Time) {
	t.Helper()
	if _, err := s.StopFailover(FailoverOptions{Now: at}); err != nil {
		t.Fatal(err)
	}
}

func wantDays(t testing.TB, s *State, at time.Time, used uint64, usedUp bool) {
	t.Helper()
	f, err := s.Failover(FailoverOptions{Now: at})
	if err != nil || f.DaysUsed != used || f.UsedUp != usedUp {
		t.Errorf("at %s: got %+v, %v, want %d days, used up %v", at, f, err, used, usedUp)
	}
}

// midnight is the end of the first day of the tests.
var midnight = now.Truncate(oneDay).Add(oneDay)

// TestDaysOfEmergency: a day counts once it has begun, in UTC.
func TestDaysOfEmergency(t *testing.T) {
	s, _ := failoverState(t, 3)
	wantDays(t, s, now, 0, false)
	mustStart(t, s, midnight.Add(-time.Second))
	wantDays(t, s, midnight.Add(-time.Second), 1, false)
	wantDays(t, s, midnight, 2, false)
	for day := range 3 {
		at := midnight.Add(time.Duration(day-1)*oneDay + 12*time.Hour)
		if l, err := verifyAt(t, s, at); err != nil || len(l.Warnings) != 1 || !strings.Contains(l.Warnings[0].Text, "day "+string(rune('1'+day))+" of 3") {
			t.Fatalf("day %d: got %+v, %v", day+1, l, err)
		}
	}
	_, err := verifyAt(t, s, midnight.Add(2*oneDay))
	wantReason(t, err, verify.Standby)
	wantDays(t, s, midnight.Add(2*oneDay), 3, true)
}

// TestDaysCountUnasked: nobody has to ask on a day for it to count, and what counts does
// not depend on whether the directory can be written.
func TestDaysCountUnasked(t *testing.T) {
	s, _ := failoverState(t, 14)
	mustStart(t, s, now)
	if err := os.Remove(s.path(talliesFile)); err != nil { // as if it never had been recorded
		t.Fatal(err)
	}
	wantDays(t, s, now.Add(9*oneDay), 10, false)
	_, err := verifyAt(t, s, now.Add(14*oneDay))
	wantReason(t, err, verify.Standby)
}

func TestDaysAreKept(t *testing.T) {
	s, r := failoverState(t, 5)
	mustStart(t, s, now)
	mustStop(t, s, now.Add(oneDay))
	wantDays(t, s, now.Add(50*oneDay), 2, false)
	mustStart(t, s, now.Add(10*oneDay))
	mustStop(t, s, now.Add(10*oneDay))
	mustStart(t, s, now.Add(10*oneDay+time.Hour)) // the same day again
	mustStop(t, s, now.Add(10*oneDay+2*time.Hour))
	wantDays(t, s, now.Add(10*oneDay), 3, false)

	renew := func(epoch, days uint64, activation string) {
		t.Helper()
		install(t, s, license(t, r, func(l *format.LicenseClaims) {
			l.Activation, l.Terms.Epoch, l.Terms.EmergencyDays = activation, epoch, days
		}))
	}
	const own = "K7QX2MPA3ZL4N"
	renew(2, 5, own)
	wantDays(t, s, now.Add(11*oneDay), 3, false)
	renew(3, 2, own) // fewer than were used
	wantDays(t, s, now.Add(11*oneDay), 3, true)
	if _, err := start(t, s, now.Add(11*oneDay)); !errors.Is(err, verify.Standby) {
		t.Errorf("got %v, want standby", err)
	}
	renew(1, 5, "OTHER")
	wantDays(t, s, now.Add(11*oneDay), 0, false)
	mustStart(t, s, now.Add(11*oneDay))
	wantDays(t, s, now.Add(11*oneDay), 1, false)
	renew(4, 5, own) // whose emergency was not declared
	wantDays(t, s, now.Add(12*oneDay), 3, false)
	_, err := verifyAt(t, s, now.Add(12*oneDay))
	wantReason(t, err, verify.Standby)
	renew(1, 5, "OTHER")
	mustStart(t, s, now.Add(12*oneDay))
	wantDays(t, s, now.Add(12*oneDay), 2, false)
}

// TestMoreDaysGranted: days on which the server stood by because all were used up are
// not charged when more are granted.
func TestMoreDaysGranted(t *testing.T) {
	s, r := failoverState(t, 2)
	mustStart(t, s, now)
	for day := range 6 {
		_, err := verifyAt(t, s, now.Add(time.Duration(day)*oneDay))
		if (err == nil) != (day < 2) {
			t.Fatalf("day %d: %v", day, err)
		}
	}
	more := license(t, r, func(l *format.LicenseClaims) { l.Terms.Epoch, l.Terms.EmergencyDays = 2, 4 })
	if _, err := s.Install(sitetest.Verifier(t), more, InstallOptions{Components: cluster(t), Now: now.Add(6 * oneDay)}); err != nil {
		t.Fatal(err)
	}
	wantDays(t, s, now.Add(6*oneDay), 3, false)
	if _, err := verifyAt(t, s, now.Add(6*oneDay)); err != nil {
		t.Error(err)
	}
	wantDays(t, s, now.Add(7*oneDay), 4, false)
	wantDays(t, s, now.Add(8*oneDay), 4, true)
}

// TestClockSetBackInEmergency: neither the clock's file nor the days are needed for the
// other to hold.
func TestClockSetBackInEmergency(t *testing.T) {
	s, _ := failoverState(t, 14)
	mustStart(t, s, now)
	for day := range 5 {
		if _, err := verifyAt(t, s, now.Add(time.Duration(day)*oneDay)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := verifyAt(t, s, now)
	wantReason(t, err, verify.ClockRolledBack)
	wantDays(t, s, now, 5, false)
	if err := os.Remove(s.path(clockFile)); err != nil {
		t.Fatal(err)
	}
	wantDays(t, s, now, 5, false)
	if l, err := verifyAt(t, s, now); err != nil || !strings.Contains(l.Warnings[0].Text, "day 5 of 14") {
		t.Errorf("got %+v, %v", l, err)
	}
}

// TestProgramDeclares: what a program declares itself needs no record and is not counted.
func TestProgramDeclares(t *testing.T) {
	s, _ := failoverState(t, 1)
	p := program(t)
	p.Emergency = true
	for day := range 3 {
		if l, err := s.Verify(sitetest.Verifier(t), p, now.Add(time.Duration(day)*oneDay)); err != nil || len(l.Warnings) != 0 {
			t.Errorf("got %+v, %v", l, err)
		}
	}
	wantDays(t, s, now.Add(3*oneDay), 0, false)
}

// TestJudgingAFileCountsNothing: whether another license would run is no emergency day.
func TestJudgingAFileCountsNothing(t *testing.T) {
	s, _ := failoverState(t, 14)
	mustStart(t, s, now)
	before := file(t, s, talliesFile)
	l, err := s.Judge(sitetest.Verifier(t), file(t, s, licenseFile), program(t), now.Add(3*oneDay))
	if err != nil || !strings.Contains(l.Warnings[0].Text, "day 4 of 14") {
		t.Errorf("got %+v, %v", l, err)
	}
	sameFile(t, s, talliesFile, before)
}

func TestStartRefused(t *testing.T) {
	s, _ := failoverState(t, 14)
	for name, at := range map[string]time.Time{"expired": sitetest.Ends, "clock set back": sitetest.Issued.Add(-2 * time.Hour)} {
		if f, err := start(t, s, at); f != nil || !errors.As(err, new(*verify.Refusal)) {
			t.Errorf("%s: got %v, %v", name, f, err)
		}
	}
	for _, why := range []string{"", strings.Repeat("x", 129), "\x1b[2J", "a\nb", "\xff"} {
		_, err := s.StartFailover(FailoverOptions{Why: why, Verifier: sitetest.Verifier(t), Components: cluster(t), Now: now})
		if field := new(FieldError); !errors.As(err, &field) || field.Field != "why" || strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("%q: got %v", why, err)
		}
	}
	if _, err := os.Stat(s.path(declarationFile)); err == nil {
		t.Error("an emergency is declared")
	}
	production, _ := installedState(t)
	if _, err := start(t, production, now); !errors.Is(err, ErrNotFailover) {
		t.Errorf("production: got %v", err)
	}
}

// TestFailoverFilesAreWhole: what is not what was written is an error, and never a
// license that runs.
func TestFailoverFilesAreWhole(t *testing.T) {
	s, _ := failoverState(t, 14)
	mustStart(t, s, now)
	for _, name := range []string{declarationFile, talliesFile} {
		whole := file(t, s, name)
		refuse := func(i int, content []byte) {
			t.Helper()
			put(t, s, name, content)
			if l, err := verifyAt(t, s, now); err == nil {
				t.Errorf("%s, %d: got %+v", name, i, l)
			} else if refusal := new(verify.Refusal); errors.As(err, &refusal) && refusal.Reason != verify.Standby {
				t.Errorf("%s, %d: %v", name, i, err)
			}
		}
		for i := range whole {
			if i != len(emergency.MarshalTallies(nil)) || name != talliesFile { // no activation has used a day
				refuse(i, whole[:i])
			}
			broken := bytes.Clone(whole)
			broken[i] ^= 0x80
			refuse(i, broken)
		}
		refuse(len(whole), append(bytes.Clone(whole), make([]byte, maxFile)...))
		put(t, s, name, whole)
		if _, err := verifyAt(t, s, now); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStopHolds: a check at the same time does not bring an emergency back.
func TestStopHolds(t *testing.T) {
	for day := range 20 {
		s, _ := failoverState(t, 0)
		at := now.Add(time.Duration(day) * oneDay)
		mustStart(t, s, now)
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				for {
					if _, err := s.Verify(sitetest.Verifier(t), program(t), at); err != nil {
						if !errors.Is(err, verify.Standby) {
							t.Error(err)
						}
						return
					}
				}
			})
		}
		mustStop(t, s, at)
		wait.Wait()
		f, err := s.Failover(FailoverOptions{Now: at.Add(100 * oneDay)})
		if err != nil || f.Declared || f.DaysUsed != uint64(day)+1 {
			t.Fatalf("got %+v, %v", f, err)
		}
	}
}
