package site

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

const oneDay = 24 * time.Hour

// run asks a record every minute for a time, by a clock that is ahead, and returns the
// record and how often it was written.
func run(record seen, start time.Time, duration, ahead time.Duration) (seen, int) {
	written := 0
	for passed := time.Duration(0); passed < duration; passed += time.Minute {
		next, due := record.next(start.Add(passed + ahead))
		if due {
			record = next
			written++
		}
	}
	return record, written
}

func TestClockSteps(t *testing.T) {
	start := seen{now, now}
	// A normal day: the record follows, and is written once an hour at most.
	record, written := run(start, now, 10*oneDay, 0)
	if behind := now.Add(10 * oneDay).Sub(record.highest); behind > raiseAfter+time.Minute || behind < 0 {
		t.Errorf("behind by %s", behind)
	}
	if written > 240 {
		t.Errorf("written %d times in 10 days", written)
	}
	// A wrong jump of a week that is noticed after an afternoon costs a day, and of what
	// length whatsoever.
	for _, ahead := range []time.Duration{25 * time.Hour, 47 * time.Hour, 7 * oneDay, 100 * 366 * oneDay} {
		record, _ = run(start, now, 6*time.Hour, ahead)
		if moved := record.highest.Sub(now); moved > oneDay || moved < time.Hour {
			t.Errorf("jump of %s: moved by %s", ahead, moved)
		}
		// Set right again, the record waits for the clock and then follows it, by a day and
		// a little if it still takes the right time for the wrong one.
		record, _ = run(record, now.Add(6*time.Hour), 30*oneDay, 0)
		if behind := now.Add(6*time.Hour + 30*oneDay).Sub(record.highest); behind > 2*oneDay+raiseAfter || behind < 0 {
			t.Errorf("jump of %s: a month later behind by %s", ahead, behind)
		}
	}
	// A wrong jump of a week that lasts a week moves the record by about that.
	record, _ = run(start, now, 7*oneDay, 7*oneDay)
	if moved := record.highest.Sub(now); moved > 8*oneDay {
		t.Errorf("moved by %s", moved)
	}
	// A clock that jumps there and back all the time moves it by no more than a day a day.
	record = start
	for i := range 1000 {
		record, _ = run(record, now.Add(time.Duration(i)*time.Minute), time.Minute, time.Duration(i%2*7)*oneDay)
	}
	if moved := record.highest.Sub(now); moved > oneDay+1000*time.Minute {
		t.Errorf("a clock that swings: moved by %s", moved)
	}
	// The record never goes back.
	if record, due := start.next(now.Add(-oneDay)); due || record != start {
		t.Error("the record went back")
	}
}

func TestClockText(t *testing.T) {
	record := seen{now, now.Add(time.Hour)}
	text := record.marshal()
	got, err := parseClock(text)
	if err != nil || got != record {
		t.Fatalf("got %v, %v", got, err)
	}
	for i := range text {
		if _, err := parseClock(text[:i]); err == nil {
			t.Errorf("the first %d bytes pass", i)
		}
	}
	for _, bad := range []string{
		strings.Replace(string(text), "clock 1", "clock 2", 1),
		string(text) + "\n",
		strings.ReplaceAll(string(text), "Z", "+00:00"),
		string(seen{now.Add(time.Hour), now}.marshal()),
		string(bytes.Repeat([]byte("0"), 1<<20)),
	} {
		if _, err := parseClock([]byte(bad)); err == nil {
			t.Errorf("%.80q passes", bad)
		}
	}
}

func FuzzClock(f *testing.F) {
	f.Add(seen{now, now}.marshal())
	f.Add(seen{now, now.Add(time.Hour)}.marshal())
	f.Add([]byte(clockHeader))
	f.Fuzz(func(t *testing.T, text []byte) {
		record, err := parseClock(text)
		if err != nil {
			return
		}
		if !bytes.Equal(record.marshal(), text) {
			t.Errorf("%q is a second spelling", text)
		}
		for _, ahead := range []time.Duration{0, time.Hour, 30 * time.Hour} {
			if next, due := record.next(now.Add(ahead)); due && next.highest.Sub(record.highest) > maxStep {
				t.Errorf("a step from %v to %v", record, next)
			}
		}
	})
}

// verifyAt checks the installed license at a time.
func verifyAt(t *testing.T, s *State, at time.Time) (*verify.License, error) {
	t.Helper()
	return s.Verify(sitetest.Verifier(t), program(t), at)
}

