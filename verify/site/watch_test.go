package site

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// short names events: the kind, and the code, the reason or the days.
func short(events []Event) string {
	var all []string
	for _, e := range events {
		text := string(e.Kind)
		switch e.Kind {
		case Warned:
			text = fmt.Sprintf("%s %d", e.Warning.Code, e.Days)
		case Refused:
			text = string(reasonOf(e.Err))
		}
		if e.String() == "" || (e.Kind == Renewed || e.Kind == Warned) != (e.License != nil) {
			text += " without its license"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// TestLook plays what happens to a site, one after the other.
func TestLook(t *testing.T) {
	s, r := installedState(t)
	p := program(t)
	g := Open(s.Dir(), sitetest.Verifier(t), p)
	renewed := func(epoch uint64, change func(*format.LicenseClaims)) func() {
		return func() {
			put(t, s, licenseFile, license(t, r, func(l *format.LicenseClaims) {
				l.ID, l.Terms.Epoch = format.ID{7, byte(epoch)}, epoch
				if change != nil {
					change(l)
				}
			}))
		}
	}
	var text []byte
	for _, step := range []struct {
		what string
		do   func()
		at   time.Time
		want string
	}{
		{"the first look", nil, now, "renewed"},
		{"nothing", nil, now, ""},
		{"days pass", nil, now.AddDate(0, 3, 0), ""},
		{"the same file anew", func() { put(t, s, licenseFile, license(t, r, nil)) }, now.AddDate(0, 3, 0), ""},
		{"30 days before the end", nil, sitetest.Ends.AddDate(0, 0, -30), "ends-soon 30"},
		{"an hour later", nil, sitetest.Ends.AddDate(0, 0, -30).Add(time.Hour), ""},
		{"a day later", nil, sitetest.Ends.AddDate(0, 0, -29), "ends-soon 29"},
		{"the clock a bit back", nil, sitetest.Ends.AddDate(0, 0, -29).Add(-time.Minute), ""},
		{"the last day", nil, sitetest.Ends.Add(-time.Hour), "ends-soon 1"},
		{"the end", nil, sitetest.Ends, "expired"},
		{"a day after it", nil, sitetest.Ends.AddDate(0, 0, 1), ""},
		{"renewed, ten days of it grace", renewed(2, func(l *format.LicenseClaims) {
			l.Expires, l.Terms.GraceDays = sitetest.Ends.AddDate(0, 0, 60).Unix(), 10
		}), sitetest.Ends.AddDate(0, 0, 1), "renewed"},
		{"in grace", nil, sitetest.Ends.AddDate(0, 0, 50), "in-grace 10"},
		{"its next day", nil, sitetest.Ends.AddDate(0, 0, 51), "in-grace 9"},
		{"renewed early", renewed(3, func(l *format.LicenseClaims) { l.Expires = sitetest.Ends.AddDate(2, 0, 0).Unix() }),
			sitetest.Ends.AddDate(0, 0, 52), "renewed"},
		{"a list that cannot be used", func() {
			_ = os.Mkdir(s.path(revocationsDir), 0o755)
			put(t, s, revocationsDir+"/x.olv", []byte("OLV1:"))
		}, sitetest.Ends.AddDate(0, 0, 52), "bad-list 0"},
		{"it is gone", func() { _ = os.Remove(s.path(revocationsDir + "/x.olv")) }, sitetest.Ends.AddDate(0, 0, 52), ""},
		{"revoked", func() { put(t, s, revocationsDir+"/5.olv", list(t, sitetest.Root, 5, revoking(format.ID{7, 3}))) }, sitetest.Ends.AddDate(0, 0, 52), "revoked"},
		{"another, and the clock far back", renewed(4, nil), now.AddDate(0, 0, -10), "clock-rolled-back"},
		{"the clock is right", renewed(5, func(l *format.LicenseClaims) { l.Expires = 0 }), sitetest.Ends.AddDate(0, 0, 53), "renewed"},
		{"the file is away", func() { text = file(t, s, licenseFile); _ = os.Remove(s.LicensePath()) }, sitetest.Ends.AddDate(0, 0, 53), "no-license"},
		{"and back", func() { put(t, s, licenseFile, text) }, sitetest.Ends.AddDate(0, 0, 53), "renewed"},
		{"damaged", func() { put(t, s, licenseFile, text[:50]) }, sitetest.Ends.AddDate(0, 0, 53), "malformed"},
		{"not readable", func() { _ = os.Remove(s.LicensePath()); _ = os.Mkdir(s.LicensePath(), 0o755) }, sitetest.Ends.AddDate(0, 0, 53), "unchecked"},
		{"still not", nil, sitetest.Ends.AddDate(0, 0, 54), ""},
		{"readable", func() { _ = os.Remove(s.LicensePath()); put(t, s, licenseFile, text) }, sitetest.Ends.AddDate(0, 0, 54), "checked, renewed"},
		{"another machine", func() { g.program.Components = nil }, sitetest.Ends.AddDate(0, 0, 54), "wrong-machine"},
		{"the same again", func() { g.program.Components = p.Components }, sitetest.Ends.AddDate(0, 0, 54), "renewed"},
		{"released", func() {
			o := releaseOptions(t)
			o.Now = sitetest.Ends.AddDate(0, 0, 54)
			if _, err := s.Release(o); err != nil {
				t.Fatal(err)
			}
		}, sitetest.Ends.AddDate(0, 0, 54), "released"},
	} {
		if step.do != nil {
			step.do()
		}
		if got := short(g.Look(step.at)); got != step.want {
			t.Errorf("%s: got %q, want %q", step.what, got, step.want)
		}
	}
}

// TestLookInEmergency: each of its days is told.
func TestLookInEmergency(t *testing.T) {
	s, _ := failoverState(t, 3)
	g := gate(t, s, program(t), now)
	mustStart(t, s, now)
	for day, want := range []string{"renewed, in-emergency 0", "in-emergency 0", "in-emergency 0", "standby", ""} {
		if got := short(g.Look(now.Add(time.Duration(day)*oneDay + time.Hour))); got != want {
			t.Errorf("day %d: got %q, want %q", day, got, want)
		}
	}
}

// TestLookAtMargin: that one more change of the machine would stop it is told while it still works.
func TestLookAtMargin(t *testing.T) {
	two, err := ParseComponents("cluster=0b5e0a0c-5f0e-4c53-9d0c-2b8a3c1d7e11,volume=5f0e4c539d")
	if err != nil {
		t.Fatal(err)
	}
	s := At(t.TempDir())
	o := options(t)
	o.Components = two
	text := license(t, request(t, s, o), func(l *format.LicenseClaims) {
		l.Binding.Components = slices.DeleteFunc(l.Binding.Components, func(c format.Component) bool {
			return c.Label != "cluster" && c.Label != "volume"
		})
		l.Binding.Need = 1
	})
	if _, err := s.Install(sitetest.Verifier(t), text, InstallOptions{Components: two, Now: now}); err != nil {
		t.Fatal(err)
	}
	p := program(t)
	p.Components = two
	g := gate(t, s, p, now)
	for _, step := range []struct {
		offers []machine.Value
		want   string
	}{{two, ""}, {two[:1], "no-margin 0"}, {two[:1], ""}, {two, ""}, {two[1:], "no-margin 0"}, {two[:0], "wrong-machine"}} {
		g.program.Components = step.offers
		if got := short(g.Look(now)); got != step.want {
			t.Errorf("with %d: got %q, want %q", len(step.offers), got, step.want)
		}
	}
}

// TestWatchIsPatient: a file that is away or half written for a moment stops nothing, and what stays so does.
func TestWatchIsPatient(t *testing.T) {
	s, _ := installedState(t)
	g := gate(t, s, program(t), now)
	text := file(t, s, licenseFile)
	for _, half := range []func(){
		func() { _ = os.Remove(s.LicensePath()) },
		func() { put(t, s, licenseFile, nil) },
		func() { put(t, s, licenseFile, text[:100]) },
		func() { g.program.Components = nil },
	} {
		half()
		if events, again := g.look(now, true); !again || len(events) > 0 {
			t.Errorf("got %v, %v", events, again)
		}
		if _, err := g.Current(now); err != nil {
			t.Error(err)
		}
		put(t, s, licenseFile, text)
		g.program.Components = cluster(t)
		if events := g.Look(now); len(events) > 0 {
			t.Errorf("got %v", events)
		}
	}
	_ = os.Remove(s.LicensePath())
	var told []Event
	ctx, cancel := context.WithCancel(context.Background())
	err := g.Watch(ctx, WatchOptions{Interval: 10 * time.Millisecond, Now: func() time.Time { return now }, Tell: func(e Event) {
		if told = append(told, e); e.Kind == Refused {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || reasonOf(told[len(told)-1].Err) != verify.NoLicense {
		t.Errorf("got %v, %v", told, err)
	}
}

// TestWatch: what happens is told in time, by a clock that the test sets, and a directory that hangs stops
// nobody.
func TestWatch(t *testing.T) {
	s, r := installedState(t)
	g := gate(t, s, program(t), now)
	var clock atomic.Int64
	clock.Store(now.Unix())
	told := make(chan Event, 10_000)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		ended <- g.Watch(ctx, WatchOptions{
			Now: func() time.Time { return time.Unix(clock.Load(), 0) }, Tell: func(e Event) { told <- e }, Interval: time.Millisecond,
		})
	}()
	want := func(want string) {
		t.Helper()
		got := short([]Event{<-told})
		for got != want && (got == "unchecked" || got == "checked") { // on a busy machine
			got = short([]Event{<-told})
		}
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	install(t, s, license(t, r, func(l *format.LicenseClaims) { l.ID, l.Terms.Epoch = format.ID{9}, 2 }))
	want("renewed")
	clock.Store(sitetest.Ends.AddDate(0, 0, -3).Unix())
	want("ends-soon 3")

	g.checking.Lock() // a read that hangs
	for e := range told {
		if e.Kind == Unchecked {
			break
		}
	}
	if l, err := g.Current(sitetest.Ends.AddDate(0, 0, -2)); err != nil {
		t.Errorf("got %v, %v", l, err)
	}
	clock.Store(sitetest.Ends.Unix())
	if _, err := g.Current(sitetest.Ends); !errors.Is(err, verify.Expired) {
		t.Errorf("got %v", err)
	}
	g.checking.Unlock()
	want("checked")
	want("expired")
	cancel()
	if err := <-ended; err != context.Canceled {
		t.Errorf("got %v", err)
	}
	for _, o := range []WatchOptions{{}, {Now: time.Now}, {Now: time.Now, Tell: func(Event) {}, Interval: -1}} {
		if err := g.Watch(context.Background(), o); err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("%+v: got %v", o, err)
		}
	}
}

// TestEventKinds: each has its own sentence.
func TestEventKinds(t *testing.T) {
	l := &verify.License{Product: "evoq"}
	var all []string
	for _, kind := range []EventKind{Renewed, Warned, Refused, Unchecked, Checked} {
		all = append(all, Event{Kind: kind, License: l, Warning: verify.Warning{Text: "w"}, Err: errors.New("e")}.String())
	}
	slices.Sort(all)
	if len(slices.Compact(all)) != 5 {
		t.Errorf("got %q", all)
	}
}
