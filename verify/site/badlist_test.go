package site

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// onlyList returns the path of the one list in the directory.
func onlyList(t testing.TB, s *State) string {
	t.Helper()
	files, err := filepath.Glob(s.path(revocationsDir + "/*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	return files[0]
}

func wantWarnings(t testing.TB, l *verify.License, err error, want ...string) {
	t.Helper()
	if err != nil {
		t.Error(err)
		return
	}
	if len(l.Warnings) != len(want) {
		t.Errorf("got %q, want %q", l.Warnings, want)
		return
	}
	for i := range want {
		if !strings.Contains(l.Warnings[i].Text, want[i]) {
			t.Errorf("got %q, want %q", l.Warnings[i], want[i])
		}
	}
}

// TestListOfUnknownRootIsLeftAlone: a tool with a roots file of before the standby root
// must not destroy the list by which that root has revoked a stolen one.
func TestListOfUnknownRootIsLeftAlone(t *testing.T) {
	s, _ := installedState(t)
	installList(t, s, list(t, sitetest.Standby, 10, revokingKey(sitetest.Root)))
	kept := onlyList(t, s)
	l, err := verifyAt(t, s, now)
	wantWarnings(t, l, err, fmt.Sprintf("the revocation list %q cannot be used and was left alone: unknown-key: ", kept))

	thiefs := list(t, sitetest.Root, 11, nil)
	for range 2 { // again, too
		if _, err := s.InstallRevocations(sitetest.Verifier(t), thiefs, InstallOptions{Now: now}); err != nil {
			t.Fatal(err)
		}
	}
	if got := listFiles(t, s); got != "10 11" {
		t.Errorf("kept %s", got)
	}
	l, err = verifyAt(t, s, now)
	wantWarnings(t, l, err) // forever is too long
	_, err = s.Verify(twoRoots(t), program(t), now)
	wantReason(t, err, verify.Revoked)
	wantListRefused(t, s, thiefs, verify.Revoked)
}

// TestBadListStays: whatever stands in the place of a list, one warning names it, no list
// is missed for it, and nobody touches it.
func TestBadListStays(t *testing.T) {
	good := list(t, sitetest.Root, 5, nil)
	for name, c := range map[string]struct {
		put     func(path string) error
		warning string
	}{
		"garbage":            {write([]byte("hello")), "malformed: it does not start with OLQ1:"},
		"empty":              {write(nil), "malformed: "},
		"cut":                {write(good[:len(good)-9]), "malformed: "},
		"a license":          {write(volumeLicense(t, 1)), "this is a license"},
		"of a later version": {write([]byte("OLV2" + string(good[4:]))), "malformed: "},
		"another's":          {write(list(t, sitetest.Stranger, 1<<62, nil)), ""},
		"by a staff key":     {write(list(t, sitetest.Staff, 5, nil)), `the key "anna" was not allowed to sign this revocation list`},
		"not a file":         {func(path string) error { return os.Mkdir(path, 0o755) }, "it is a directory"},
		"a link that leads nowhere": {func(path string) error { return os.Symlink("nowhere", path) },
			"no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.Contains(name, "link") {
				t.Skip("making one needs a right here")
			}
			s, _ := installedState(t)
			installList(t, s, list(t, sitetest.Root, 4, nil))
			path := s.path(revocationsDir + "/5-X.olv")
			if err := c.put(path); err != nil {
				t.Fatal(err)
			}
			installList(t, s, list(t, sitetest.Root, 6, nil))
			if got := listFiles(t, s); got != "5 6" {
				t.Errorf("there is %s, want 5 6", got)
			}
			l, err := verifyAt(t, s, now)
			if c.warning == "" {
				wantWarnings(t, l, err)
				return
			}
			wantWarnings(t, l, err, fmt.Sprintf("the revocation list %q cannot be used and was left alone: ", path))
			wantWarnings(t, l, err, c.warning)
			wantWarnings(t, l, err, "; if it is damaged, remove it and install the newest list")
		})
	}
}

// write returns what puts a text at a path.
func write(text []byte) func(string) error {
	return func(path string) error { return os.WriteFile(path, text, 0o644) }
}

// TestDirectoryFullOfFiles: the number of files that are read has an end, and the newest are.
func TestDirectoryFullOfFiles(t *testing.T) {
	s, _ := installedState(t)
	installList(t, s, list(t, sitetest.Root, 5, nil))
	for i := range 10 * maxLists {
		path := s.path(fmt.Sprintf("%s/1-%d.olv", revocationsDir, i))
		if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	known := s.keptLists(sitetest.Verifier(t))
	if len(known.kept) != 1 || len(known.bad) != maxLists-1 {
		t.Errorf("%d kept, %d bad", len(known.kept), len(known.bad))
	}
	wantList(t, s, program(t), 5)
	installList(t, s, list(t, sitetest.Root, 6, nil))
	wantList(t, s, program(t), 6)
}

// TestListDirectoryIsNone: what stands in its place is named, in the warning and where a list
// is to be installed, with what to do.
func TestListDirectoryIsNone(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"a file":                    write([]byte("x")),
		"a link that leads nowhere": func(path string) error { return os.Symlink("nowhere", path) },
	} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.Contains(name, "link") {
				t.Skip("making one needs a right here")
			}
			s, _ := installedState(t)
			path := s.path(revocationsDir)
			if err := put(path); err != nil {
				t.Fatal(err)
			}
			l, err := verifyAt(t, s, now)
			wantWarnings(t, l, err, fmt.Sprintf("the revocation list %q cannot be used and was left alone: it is not a directory; ", path))
			p := program(t)
			p.MinRevocation = 5
			_, err = s.Verify(sitetest.Verifier(t), p, now)
			refusal := new(verify.Refusal)
			if !errors.As(err, &refusal) || !strings.HasSuffix(refusal.Found, "it is not a directory") {
				t.Errorf("got %+v", err)
			}
			text := list(t, sitetest.Root, 5, nil)
			if _, err = s.InstallRevocations(sitetest.Verifier(t), text, InstallOptions{Now: now}); err == nil ||
				!strings.Contains(err.Error(), path) || !strings.HasSuffix(err.Error(), "it is not a directory") {
				t.Errorf("got %v", err)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			installList(t, s, text)
			wantList(t, s, p, 5)
		})
	}
}