func TestClockIsRecorded(t *testing.T) {
	s, r := installedState(t)
	want := seen{now, now}
	sameFile(t, s, clockFile, want.marshal()) // by Install
	for _, at := range []time.Time{now.Add(59 * time.Minute), now.Add(-30 * time.Minute)} {
		if _, err := verifyAt(t, s, at); err != nil {
			t.Fatal(err)
		}
		sameFile(t, s, clockFile, want.marshal())
	}
	later := now.Add(20 * time.Hour)
	if _, err := verifyAt(t, s, later); err != nil {
		t.Fatal(err)
	}
	want = seen{later, later}
	sameFile(t, s, clockFile, want.marshal())
	if _, err := verifyAt(t, s, now); err != nil { // it was ahead for a while
		t.Error(err)
	}
	back := later.Add(-verify.SeenTolerance - time.Second)
	_, err := verifyAt(t, s, back)
	wantReason(t, err, verify.ClockRolledBack)
	_, err = s.Judge(sitetest.Verifier(t), license(t, r, func(l *format.LicenseClaims) { l.IssuedAt -= 24 * 60 * 60 }), program(t), back)
	wantReason(t, err, verify.ClockRolledBack)
	sameFile(t, s, clockFile, want.marshal())

	// After the end it goes on, or the clock could stand before the end forever.
	_, err = verifyAt(t, s, sitetest.Ends.Add(oneDay))
	wantReason(t, err, verify.Expired)
	if record, err := s.readClock(); err != nil || record.highest != later.Add(oneDay) {
		t.Errorf("got %v, %v", record, err)
	}
}

func TestFirstRecord(t *testing.T) {
	s, r := installedState(t)
	if err := os.Remove(s.path(clockFile)); err != nil {
		t.Fatal(err)
	}
	// A clock that is years ahead at the first check must not stop the site for years.
	_, err := verifyAt(t, s, sitetest.Ends.AddDate(50, 0, 0))
	wantReason(t, err, verify.Expired)
	if _, err := verifyAt(t, s, now); err != nil {
		t.Error(err)
	}

	// Nor at the first that holds: it is a day ahead of what is signed at most.
	wrong, right := sitetest.Issued.AddDate(0, 10, 0), now.Add(raiseAfter)
	first := func() error {
		_, err := s.Install(sitetest.Verifier(t), license(t, r, nil), InstallOptions{Components: cluster(t), Now: wrong})
		return err
	}
	check := func() error { _, err := verifyAt(t, s, wrong); return err }
	for name, record := range map[string]func() error{"install": first, "check": check} {
		if err := os.Remove(s.path(clockFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if err := record(); err != nil {
			t.Fatal(err)
		}
		sameFile(t, s, clockFile, seen{sitetest.Issued.Add(maxStep), wrong}.marshal())
		if _, err := verifyAt(t, s, right); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}

	// Times that have no text in the record are not recorded.
	perpetual := license(t, r, func(l *format.LicenseClaims) { l.Expires = 0; l.Terms.Epoch = 2 })
	install(t, s, perpetual)
	if err := os.Remove(s.path(clockFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := verifyAt(t, s, time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(s.path(clockFile)); !errors.Is(err, os.ErrNotExist) {
		t.Error("a time was recorded that cannot be read back")
	}
}

// A record that stops a site names itself; where what is signed stops it too, removing
// the record is no help.
func TestRolledBackNamesRecord(t *testing.T) {
	s, _ := installedState(t)
	ahead := now.AddDate(0, 6, 0)
	put(t, s, clockFile, seen{ahead, ahead}.marshal())
	for at, named := range map[time.Time]bool{now: true, sitetest.Issued.Add(-oneDay): false} {
		_, err := verifyAt(t, s, at)
		wantReason(t, err, verify.ClockRolledBack)
		if next := err.(*verify.Refusal).Hint(); strings.Contains(next, "remove \""+s.path(clockFile)+"\"") != named {
			t.Errorf("at %s: next: %s", at, next)
		}
	}
	if err := os.Remove(s.path(clockFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := verifyAt(t, s, now); err != nil {
		t.Error(err)
	}
}

func TestDamagedClockIsKept(t *testing.T) {
	s, _ := installedState(t)
	for _, damage := range [][]byte{{}, []byte("soon\n"), make([]byte, 1<<20)} {
		put(t, s, clockFile, damage)
		l, err := verifyAt(t, s, now.Add(2*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Warnings) != 1 || !strings.Contains(l.Warnings[0].Text, "the time seen before is not known") {
			t.Errorf("got the warnings %q", l.Warnings)
		}
		sameFile(t, s, clockFile, damage)
	}
}
