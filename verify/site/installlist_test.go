package site

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

func TestInstallList(t *testing.T) {
	s, r := installedState(t)
	five := list(t, sitetest.ListKey, 5, nil)
	l, err := s.InstallRevocations(twoRoots(t), five, InstallOptions{Now: now})
	if err != nil || l.Number != 5 || l.Already || l.Signer != "lists" {
		t.Fatalf("got %+v, %v", l, err)
	}
	if l, err = s.InstallRevocations(twoRoots(t), five, InstallOptions{Now: now.Add(time.Hour)}); err != nil || !l.Already {
		t.Errorf("again: got %+v, %v", l, err)
	}
	wantList(t, s, program(t), 5)
	wantListRefused(t, s, list(t, sitetest.ListKey, 4, nil), verify.Superseded)
	wantListRefused(t, s, list(t, sitetest.Root, 4, nil), verify.Superseded)
	wantListRefused(t, s, list(t, sitetest.ListKey, 5, revoking(installed)), verify.Superseded) // another list 5

	// One that revokes the license installs like any other.
	installList(t, s, list(t, sitetest.ListKey2, 6, revoking(installed)))
	_, err = verifyAt(t, s, now)
	wantReason(t, err, verify.Revoked)
	_, err = s.Installed(sitetest.Verifier(t), InstallOptions{Components: cluster(t), Now: now})
	wantReason(t, err, verify.Revoked)
	_, err = s.Install(sitetest.Verifier(t), license(t, r, nil), InstallOptions{Components: cluster(t), Now: now})
	wantReason(t, err, verify.Revoked)
	if got := listFiles(t, s); got != "6" {
		t.Errorf("kept %s", got)
	}
	install(t, s, license(t, r, func(l *format.LicenseClaims) { l.ID, l.Terms.Epoch = format.ID{7}, 2 }))
	if l, err := s.Installed(sitetest.Verifier(t), InstallOptions{Components: cluster(t), Now: now}); err != nil || l.RevocationList.Number != 6 {
		t.Errorf("got %+v, %v", l, err)
	}
}

// TestWhoMaySignAList: what the verifier does not trust does not get into the directory.
func TestWhoMaySignAList(t *testing.T) {
	s, r := installedState(t)
	good := list(t, sitetest.Root, 5, nil)
	for name, c := range map[string]struct {
		text []byte
		want verify.Reason
	}{
		"staff":                             {list(t, sitetest.Staff, 5, nil), verify.OutOfScope},
		"stranger":                          {list(t, sitetest.Stranger, 5, nil), verify.UnknownKey},
		"license":                           {license(t, r, nil), verify.Malformed},
		"damaged":                           {good[:len(good)-20], verify.Malformed},
		"a root that revokes itself":        {list(t, sitetest.Root, 5, revokingKey(sitetest.Root)), verify.OutOfScope},
		"a root that revokes the standby":   {list(t, sitetest.Root, 5, revokingKey(sitetest.Standby)), verify.OutOfScope},
		"a list key that revokes the root":  {list(t, sitetest.ListKey, 5, revokingKey(sitetest.Root)), verify.OutOfScope},
		"a list key for another vendor":     {list(t, sitetest.ListKey, 5, func(c *format.RevocationClaims) { c.Issuer = "other.example" }), verify.OutOfScope},
		"a list key before its appointment": {list(t, sitetest.ListKey, 5, func(c *format.RevocationClaims) { c.IssuedAt = 1 }), verify.OutOfScope},
	} {
		t.Run(name, func(t *testing.T) { wantListRefused(t, s, c.text, c.want) })
	}
	if listFiles(t, s) != "" {
		t.Errorf("kept %s", listFiles(t, s))
	}
}

