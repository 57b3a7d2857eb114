package site

import (
	"crypto/rand"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// TestRequestAgain: who asks for the same once more gets the same request, and anything else is another one.
func TestRequestAgain(t *testing.T) {
	s := At(filepath.Join(t.TempDir(), "S"))
	o := options(t)
	o.Again = true
	first := request(t, s, o)
	for name, c := range map[string]struct {
		change func(*RequestOptions)
		same   bool
	}{
		"later":           {func(o *RequestOptions) { o.Now = o.Now.Add(time.Hour) }, true},
		"another type":    {func(o *RequestOptions) { o.Type = "test" }, false},
		"another invoice": {func(o *RequestOptions) { o.Invoice = "INV2" }, false},
		"another account": {func(o *RequestOptions) { o.Email = "x@site.example" }, false},
		"another machine": {func(o *RequestOptions) { o.Components = []machine.Value{} }, false},
		"without Again":   {func(o *RequestOptions) { o.Again, o.Now = false, o.Now.Add(2*time.Hour) }, false},
	} {
		dir := At(filepath.Join(t.TempDir(), "S"))
		first := request(t, dir, o)
		other := o
		c.change(&other)
		if name == "another machine" {
			other.KeyOnly = true
		}
		if r := request(t, dir, other); (r.Hash == first.Hash) != c.same || c.same && string(r.Text) != string(first.Text) {
			t.Errorf("%s: got the same: %t", name, r.Hash == first.Hash)
		}
	}
	all, err := s.Requests()
	if err != nil || len(all) != 1 || all[0].Hash != first.Hash {
		t.Errorf("got %v, %v", all, err)
	}
	code := format.ComparisonCode(first.Hash)
	if q, err := s.Asked(code); err != nil || q == nil || q.Hash != first.Hash {
		t.Errorf("got %v, %v", q, err)
	}
	for _, none := range []string{"AAAA-AAAA-AAAA-AAAA", "../../machine.key", "", code[:18]} {
		if q, err := s.Asked(none); err != nil || q != nil {
			t.Errorf("%q: got %v, %v", none, q, err)
		}
	}

	// What was asked before a release is left behind.
	install(t, s, license(t, first, nil))
	if _, err := s.Release(ReleaseOptions{Now: now, Random: rand.Reader}); err != nil {
		t.Fatal(err)
	}
	for _, after := range []time.Duration{0, time.Minute, -48 * time.Hour} { // within the second, and where the clock was ahead
		o.Now = now.Add(after)
		if r := request(t, s, o); r.Hash == first.Hash {
			t.Errorf("%v: a license that was given up is asked for again", after)
		} else if again := request(t, s, o); again.Hash != r.Hash {
			t.Errorf("%v: the same is asked twice", after)
		}
	}
}

// TestRequestAgainAhead: a clock that was ahead when a license was asked for, and is not when it is given up.
func TestRequestAgainAhead(t *testing.T) {
	s := At(filepath.Join(t.TempDir(), "S"))
	o := options(t)
	o.Again, o.Now = true, now.Add(48*time.Hour)
	first := request(t, s, o)
	install(t, s, license(t, first, nil))
	if _, err := s.Release(ReleaseOptions{Now: now, Random: rand.Reader}); err != nil {
		t.Fatal(err)
	}
	o.Now = now.Add(time.Minute)
	second := request(t, s, o)
	if again := request(t, s, o); second.Hash == first.Hash || again.Hash != second.Hash {
		t.Errorf("got %v, %v and %v", first, second, again)
	}
}

// TestReleaseReplaced: a license that another has replaced gives its own seat up, and never that of the installed one.
func TestReleaseReplaced(t *testing.T) {
	s, first := installedState(t)
	old := file(t, s, "license.lic")
	o := options(t)
	o.Now, o.Type = now.Add(time.Minute), "development"
	second := request(t, s, o)
	release := func() (*Release, error) {
		return s.Release(ReleaseOptions{Now: o.Now, Random: rand.Reader, Verifier: sitetest.Verifier(t), License: old})
	}
	install(t, s, license(t, second, func(l *format.LicenseClaims) { l.ID, l.Terms.Epoch = format.ID{7}, 2 }))
	if _, err := release(); !errors.Is(err, ErrReplaced) {
		t.Errorf("got %v, want %v", err, ErrReplaced)
	}
	install(t, s, license(t, second, func(l *format.LicenseClaims) { l.ID, l.Activation = format.ID{8}, "SECONDACTIVAT" }))
	r, err := release()
	if err != nil || r.Activation != "K7QX2MPA3ZL4N" || r.License != (format.ID{2}) {
		t.Fatalf("got %+v, %v", r, err)
	}
	if again, err := release(); err != nil || string(again.Text) != string(r.Text) {
		t.Errorf("got %v, %v", again, err)
	}
	if l, err := s.Verify(sitetest.Verifier(t), program(t), o.Now); err != nil || l.ID != (format.ID{8}) {
		t.Errorf("the installed license: %+v, %v", l, err)
	}
	if _, err := s.Install(sitetest.Verifier(t), license(t, first, nil), InstallOptions{Components: cluster(t), Now: o.Now}); !errors.Is(err, verify.Released) {
		t.Errorf("got %v", err)
	}
}
