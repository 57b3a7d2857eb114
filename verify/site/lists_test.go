package site

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// list returns the text of a list with a number, which revokes nothing unless change says
// so.
func list(t testing.TB, by sitetest.Signer, number uint64, change func(*format.RevocationClaims)) []byte {
	t.Helper()
	text, err := sitetest.List(by, number, change)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// revoking makes a list revoke licenses.
func revoking(ids ...[16]byte) func(*format.RevocationClaims) {
	return func(c *format.RevocationClaims) { c.Licenses = format.NewSet(ids...) }
}

// revokingKey makes a list revoke a key and all that it has signed.
func revokingKey(key sitetest.Signer) func(*format.RevocationClaims) {
	return func(c *format.RevocationClaims) { c.Keys = []format.RevokedKey{{Thumbprint: key.Thumbprint()}} }
}

// installed is the id of the license of installedState.
var installed = format.ID{2}

func attach(t testing.TB, license, list []byte) []byte {
	t.Helper()
	text, err := sitetest.Attach(license, list)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func twoRoots(t testing.TB) *verify.Verifier {
	t.Helper()
	v, err := verify.ParseRoots(sitetest.TwoRoots())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func installList(t testing.TB, s *State, text []byte) {
	t.Helper()
	if _, err := s.InstallRevocations(twoRoots(t), text, InstallOptions{Now: now}); err != nil {
		t.Fatal(err)
	}
}

func wantListRefused(t testing.TB, s *State, text []byte, want verify.Reason) {
	t.Helper()
	before := listFiles(t, s)
	_, err := s.InstallRevocations(twoRoots(t), text, InstallOptions{Now: now})
	wantReason(t, err, want)
	if after := listFiles(t, s); after != before {
		t.Errorf("%s: there was %s, now %s", want, before, after)
	}
}

// listFiles names the numbers of the lists in the directory.
func listFiles(t testing.TB, s *State) string {
	t.Helper()
	paths, err := filepath.Glob(s.path(revocationsDir + "/*"))
	if err != nil {
		t.Fatal(err)
	}
	var numbers []string
	for _, path := range paths {
		number, _, _ := strings.Cut(filepath.Base(path), "-")
		numbers = append(numbers, number)
	}
	return strings.Join(numbers, " ")
}

// wantList checks the installed license and wants it judged by a list; 0: by none.
func wantList(t testing.TB, s *State, p Program, number uint64) {
	t.Helper()
	l, err := s.Verify(twoRoots(t), p, now)
	got := uint64(0)
	if err == nil && l.RevocationList != nil {
		got = l.RevocationList.Number
	}
	if err != nil || got != number {
		t.Errorf("got list %d, %v, want list %d", got, err, number)
	}
}

// TestEveryWayOfAList: wherever the newest list is, it is the one that counts.
func TestEveryWayOfAList(t *testing.T) {
	old, newer := list(t, sitetest.Root, 4, nil), list(t, sitetest.Root, 5, revoking(installed))
	for name, give := range map[string]func(*State, *Request, *Program){
		"installed": func(s *State, _ *Request, p *Program) {
			installList(t, s, newer)
			p.Revocations = [][]byte{old}
		},
		"with the program": func(s *State, _ *Request, p *Program) {
			installList(t, s, old)
			p.Revocations = [][]byte{old, newer}
		},
		"in the license file": func(s *State, r *Request, p *Program) {
			installList(t, s, old)
			put(t, s, licenseFile, attach(t, license(t, r, nil), newer))
		},
	} {
		s, r := installedState(t)
		p := program(t)
		wantList(t, s, p, 0)
		give(s, r, &p)
		_, err := s.Verify(twoRoots(t), p, now)
		wantReason(t, err, verify.Revoked)
		// Once seen, it counts for an older program and license, too.
		put(t, s, licenseFile, license(t, r, nil))
		if _, err = s.Verify(twoRoots(t), program(t), now); err == nil {
			t.Errorf("%s: the list is forgotten", name)
		}
		_, err = s.Judge(twoRoots(t), license(t, r, nil), program(t), now)
		wantReason(t, err, verify.Revoked)
		_, err = Check(s.Dir(), twoRoots(t), program(t), now)
		wantReason(t, err, verify.Revoked)
		if got := listFiles(t, s); got != "5" {
			t.Errorf("%s: kept %s", name, got)
		}
	}
}

// TestFloors: an older list than one of the floors allows is none, and with the directory
// wiped the other floors hold.
func TestFloors(t *testing.T) {
	demanding := func(n uint64) func(*format.LicenseClaims) {
		return func(l *format.LicenseClaims) { l.Terms.MinRevocation = n }
	}
	for name, c := range map[string]struct {
		p    func(*Program)
		l    func(*format.LicenseClaims)
		want verify.Reason
	}{
		"none":                                  {want: verify.Valid},
		"compiled in":                           {p: func(p *Program) { p.MinRevocation = 5 }, want: verify.Revoked},
		"the license's":                         {l: demanding(5), want: verify.Revoked},
		"compiled in, and lower in the license": {p: func(p *Program) { p.MinRevocation = 5 }, l: demanding(2), want: verify.Revoked},
		"the license's, and lower compiled in":  {p: func(p *Program) { p.MinRevocation = 2 }, l: demanding(5), want: verify.Revoked},
		"a list of the program's": {p: func(p *Program) {
			p.Revocations = [][]byte{list(t, sitetest.Root, 5, revoking(installed))}
		}, want: verify.Revoked},
		"age": {p: func(p *Program) { p.MaxRevocationAge = 12 * time.Hour }, want: verify.Revoked},
	} {
		s, r := installedState(t)
		p := program(t)
		if c.p != nil {
			c.p(&p)
		}
		put(t, s, licenseFile, license(t, r, c.l))
		check := func(what string, want verify.Reason) {
			t.Helper()
			_, err := s.Verify(twoRoots(t), p, now)
			if want == verify.Valid && err != nil || want != verify.Valid && !isReason(err, want) {
				t.Errorf("%s, %s: got %v, want %s", name, what, err, want)
			}
		}
		check("no list", c.want)
		text := license(t, r, c.l)
		put(t, s, licenseFile, attach(t, text, list(t, sitetest.Root, 4, nil)))
		check("an older one in the license file", c.want)
		if c.l == nil {
			if err := os.RemoveAll(s.path(revocationsDir)); err != nil {
				t.Fatal(err)
			}
			put(t, s, licenseFile, text)
			installList(t, s, list(t, sitetest.Root, 4, nil))
			check("an older one installed", c.want)
		}
		if err := os.RemoveAll(s.path(revocationsDir)); err != nil {
			t.Fatal(err)
		}
		if len(p.Revocations) == 0 {
			recent := list(t, sitetest.ListKey, 5, func(l *format.RevocationClaims) { l.IssuedAt = now.Unix() })
			installList(t, s, recent)
			check("a new one", verify.Valid)
			if err := os.RemoveAll(s.path(revocationsDir)); err != nil { // wiped
				t.Fatal(err)
			}
			check("wiped", c.want)
		}
	}
}

func isReason(err error, want verify.Reason) bool {
	r, ok := err.(*verify.Refusal)
	return ok && r.Reason == want
}

// TestAgeAlone: no list is ever too old unless the product says so.
func TestAgeAlone(t *testing.T) {
	s, r := installedState(t)
	install(t, s, license(t, r, func(l *format.LicenseClaims) { l.Expires, l.ID = 0, format.ID{3} }))
	installList(t, s, list(t, sitetest.Root, 5, nil))
	l, err := verifyAt(t, s, now.AddDate(50, 0, 0))
	if err != nil || l.RevocationList.Number != 5 || !l.RevocationList.Issued.Equal(sitetest.Issued) {
		t.Errorf("got %+v, %v", l, err)
	}
}

// TestBadListInDirectory: a list that cannot be used is a warning that names the file, and
// a refusal only where a floor asks for it.
func TestBadListInDirectory(t *testing.T) {
	good := list(t, sitetest.Root, 5, nil)
	for name, text := range map[string][]byte{
		"garbage":        []byte("hello"),
		"empty":          nil,
		"cut":            good[:len(good)-9],
		"a license":      volumeLicense(t, 1),
		"another's":      list(t, sitetest.Stranger, 6, nil),
		"by a staff key": list(t, sitetest.Staff, 6, nil),
		"huge":           bytes.Repeat([]byte("A"), maxFile+1),
	} {
		s, _ := installedState(t)
		installList(t, s, good)
		path := onlyList(t, s)
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		l, err := verifyAt(t, s, now)
		if err != nil || l.RevocationList != nil || len(l.Warnings) != 1 ||
			!strings.Contains(l.Warnings[0].Text, path) {
			t.Errorf("%s: got %+v, %v", name, l, err)
		}
		p := program(t)
		p.MinRevocation = 5
		_, err = s.Verify(sitetest.Verifier(t), p, now)
		wantReason(t, err, verify.Revoked)
		if refusal, ok := err.(*verify.Refusal); !ok || !strings.Contains(refusal.Found, path) {
			t.Errorf("%s: the refusal does not name the file: %+v", name, err)
		}
		// The same list once more puts an end to it.
		installList(t, s, good)
		if l, err := s.Verify(sitetest.Verifier(t), p, now); err != nil || len(l.Warnings) != 0 {
			t.Errorf("%s: got %+v, %v", name, l, err)
		}
	}
}

// TestProgramsOwnList: one that does not open is the program's mistake, and no statement
// about the license.
func TestProgramsOwnList(t *testing.T) {
	s, r := installedState(t)
	for name, text := range map[string][]byte{
		"empty": nil, "garbage": []byte("x"), "another's": list(t, sitetest.Stranger, 1, nil), "a license": license(t, r, nil),
	} {
		p := program(t)
		p.Revocations = [][]byte{list(t, sitetest.Root, 1, nil), text}
		for path, check := range map[string]func() (*verify.License, error){
			"verify": func() (*verify.License, error) { return s.Verify(sitetest.Verifier(t), p, now) },
			"judge":  func() (*verify.License, error) { return s.Judge(sitetest.Verifier(t), license(t, r, nil), p, now) },
		} {
			l, err := check()
			if l != nil || err == nil || isReason(err, verify.Malformed) || isReason(err, verify.UnknownKey) ||
				!strings.Contains(err.Error(), "the program's own revocation list") || !strings.Contains(err.Error(), "[1]") {
				t.Errorf("%s, %s: got %v, %v", name, path, l, err)
			}
		}
	}
}

// TestListRaisesClock: what is signed has passed.
func TestListRaisesClock(t *testing.T) {
	for name, give := range map[string]func(*State, *Program, []byte){
		"installed": func(s *State, _ *Program, text []byte) {
			if _, err := s.InstallRevocations(sitetest.Verifier(t), text, InstallOptions{Now: now.AddDate(0, 6, 0)}); err != nil {
				t.Fatal(err)
			}
			if record, err := s.readClock(); err != nil || record.highest != now.AddDate(0, 3, 0).Add(maxStep) {
				t.Errorf("at once: got %v, %v", record, err)
			}
		},
		"with the program": func(s *State, p *Program, text []byte) { p.Revocations = [][]byte{text} },
	} {
		s, _ := installedState(t)
		p := program(t)
		issued := now.AddDate(0, 3, 0)
		give(s, &p, list(t, sitetest.Root, 5, func(c *format.RevocationClaims) { c.IssuedAt = issued.Unix() }))
		if _, err := s.Verify(sitetest.Verifier(t), p, now.AddDate(0, 6, 0)); err != nil {
			t.Fatal(err)
		}
		if record, err := s.readClock(); err != nil || record.highest != issued.Add(maxStep) {
			t.Errorf("%s: got %v, %v", name, record, err)
		}
		_, err := verifyAt(t, s, now)
		wantReason(t, err, verify.ClockRolledBack)
	}
}
