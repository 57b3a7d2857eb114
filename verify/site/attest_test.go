package site

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

func attestOptions(t testing.TB) AttestOptions {
	p := program(t)
	p.Version, p.Use = "9.2.0", map[string]uint64{"users": 42}
	return AttestOptions{Program: p, Verifier: sitetest.Verifier(t), Now: now, Random: rand.Reader}
}

// TestAttest: what is signed says what the site knows, and any reader can check who says it.
func TestAttest(t *testing.T) {
	s, r := installedState(t)
	if _, err := s.Verify(sitetest.Verifier(t), program(t), now); err != nil {
		t.Fatal(err)
	}
	a, err := s.Attest(attestOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range [][]byte{a.Text, []byte(a.Code)} {
		got, err := verify.OpenAttestation(text)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Key.Bytes(), r.Key) || got.License != (format.ID{2}) || got.Product != "evoq" || got.IssuedAt != now.Unix() ||
			got.Floor != now.Unix() || got.Version != "9.2.0" || got.Use["users"] != 42 || len(got.Components) != len(r.Machine.Components) {
			t.Errorf("got %+v", got)
		}
		opened, err := sitetest.Verifier(t).Open(file(t, s, licenseFile))
		if err != nil || got.Digest != opened.Chain().License {
			t.Errorf("names another license: %x, %v", got.Digest, err)
		}
	}
}

// TestAttestWhat: a license that holds is attested, and what stops no license from being in
// use is told and no reason to be silent.
func TestAttestWhat(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*State, *AttestOptions)
		want   error
	}{
		"any product":         {func(_ *State, o *AttestOptions) { o.Product = "" }, nil},
		"more than the limit": {func(_ *State, o *AttestOptions) { o.Use = map[string]uint64{"cores": 1 << 40} }, nil},
		"standby": {func(s *State, _ *AttestOptions) {
			replaceLicense(t, s, func(l *format.LicenseClaims) { l.Terms.Type = format.TypeFailover })
		}, nil},
		"another product":        {func(_ *State, o *AttestOptions) { o.Product = "liquid" }, verify.WrongProduct},
		"expired":                {func(_ *State, o *AttestOptions) { o.Now = sitetest.Ends }, verify.Expired},
		"another machine":        {func(_ *State, o *AttestOptions) { o.Components = nil }, verify.WrongMachine},
		"released here":          {func(s *State, _ *AttestOptions) { release(t, s) }, verify.Released},
		"no license":             {func(s *State, _ *AttestOptions) { os.Remove(s.path(licenseFile)) }, verify.NoLicense},
		"no key":                 {func(s *State, _ *AttestOptions) { os.Remove(s.path(keyFile)) }, ErrNoKey},
		"another machine key":    {func(s *State, _ *AttestOptions) { os.Remove(s.path(keyFile)); request(t, s, options(t)) }, verify.WrongSite},
		"revoked":                {func(s *State, _ *AttestOptions) { installList(t, s, list(t, sitetest.Root, 5, revoking(installed))) }, verify.Revoked},
		"the clock was set back": {func(_ *State, o *AttestOptions) { o.Now = sitetest.Issued.AddDate(0, 0, -1) }, verify.ClockRolledBack},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := installedState(t)
			o := attestOptions(t)
			c.change(s, &o)
			a, err := s.Attest(o)
			if (a == nil) == (err == nil) || !errors.Is(err, c.want) {
				t.Errorf("got %v, %v, want %v", a, err, c.want)
			}
		})
	}
}

// replaceLicense puts another license for the same request into the directory.
func replaceLicense(t testing.TB, s *State, change func(*format.LicenseClaims)) {
	t.Helper()
	names, err := s.requestNames()
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	text, err := sitetest.Sign(file(t, s, names[0]), change)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, licenseFile, text)
}

// TestAttestUnbound: a site whose license is bound to none makes its key when it is asked.
func TestAttestUnbound(t *testing.T) {
	s := At(filepath.Join(t.TempDir(), "S"))
	text, err := sitetest.Seal(sitetest.License())
	if err != nil {
		t.Fatal(err)
	}
	install(t, s, text)
	first, err := s.Attest(attestOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Attest(attestOptions(t))
	if err != nil || !slices.Equal(again.Key, first.Key) {
		t.Errorf("another key, or %v", err)
	}
}