// TestStolenListKey: a number as high as can be does not outlast the theft, and the list
// of the thief does not come back when another key signs the next one.
func TestStolenListKey(t *testing.T) {
	s, _ := installedState(t)
	const huge = 1 << 62
	thiefs := list(t, sitetest.ListKey, huge, revoking(installed))
	thiefsNext := list(t, sitetest.ListKey, huge+1, nil)
	installList(t, s, list(t, sitetest.ListKey, 5, nil))
	installList(t, s, thiefs)
	_, err := verifyAt(t, s, now)
	wantReason(t, err, verify.Revoked)
	wantListRefused(t, s, list(t, sitetest.ListKey2, 6, nil), verify.Superseded)

	installList(t, s, list(t, sitetest.Root, 6, revokingKey(sitetest.ListKey)))
	wantList(t, s, program(t), 6)
	wantListRefused(t, s, thiefs, verify.Revoked)
	wantListRefused(t, s, thiefsNext, verify.Revoked)
	installList(t, s, list(t, sitetest.ListKey2, 7, nil))
	wantList(t, s, program(t), 7)
	if got := listFiles(t, s); got != "6 7" {
		t.Errorf("kept %s", got)
	}
	wantListRefused(t, s, thiefs, verify.Revoked)
	p := program(t)
	p.Revocations = [][]byte{thiefsNext}
	wantList(t, s, p, 7)
	installList(t, s, list(t, sitetest.Root, 8, revokingKey(sitetest.ListKey)))
	if got := listFiles(t, s); got != "7 8" {
		t.Errorf("kept %s", got)
	}
}

// TestStolenRoot: the standby root puts an end to the active one, its lists and what it
// has delegated, and not the reverse.
func TestStolenRoot(t *testing.T) {
	s, _ := installedState(t)
	installList(t, s, list(t, sitetest.Root, 1<<62, revoking(installed)))
	installList(t, s, list(t, sitetest.Standby, 6, func(c *format.RevocationClaims) {
		delegation, err := sitetest.Delegation()
		if err != nil {
			t.Fatal(err)
		}
		statement, err := format.ParseStatement(delegation, format.Delegation)
		if err != nil {
			t.Fatal(err)
		}
		c.Keys = []format.RevokedKey{{Thumbprint: sitetest.Root.Thumbprint(), Keep: format.NewSet(statement.Digest())}}
	}))
	wantList(t, s, program(t), 6)
	wantListRefused(t, s, list(t, sitetest.Root, 1<<62+1, nil), verify.Revoked)
	wantListRefused(t, s, list(t, sitetest.ListKey, 1<<62+1, nil), verify.Revoked)
	installList(t, s, list(t, sitetest.Standby, 7, revokingKey(sitetest.Root)))
	_, err := s.Verify(twoRoots(t), program(t), now)
	wantReason(t, err, verify.Revoked)
	// Who knows one root alone is not told of the other's list, and goes on.
	if l, err := verifyAt(t, s, now); err != nil || len(l.Warnings) != 1 {
		t.Errorf("got %+v, %v", l, err)
	}
}

// TestListAgainstLicense: the installed license, and the list in its file, are floors too.
func TestListAgainstLicense(t *testing.T) {
	s, r := installedState(t)
	put(t, s, licenseFile, license(t, r, func(l *format.LicenseClaims) { l.Terms.MinRevocation = 5 }))
	wantListRefused(t, s, list(t, sitetest.Root, 4, nil), verify.Superseded)
	installList(t, s, list(t, sitetest.Root, 5, nil))

	s, r = installedState(t)
	put(t, s, licenseFile, attach(t, license(t, r, nil), list(t, sitetest.Root, 5, nil)))
	wantListRefused(t, s, list(t, sitetest.Root, 4, nil), verify.Superseded)
	installList(t, s, list(t, sitetest.Root, 5, nil))
}