// TestListsOfOtherVendorsStay: a list takes the place of its own vendor's alone.
func TestListsOfOtherVendorsStay(t *testing.T) {
	both, err := verify.ParseRoots(append(sitetest.Roots(), sitetest.OtherRoots()...))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := installedState(t)
	if err := os.Mkdir(s.path(revocationsDir), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, s, revocationsDir+"/3-X.olv", list(t, sitetest.Stranger, 3, nil))
	for number := uint64(4); number < 7; number++ {
		if _, err := s.InstallRevocations(both, list(t, sitetest.Root, number, nil), InstallOptions{Now: now}); err != nil {
			t.Fatal(err)
		}
	}
	if got := listFiles(t, s); got != "3 6" {
		t.Errorf("kept %s", got)
	}
}

// TestProgramsListIsAnotherVendors: a program that brings the wrong file is told.
func TestProgramsListIsAnotherVendors(t *testing.T) {
	both, err := verify.ParseRoots(append(sitetest.Roots(), sitetest.OtherRoots()...))
	if err != nil {
		t.Fatal(err)
	}
	s, r := installedState(t)
	p := program(t)
	others := list(t, sitetest.Stranger, 9, nil)
	p.Revocations = [][]byte{others, others}
	const warning = "the given revocation lists are from other.example and say nothing about a license from acme.example"
	l, err := s.Verify(both, p, now)
	wantWarnings(t, l, err, warning)
	l, err = s.Judge(both, license(t, r, nil), p, now)
	wantWarnings(t, l, err, warning)
	p.MinRevocation = 5
	_, err = s.Verify(both, p, now)
	refusal := new(verify.Refusal)
	if !errors.As(err, &refusal) || refusal.Found != "no revocation list; "+warning {
		t.Errorf("got %+v", err)
	}
	p.Revocations = [][]byte{others, list(t, sitetest.Root, 5, nil)}
	l, err = s.Verify(both, p, now)
	wantWarnings(t, l, err)
}

// TestDecidedRefusalNamesNoFile: a license that is known to be revoked is not revoked for
// a file that could not be read.
func TestDecidedRefusalNamesNoFile(t *testing.T) {
	s, _ := installedState(t)
	installList(t, s, list(t, sitetest.Root, 5, revoking(installed)))
	put(t, s, revocationsDir+"/7-X.olv", []byte("x"))
	_, err := verifyAt(t, s, now)
	refusal := new(verify.Refusal)
	if !errors.As(err, &refusal) || refusal.Reason != verify.Revoked || refusal.Undecided || strings.Contains(refusal.Found, "7-X.olv") {
		t.Errorf("got %+v", err)
	}
}

// TestReleaseWithoutItsList: a list in the license file that does not hold keeps nobody
// from giving the license up; another signature on the license does.
func TestReleaseWithoutItsList(t *testing.T) {
	for name, attached := range map[string][]byte{
		"a standby root's":  list(t, sitetest.Standby, 5, nil),
		"another vendor's":  list(t, sitetest.Stranger, 5, nil),
		"out of scope":      list(t, sitetest.Root, 5, revokingKey(sitetest.Root)),
		"by a staff key":    list(t, sitetest.Staff, 5, nil),
		"one that is later": list(t, sitetest.Root, 5, func(c *format.RevocationClaims) { c.IssuedAt = now.Unix() }),
	} {
		t.Run(name, func(t *testing.T) {
			s, r := installedState(t)
			text := license(t, r, nil)
			put(t, s, licenseFile, attach(t, text, attached))
			released, err := s.Release(releaseOptions(t))
			if err != nil || released.License != installed {
				t.Fatalf("got %+v, %v", released, err)
			}
		})
	}
	s, r := installedState(t)
	put(t, s, licenseFile, attach(t, license(t, r, nil), list(t, sitetest.Root, 5, nil)))
	other, err := verify.ParseRoots(sitetest.OtherRoots())
	if err != nil {
		t.Fatal(err)
	}
	o := releaseOptions(t)
	o.Verifier = other
	_, err = s.Release(o)
	wantReason(t, err, verify.UnknownKey)

	// A signer who was appointed after the time that the license gives as its issue.
	l, err := sitetest.Answer(r.Text)
	if err != nil {
		t.Fatal(err)
	}
	d := sitetest.DelegationClaims()
	d.IssuedAt = now.Unix()
	if text, err := sitetest.SealUnder(d, l); err != nil {
		t.Fatal(err)
	} else {
		put(t, s, licenseFile, text)
	}
	if _, err := s.Release(releaseOptions(t)); err != nil {
		t.Error(err)
	}
}
