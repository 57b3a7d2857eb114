package verify_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

func openText(t testing.TB, v *verify.Verifier, s *scenario) *verify.Opened {
	t.Helper()
	o, err := v.Open(textOf(t, s.delegation, s.license))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestOpenedTellsNoTerm: what an Opened lets out before it was judged is this list and no
// more. Who adds to it answers for it that no term of the license can be had.
func TestOpenedTellsNoTerm(t *testing.T) {
	allowed := []string{
		"AcceptsList",    // an error
		"Chain",          // digests and thumbprints
		"Check",          // the judgement
		"Delegation",     // what a root has signed, not the license
		"RequestHash",    // a hash
		"RevocationList", // signed on its own
		"Text",           // what the caller gave
		"Turns",          // times at which to judge again, and not what turns
		"Vendor",         // by a root's signature, not by the license's
	}
	var methods []string
	opened := reflect.TypeFor[*verify.Opened]()
	for i := range opened.NumMethod() {
		methods = append(methods, opened.Method(i).Name)
	}
	if !slices.Equal(methods, allowed) {
		t.Errorf("the methods are %q, want %q", methods, allowed)
	}
	for i := range opened.Elem().NumField() {
		if field := opened.Elem().Field(i); field.IsExported() || field.Anonymous {
			t.Errorf("the field %s can be read", field.Name)
		}
	}
}

// TestOpenOnceJudgeOften: an Opened keeps nothing of a judgement.
func TestOpenOnceJudgeOften(t *testing.T) {
	s := newScenario(t)
	v := testVerifier(t)
	o := openText(t, v, s)
	for range 2 {
		got, err := o.Check(s.facts)
		want, wantErr := v.Check(textOf(t, s.delegation, s.license), s.facts)
		if err != nil || wantErr != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v; want %+v, %v", got, err, want, wantErr)
		}
		late := s.facts
		late.Now = ends.Add(time.Hour)
		if l, err := o.Check(late); l != nil || !errors.Is(err, verify.Expired) {
			t.Errorf("later: got %v, %v", l, err)
		}
		if _, err := o.Check(verify.Facts{}); err == nil {
			t.Error("no facts are enough")
		}
	}
	if text := textOf(t, s.delegation, s.license); !slices.Equal(o.Text(), text) {
		t.Errorf("the text is %q, want %q", o.Text(), text)
	}
}

// TestSuccession: what the site has given up, and what is installed.
func TestSuccession(t *testing.T) {
	later := newScenario(t)
	later.license.Terms.Epoch = 2
	other := newScenario(t)
	other.license.Activation = "ANOTHER"
	otherProduct := newScenario(t)
	otherProduct.license.Product, otherProduct.license.Activation = "other", "ANOTHER"
	v := testVerifier(t)
	for name, c := range map[string]struct {
		site func(*verify.Site)
		any  bool
		want error
	}{
		"nothing":  {func(s *verify.Site) {}, false, nil},
		"released": {func(s *verify.Site) { s.Released = []verify.ReleasedLicense{{License: format.ID{2}, At: issued}} }, false, verify.Released},
		"released activation": {func(s *verify.Site) {
			s.Released = []verify.ReleasedLicense{{Vendor: "acme.example", Activation: "K7QX2MPA3ZL4N"}}
		}, false, verify.Released},
		"another vendor's": {func(s *verify.Site) {
			s.Released = []verify.ReleasedLicense{{Vendor: "other.example", Activation: "K7QX2MPA3ZL4N"}}
		}, false, nil},
		"the same installed":    {func(s *verify.Site) { s.Installed = openText(t, v, newScenario(t)) }, true, nil},
		"a later one installed": {func(s *verify.Site) { s.Installed = openText(t, v, later) }, true, verify.Superseded},
		"another installed":     {func(s *verify.Site) { s.Installed = openText(t, v, other) }, true, nil},
		"another product's":     {func(s *verify.Site) { s.Installed = openText(t, v, otherProduct) }, true, verify.WrongProduct},
		"any product":           {func(s *verify.Site) {}, true, nil},
	} {
		s := newScenario(t)
		here := *s.facts.Site
		c.site(&here)
		s.facts.Site = &here
		if c.any {
			s.facts.Product, s.facts.AnyProduct = "", true
		}
		l, err := openText(t, v, s).Check(s.facts)
		if !errors.Is(err, c.want) || (err == nil) != (l != nil) {
			t.Errorf("%s: got %v, %v, want %v", name, l, err, c.want)
		}
	}
}

// TestRevokes: a key takes with it all that it has signed, but for what is kept.
func TestRevokes(t *testing.T) {
	s := newScenario(t)
	chain := openText(t, testVerifier(t), s).Chain()
	kept := func(digest [16]byte) format.Set { return format.NewSet(digest) }
	unsigned := chain
	unsigned.License = [16]byte{}
	for name, c := range map[string]struct {
		key                 format.RevokedKey
		chain               verify.Chain
		license, delegation bool
	}{
		"staff key":                 {format.RevokedKey{Thumbprint: staffKey(t).Public().Thumbprint()}, chain, true, false},
		"staff key, license kept":   {format.RevokedKey{Thumbprint: staffKey(t).Public().Thumbprint(), Keep: kept(chain.License)}, chain, false, false},
		"staff key, new license":    {format.RevokedKey{Thumbprint: staffKey(t).Public().Thumbprint(), Keep: kept(chain.License)}, unsigned, true, false},
		"root":                      {format.RevokedKey{Thumbprint: rootKey(t).Public().Thumbprint()}, chain, false, true},
		"root, delegation kept":     {format.RevokedKey{Thumbprint: rootKey(t).Public().Thumbprint(), Keep: kept(chain.Delegation)}, unsigned, false, false},
		"root, only a license kept": {format.RevokedKey{Thumbprint: rootKey(t).Public().Thumbprint(), Keep: kept(chain.License)}, chain, false, true},
		"another key":               {format.RevokedKey{Thumbprint: strangerKey(t).Public().Thumbprint()}, chain, false, false},
	} {
		if license, delegation := verify.Revokes(&c.key, c.chain); license != c.license || delegation != c.delegation {
			t.Errorf("%s: got %t, %t, want %t, %t", name, license, delegation, c.license, c.delegation)
		}
	}
}

// TestClockRefusal has one text wherever a clock is compared.
func TestClockRefusal(t *testing.T) {
	if err := verify.CheckClock(issued.Add(-verify.ClockTolerance), issued, "the moon"); err != nil {
		t.Errorf("within the tolerance: %v", err)
	}
	err := verify.CheckClock(issued.Add(-verify.ClockTolerance-time.Second), issued, "the moon")
	if !errors.Is(err, verify.ClockRolledBack) || !strings.Contains(err.Error(), "the moon was signed on 2026-11-21 12:00:00 UTC, and this machine's clock says 2026-11-21 10:59:59 UTC") {
		t.Errorf("beyond the tolerance: %v", err)
	}
	// Innocent explanations, and until when to wait; but not for a clock whose battery died.
	for at, want := range map[time.Time]string{
		issued.Add(-48 * time.Hour): "set the clock, or if the vendor's was ahead, tell them, or wait until 2026-11-21 11:00:00 UTC",
		issued.AddDate(-20, 0, 0):   "set the clock to the right time and try again",
	} {
		if r, ok := errors.AsType[*verify.Refusal](verify.CheckClock(at, issued, "the license")); !ok || r.Hint() != want {
			t.Errorf("at %v: got %v", at, r.Hint())
		}
	}
}