// TestOtherVendorsList: a tool that trusts two vendors does not mix them up.
func TestOtherVendorsList(t *testing.T) {
	both, err := verify.ParseRoots(append(sitetest.Roots(), sitetest.OtherRoots()...))
	if err != nil {
		t.Fatal(err)
	}
	others, own := list(t, sitetest.Stranger, 5, nil), list(t, sitetest.Root, 3, nil)
	refused := func(s *State, what string) {
		t.Helper()
		if _, err := s.InstallRevocations(both, others, InstallOptions{Now: now}); !isReason(err, verify.OutOfScope) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	s, _ := installedState(t)
	refused(s, "beside a license")
	if err := os.Remove(s.path(licenseFile)); err != nil {
		t.Fatal(err)
	}
	installList(t, s, own)
	refused(s, "beside a list")
	installList(t, s, list(t, sitetest.Root, 4, nil)) // the vendor's own goes on
	s, _ = installedState(t)
	release(t, s)
	if err := os.Remove(s.path(licenseFile)); err != nil {
		t.Fatal(err)
	}
	refused(s, "beside what was released")
	installList(t, s, own)
	s = At(filepath.Join(t.TempDir(), "S"))
	request(t, s, options(t))
	if _, err := s.InstallRevocations(both, others, InstallOptions{Now: now}); err != nil {
		t.Errorf("nothing is known: %v", err)
	}
	// What the directory has of another vendor plays no part.
	install(t, s, license(t, request(t, s, options(t)), nil))
	if l, err := s.Verify(both, program(t), now); err != nil || l.RevocationList != nil {
		t.Errorf("got %+v, %v", l, err)
	}
	if _, err := s.InstallRevocations(both, own, InstallOptions{Now: now}); err != nil {
		t.Error(err)
	}
	if l, err := s.Verify(both, program(t), now); err != nil || l.RevocationList.Number != 3 {
		t.Errorf("got %+v, %v", l, err)
	}
}

// TestListFromTheFuture: a list that a wrong clock has dated does not stop the site.
func TestListFromTheFuture(t *testing.T) {
	s, r := installedState(t)
	at := func(ahead time.Duration) []byte {
		return list(t, sitetest.Root, 5, func(c *format.RevocationClaims) { c.IssuedAt = now.Add(ahead).Unix() })
	}
	late := at(verify.ClockTolerance + time.Second)
	wantListRefused(t, s, late, verify.ClockRolledBack)
	_, err := s.InstallRevocations(sitetest.Verifier(t), late, InstallOptions{Now: now})
	if !strings.Contains(err.Error(), "this machine's clock") {
		t.Errorf("got %v", err)
	}
	_, err = s.Install(sitetest.Verifier(t), attach(t, license(t, r, nil), late), InstallOptions{Components: cluster(t), Now: now})
	wantReason(t, err, verify.ClockRolledBack)
	p := program(t)
	p.Revocations = [][]byte{late}
	_, err = s.Verify(sitetest.Verifier(t), p, now)
	wantReason(t, err, verify.ClockRolledBack)
	if listFiles(t, s) != "" {
		t.Errorf("kept %s", listFiles(t, s))
	}
	wantList(t, s, program(t), 0)
	installList(t, s, at(verify.ClockTolerance))
	wantList(t, s, program(t), 5)
}

func TestListIntoNoStateDirectory(t *testing.T) {
	text := list(t, sitetest.Root, 5, nil)
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, licenseFile), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]error{
		foreign: ErrNotState, t.TempDir(): ErrNoSite, filepath.Join(t.TempDir(), "missing"): ErrNoSite,
	} {
		if _, err := At(dir).InstallRevocations(sitetest.Verifier(t), text, InstallOptions{Now: now}); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		if _, err := os.Stat(filepath.Join(dir, revocationsDir)); err == nil {
			t.Error("made a directory")
		}
	}
	s, _ := installedState(t)
	if _, err := s.InstallRevocations(sitetest.Verifier(t), text, InstallOptions{Now: time.Time{}}); err == nil {
		t.Error("without a time")
	}
}

// TestListOfLicenseFile: what came with a license stays when the license goes, and counts
// where the license itself is refused.
func TestListOfLicenseFile(t *testing.T) {
	s, r := installedState(t)
	numbered := func(id byte, epoch uint64) []byte {
		return license(t, r, func(l *format.LicenseClaims) { l.ID, l.Terms.Epoch = format.ID{id}, epoch })
	}
	install(t, s, attach(t, numbered(3, 3), list(t, sitetest.Root, 5, nil)))
	install(t, s, attach(t, numbered(4, 3), list(t, sitetest.Root, 4, nil))) // older, and no harm
	wantList(t, s, program(t), 5)

	// A file that somebody has put there by hand does not take its list along.
	put(t, s, licenseFile, attach(t, numbered(3, 3), list(t, sitetest.Root, 6, nil)))
	install(t, s, numbered(4, 3))
	wantList(t, s, program(t), 6)

	refused := func(what string, text []byte, want verify.Reason, number uint64) {
		t.Helper()
		_, err := s.Install(sitetest.Verifier(t), text, InstallOptions{Components: cluster(t), Now: now})
		refusal := new(verify.Refusal)
		if !errors.As(err, &refusal) || refusal.Reason != want || !strings.Contains(refusal.Hint(), fmt.Sprintf("was kept: list %d of ", number)) {
			t.Errorf("%s: got %v, %+v", what, err, refusal)
		}
	}
	refused("superseded", attach(t, numbered(3, 2), list(t, sitetest.Root, 7, nil)), verify.Superseded, 7)
	wantList(t, s, program(t), 7)
	elsewhere := license(t, r, func(l *format.LicenseClaims) { l.Binding.Request[0]++ })
	refused("another site's", attach(t, elsewhere, list(t, sitetest.Root, 8, revoking(format.ID{4}))), verify.WrongSite, 8)
	_, err := verifyAt(t, s, now)
	wantReason(t, err, verify.Revoked)
	refused("revoked by its own", attach(t, numbered(5, 4), list(t, sitetest.Root, 9, revoking(format.ID{5}))), verify.Revoked, 9)

	// Into a directory that is none of a site nothing gets, and nothing of another vendor's.
	fresh := At(filepath.Join(t.TempDir(), "S"))
	l := sitetest.License()
	l.Expires = now.Unix()
	expired, err := sitetest.Seal(l)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fresh.Install(sitetest.Verifier(t), attach(t, expired, list(t, sitetest.Root, 9, nil)), InstallOptions{Now: now})
	wantReason(t, err, verify.Expired)
	if _, err := os.Stat(fresh.Dir()); err == nil {
		t.Error("made the directory")
	}
	install(t, fresh, attach(t, volumeLicense(t, 1), list(t, sitetest.Root, 9, nil)))
	if got := listFiles(t, fresh); got != "9" {
		t.Errorf("kept %s", got)
	}
}

