package site

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

func TestVerifyNeedsNoKey(t *testing.T) {
	s, _ := installedState(t)
	if err := os.Remove(s.path(keyFile)); err != nil {
		t.Fatal(err)
	}
	l, err := Check(s.Dir(), sitetest.Verifier(t), program(t), now)
	if err != nil || l.Customer != "Site Ltd" || len(l.Warnings) != 0 {
		t.Fatalf("got %v, %v", l, err)
	}
}

func TestNoLicense(t *testing.T) {
	v := sitetest.Verifier(t)
	s := At(filepath.Join(t.TempDir(), "S"))
	_, err := s.Verify(v, program(t), now)
	wantReason(t, err, verify.NoLicense)
	if next := err.(*verify.Refusal).Hint(); !strings.Contains(next, "offlicense request") {
		t.Errorf("next: %s", next)
	}
	request(t, s, options(t))
	_, err = s.Verify(v, program(t), now)
	wantReason(t, err, verify.NoLicense)
	if next := err.(*verify.Refusal).Hint(); !strings.Contains(next, "offlicense install") {
		t.Errorf("next: %s", next)
	}
}

// A directory that nothing but its own key tells from another.
func TestBoundToKeyAlone(t *testing.T) {
	bare := func(l *format.LicenseClaims) { l.Binding.Components, l.Binding.Need = nil, 0 }
	s, other := At(filepath.Join(t.TempDir(), "S")), At(filepath.Join(t.TempDir(), "other"))
	text := license(t, request(t, s, options(t)), bare)
	request(t, other, options(t))
	install(t, s, text)
	if _, err := s.Verify(sitetest.Verifier(t), Program{Product: "evoq"}, now); err != nil {
		t.Error(err)
	}
	_, err := other.Install(sitetest.Verifier(t), text, InstallOptions{Now: now})
	wantReason(t, err, verify.WrongSite)
}

func TestRefusedLeavesOld(t *testing.T) {
	s, r := installedState(t)
	old := file(t, s, licenseFile)
	at := func(d time.Time) int64 { return d.Unix() }
	for name, c := range map[string]struct {
		change func(*format.LicenseClaims)
		want   verify.Reason
	}{
		"expired":       {func(l *format.LicenseClaims) { l.Expires = at(now) }, verify.Expired},
		"future":        {func(l *format.LicenseClaims) { l.NotBefore = at(now.Add(2 * time.Hour)) }, verify.NotYetValid},
		"issued later":  {func(l *format.LicenseClaims) { l.IssuedAt = at(now.Add(2 * time.Hour)) }, verify.ClockRolledBack},
		"product":       {func(l *format.LicenseClaims) { l.Product = "liquid" }, verify.WrongProduct},
		"other product": {func(l *format.LicenseClaims) { l.Product, l.Binding = "liquid", nil }, verify.WrongProduct},
		"request":       {func(l *format.LicenseClaims) { l.Binding.Request[0]++ }, verify.WrongSite},
		"seats":         {func(l *format.LicenseClaims) { l.Terms.Seats = 11 }, verify.OutOfScope},
		"machine": {func(l *format.LicenseClaims) {
			l.Binding.Components = []format.Component{{Label: "cluster", Hash: []byte("another1")}}
			l.Binding.Need = 1
		}, verify.WrongMachine},
	} {
		text := license(t, r, c.change)
		_, err := s.Install(sitetest.Verifier(t), text, InstallOptions{Components: cluster(t), Now: now})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
		sameFile(t, s, licenseFile, old)
	}
	for i := range old {
		if _, err := s.Install(sitetest.Verifier(t), old[:i], InstallOptions{Components: cluster(t), Now: now}); err == nil && i < len(old)-1 {
			t.Fatalf("the first %d bytes install", i)
		}
	}
	sameFile(t, s, licenseFile, old)
}

