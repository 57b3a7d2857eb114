package site

import (
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/internal/emergency"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// TestEmergencyWithoutEnd: a clock that is ahead for the moment of the declaration buys no
// days: not with the clock right again, nor by ending and declaring, nor in a directory that
// the product cannot write.
func TestEmergencyWithoutEnd(t *testing.T) {
	ahead := now.AddDate(0, 10, 0)
	run := func(s *State, days int, between func()) (ran int) {
		for day := range days {
			if _, err := verifyAt(t, s, now.Add(time.Duration(day)*oneDay)); err == nil {
				ran++
			} else if !errors.Is(err, verify.Standby) {
				t.Fatal(err)
			}
			between()
		}
		return ran
	}
	s, _ := failoverState(t, 3)
	mustStart(t, s, ahead)
	if ran := run(s, 300, func() {}); ran != 2 { // and the day on which it was declared
		t.Errorf("it ran on %d days of 3", ran)
	}

	s, _ = failoverState(t, 3)
	mustStart(t, s, ahead)
	day := 0
	if ran := run(s, 20, func() {
		day++
		mustStop(t, s, now.Add(time.Duration(day)*oneDay))
		start(t, s, ahead.Add(time.Duration(day)*oneDay))
	}); ran > 2 {
		t.Errorf("ended and declared anew: it ran on %d days of 3", ran)
	}

	s, _ = failoverState(t, 3)
	mustStart(t, s, ahead)
	unwritable(t, s, talliesFile)
	if ran := run(s, 20, func() {}); ran > 0 {
		t.Errorf("not recorded: it ran on %d days of 3", ran)
	}
	wantDays(t, s, now, 2, false)
}

// unwritable makes a file of the directory one that cannot be replaced: what is read through
// a link is not written.
func unwritable(t testing.TB, s *State, name string) {
	t.Helper()
	if err := os.Rename(s.path(name), s.path(name+".real")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(name+".real", s.path(name)); err != nil {
		t.Skip("no links here:", err)
	}
}

// TestDaysUncountedByStopping: the clock set back, or to a year that no date can say, for
// the moment in which an emergency is ended.
func TestDaysUncountedByStopping(t *testing.T) {
	for name, at := range map[string]time.Time{
		"behind": now, "long behind": now.AddDate(-30, 0, 0), "year 10000": time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		s, _ := failoverState(t, 5)
		mustStart(t, s, now)
		for day := range 4 {
			if _, err := verifyAt(t, s, now.Add(time.Duration(day)*oneDay)); err != nil {
				t.Fatal(err)
			}
		}
		mustStop(t, s, at)
		if f, err := s.Failover(FailoverOptions{Now: now.Add(4 * oneDay)}); err != nil || f.DaysUsed < 4 {
			t.Errorf("%s: got %+v, %v", name, f, err)
		}
	}
}

// TestClockBeyondAllDates: nothing is written that the site cannot read afterwards.
func TestClockBeyondAllDates(t *testing.T) {
	for _, at := range []time.Time{
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Unix(1<<62, 0), time.Unix(-1<<62, 0), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(-1, 0),
	} {
		s := At(t.TempDir())
		o := options(t)
		o.Type = format.TypeFailover
		text := license(t, request(t, s, o), func(l *format.LicenseClaims) { l.Expires, l.IssuedAt = 0, 1 })
		for _, file := range []string{"", declarationFile} { // an emergency that was declared before, too
			put(t, s, licenseFile, text)
			if file != "" {
				put(t, s, file, emergency.Declaration{Since: now, Vendor: "acme.example", Activation: "K7QX2MPA3ZL4N", Why: "fire"}.Marshal())
			}
			_, _ = verifyAt(t, s, at)
			_, _ = start(t, s, at)
			_, _ = verifyAt(t, s, at)
			_, _ = s.StopFailover(FailoverOptions{Now: at})
			_, _ = start(t, s, at)
			_, _ = s.Install(sitetest.Verifier(t), text, InstallOptions{Components: cluster(t), Now: at})
			o := options(t)
			o.Now = at
			_, _ = s.Request(o)
			r := releaseOptions(t)
			r.Now = at
			_, released := s.Release(r)

			if _, err := s.emergencies().Of(emergency.Activation{}, now); err != nil {
				t.Error(at, err)
			}
			if _, err := s.readClock(); err != nil {
				t.Error(at, err)
			}
			if list, err := s.released(); err != nil || (len(list) > 0) != (released == nil) {
				t.Error(at, list, err, released)
			}
			if err := os.RemoveAll(s.path(releasedDir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		}
	}
}

// TestDaysOfAPaidRenewal: a renewal that moves the day from which the days count gives new
// ones; what was used before that day stays used, and a renewal that leaves it gives none.
func TestDaysOfAPaidRenewal(t *testing.T) {
	s, r := failoverState(t, 3)
	day := func(n int) time.Time { return now.Add(time.Duration(n) * oneDay) }
	renew := func(epoch uint64, from time.Time) {
		t.Helper()
		put(t, s, licenseFile, license(t, r, func(l *format.LicenseClaims) {
			l.Terms.Epoch, l.Terms.EmergencyDays, l.Terms.EmergencyFrom = epoch, 3, from.Truncate(oneDay).Unix()
		}))
	}
	mustStart(t, s, day(0))
	for n := range 5 {
		if _, err := verifyAt(t, s, day(n)); (err == nil) != (n < 3) {
			t.Fatalf("day %d: %v", n, err)
		}
	}
	renew(2, day(-1))
	if _, err := verifyAt(t, s, day(5)); !errors.Is(err, verify.Standby) {
		t.Errorf("the same period: got %v", err)
	}
	renew(3, day(7)) // signed early
	if _, err := verifyAt(t, s, day(6)); !errors.Is(err, verify.Standby) {
		t.Errorf("before its day: got %v", err)
	}
	for n := 7; n < 12; n++ {
		if _, err := verifyAt(t, s, day(n)); (err == nil) != (n < 10) {
			t.Errorf("day %d of the new period: %v", n, err)
		}
	}
	wantDays(t, s, day(12), 3, true)
	renew(2, day(-1)) // the old license, put back
	if _, err := verifyAt(t, s, day(12)); !errors.Is(err, verify.Standby) {
		t.Errorf("the old license: got %v", err)
	}
}

// TestReplacedLicenseReleasesNothing: a license that is replaced, taken away, or put back,
// gives nothing up; only who asks for it does, and no longer once a list revokes it.
func TestReplacedLicenseReleasesNothing(t *testing.T) {
	s, r := installedState(t)
	old := file(t, s, licenseFile)
	install(t, s, license(t, r, func(l *format.LicenseClaims) { l.ID, l.Terms.Epoch = format.ID{3}, 2 }))
	installList(t, s, list(t, sitetest.Root, 5, revoking(installed)))
	if err := os.Remove(s.path(licenseFile)); err != nil {
		t.Fatal(err)
	}
	_, _ = verifyAt(t, s, now)
	put(t, s, licenseFile, old)
	_, err := verifyAt(t, s, now)
	wantReason(t, err, verify.Revoked)
	_, err = s.Release(releaseOptions(t))
	wantReason(t, err, verify.Revoked)
	if list, err := s.released(); err != nil || len(list) > 0 {
		t.Errorf("released: %v, %v", list, err)
	}
	install(t, s, license(t, r, func(l *format.LicenseClaims) { l.ID, l.Terms.Epoch = format.ID{3}, 2 }))
	release(t, s)
}