// TestListIsKeptWhereItCan: a directory that cannot be written is a warning of a check, and
// an error of an installation, which then has changed nothing.
func TestListIsKeptWhereItCan(t *testing.T) {
	s, r := installedState(t)
	put(t, s, revocationsDir, nil) // a file in the place of the directory
	p := program(t)
	p.Revocations = [][]byte{list(t, sitetest.Root, 5, nil)}
	l, err := s.Verify(sitetest.Verifier(t), p, now)
	if err != nil || l.RevocationList.Number != 5 || len(l.Warnings) != 2 || !strings.Contains(l.Warnings[1].Text, "could not be kept") {
		t.Errorf("got %+v, %v", l, err)
	}
	before := file(t, s, licenseFile)
	text := attach(t, license(t, r, func(l *format.LicenseClaims) { l.Terms.Epoch = 2 }), p.Revocations[0])
	if _, err := s.Install(sitetest.Verifier(t), text, InstallOptions{Components: cluster(t), Now: now}); err == nil {
		t.Error("installed")
	}
	sameFile(t, s, licenseFile, before)
}

// TestReleaseAndRevocation: what was given up is said first; what was revoked cannot be given
// up, in the list at hand or in that of its file; and an emergency does not make it good.
func TestReleaseAndRevocation(t *testing.T) {
	s, _ := installedState(t)
	first := release(t, s)
	installList(t, s, list(t, sitetest.Root, 5, revoking(installed)))
	if again := release(t, s); !bytes.Equal(again.Text, first.Text) {
		t.Error("two releases")
	}
	_, err := verifyAt(t, s, now)
	wantReason(t, err, verify.Released)
	installList(t, s, list(t, sitetest.Root, 6, nil))

	for name, c := range map[string]struct {
		list func(*format.RevocationClaims)
		want error
	}{
		"by the list in its file":  {revoking(installed), verify.Revoked},
		"a later list in its file": {func(c *format.RevocationClaims) { c.IssuedAt = now.Unix() }, nil},
	} {
		s, r := installedState(t)
		put(t, s, licenseFile, attach(t, license(t, r, nil), list(t, sitetest.Root, 5, c.list)))
		if _, err := s.Release(releaseOptions(t)); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	s, r := installedState(t)
	put(t, s, licenseFile, license(t, r, func(l *format.LicenseClaims) { l.Terms.MinRevocation = 5 }))
	release(t, s) // though no list is known

	s, r = failoverState(t, 3)
	install(t, s, attach(t, license(t, r, func(l *format.LicenseClaims) { l.Terms.MinRevocation, l.Terms.EmergencyDays = 5, 3 }), list(t, sitetest.Root, 5, nil)))
	put(t, s, licenseFile, license(t, r, func(l *format.LicenseClaims) { l.Terms.MinRevocation, l.Terms.EmergencyDays = 5, 3 }))
	mustStart(t, s, now)
	wantList(t, s, program(t), 5)
	mustStop(t, s, now)
	installList(t, s, list(t, sitetest.Root, 6, revoking(installed)))
	_, err = start(t, s, now)
	wantReason(t, err, verify.Revoked)
}