func TestSuperseded(t *testing.T) {
	s, r := installedState(t)
	epoch := func(n uint64) []byte {
		return license(t, r, func(l *format.LicenseClaims) { l.Terms.Epoch = n })
	}
	install(t, s, epoch(3))
	install(t, s, epoch(3))
	_, err := s.Install(sitetest.Verifier(t), epoch(2), InstallOptions{Components: cluster(t), Now: now})
	wantReason(t, err, verify.Superseded)
	sameFile(t, s, licenseFile, epoch(3))
	// Another activation counts for itself.
	install(t, s, license(t, r, func(l *format.LicenseClaims) { l.Activation = "ANOTHER" }))
	// What is damaged stands in nobody's way.
	put(t, s, licenseFile, []byte("OLL1:"))
	install(t, s, epoch(1))
}

func TestInstalledTextIsCanonical(t *testing.T) {
	s, r := installedState(t)
	want := license(t, r, nil)
	typed := bytes.ToLower(bytes.ReplaceAll(want, []byte("\n"), []byte(" - \r\n")))
	install(t, s, typed)
	sameFile(t, s, licenseFile, want)
}

// Install does not know the program, so it says nothing of it.
func TestInstallWarnsOfNoProgram(t *testing.T) {
	s, r := installedState(t)
	text := license(t, r, func(l *format.LicenseClaims) {
		l.Terms.UpdatesUntil, l.Terms.MaxVersion = sitetest.Ends.Unix(), "9.x"
	})
	l, err := s.Install(sitetest.Verifier(t), text, InstallOptions{Components: cluster(t), Now: now})
	if err != nil || len(l.Warnings) != 0 {
		t.Errorf("got the warnings %q, %v", l.Warnings, err)
	}
	if l, err = verifyAt(t, s, now); err != nil || len(l.Warnings) != 2 {
		t.Errorf("got the warnings %q, %v; want that neither version nor build was checked", l.Warnings, err)
	}
}

func TestMissingComponentIsNamed(t *testing.T) {
	s, r := installedState(t)
	text := license(t, r, func(l *format.LicenseClaims) { l.Binding.Need = uint64(len(l.Binding.Components)) })
	install(t, s, text)
	_, err := s.Verify(sitetest.Verifier(t), Program{Product: "evoq"}, now)
	wantReason(t, err, verify.WrongMachine)
	if next := err.(*verify.Refusal).Hint(); !strings.Contains(next, "--component cluster=VALUE") {
		t.Errorf("next: %s", next)
	}
}

func TestFailoverInstallsOnStandby(t *testing.T) {
	s := At(filepath.Join(t.TempDir(), "S"))
	o := options(t)
	o.Type = "failover"
	install(t, s, license(t, request(t, s, o), nil))
	_, err := verifyAt(t, s, now)
	wantReason(t, err, verify.Standby)
	p := program(t)
	p.Emergency = true
	if _, err := s.Verify(sitetest.Verifier(t), p, now); err != nil {
		t.Error(err)
	}
}

func TestProgramIsRequired(t *testing.T) {
	s, _ := installedState(t)
	var refusal *verify.Refusal
	if _, err := s.Verify(sitetest.Verifier(t), Program{}, now); err == nil || errors.As(err, &refusal) {
		t.Errorf("without a product: got %v", err)
	}
	if _, err := s.Verify(sitetest.Verifier(t), program(t), time.Time{}); err == nil || errors.As(err, &refusal) {
		t.Errorf("without a time: got %v", err)
	}
}

func TestParseComponents(t *testing.T) {
	values, err := ParseComponents(" cluster=abc123 , volume=def456,")
	if err != nil || len(values) != 2 || values[1].Label() != "volume" {
		t.Errorf("got %v, %v", values, err)
	}
	if values, err := ParseComponents(""); err != nil || values != nil {
		t.Errorf("got %v, %v", values, err)
	}
	if _, err := ParseComponents("cluster=abc123,volume"); err == nil {
		t.Error("half a component passes")
	}
}
