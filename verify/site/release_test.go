package site

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

func releaseOptions(t testing.TB) ReleaseOptions {
	return ReleaseOptions{Now: now, Random: rand.Reader, Verifier: sitetest.Verifier(t)}
}

func release(t testing.TB, s *State) *Release {
	t.Helper()
	r, err := s.Release(releaseOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// openRelease is the vendor, who knows the key of the one license.
func openRelease(t testing.TB, s *State, text []byte) *verify.Release {
	t.Helper()
	key, err := s.readKey()
	if err != nil {
		t.Fatal(err)
	}
	r, err := verify.OpenRelease(text, func(format.ID) (keys.PublicKey, error) { return key.Public(), nil })
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRelease(t *testing.T) {
	s, _ := installedState(t)
	preview, err := s.PreviewRelease(releaseOptions(t))
	if err != nil || preview.License.Terms.Customer != "Site Ltd" || !preview.Since.IsZero() {
		t.Fatalf("got %+v, %v", preview, err)
	}
	if _, err := verifyAt(t, s, now); err != nil {
		t.Fatalf("asking stopped the license: %v", err)
	}
	r := release(t, s)
	got := openRelease(t, s, r.Text)
	if c := got.ReleaseClaims; c != r.ReleaseClaims || c.Activation != "K7QX2MPA3ZL4N" || c.Vendor != "acme.example" ||
		c.License != (format.ID{2}) || c.IssuedAt != now.Unix() || c.EmergencyDays != 0 {
		t.Errorf("got %+v", c)
	}
	if code := openRelease(t, s, []byte(r.Code)); !bytes.Equal(code.Raw, got.Raw) {
		t.Error("code and file are two releases")
	}
	_, err = verifyAt(t, s, now)
	wantReason(t, err, verify.Released)
	preview, err = s.PreviewRelease(releaseOptions(t))
	if err != nil || !preview.Since.Equal(now) {
		t.Errorf("got %+v, %v", preview, err)
	}
}

// TestReleasedComesFirst: whatever else is wrong with a license that was given up, this
// is what is said.
func TestReleasedComesFirst(t *testing.T) {
	s, _ := installedState(t)
	release(t, s)
	for name, p := range map[string]Program{
		"another product": {Product: "liquid"},
		"another machine": {Product: "evoq"},
	} {
		_, err := s.Verify(sitetest.Verifier(t), p, now)
		if !errors.Is(err, verify.Released) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, at := range map[string]time.Time{"expired": sitetest.Ends, "clock in 1970": time.Unix(1, 0)} {
		_, err := verifyAt(t, s, at)
		if !errors.Is(err, verify.Released) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestWhatAReleaseStops(t *testing.T) {
	s, r := installedState(t)
	epoch := func(n uint64) []byte {
		return license(t, r, func(l *format.LicenseClaims) { l.ID, l.Terms.Epoch = format.ID{byte(10 + n)}, n })
	}
	install(t, s, epoch(3))
	release(t, s)
	other := func(change func(*format.LicenseClaims)) []byte {
		return license(t, r, func(l *format.LicenseClaims) {
			l.ID = format.ID{99}
			change(l)
		})
	}
	for name, c := range map[string]struct {
		text []byte
		want verify.Reason
	}{
		"itself":                    {epoch(3), verify.Released},
		"an earlier epoch":          {epoch(1), verify.Released},
		"the same epoch, anew":      {other(func(l *format.LicenseClaims) { l.Terms.Epoch = 3 }), verify.Released},
		"its id, another statement": {license(t, r, func(l *format.LicenseClaims) { l.ID, l.Activation = format.ID{13}, "OTHER" }), verify.Released},
		"a renewal that crossed it": {epoch(4), verify.Released},
		"another activation":        {other(func(l *format.LicenseClaims) { l.Activation = "OTHER" }), verify.Valid},
	} {
		_, err := s.Judge(sitetest.Verifier(t), c.text, program(t), now)
		if c.want == verify.Valid && err != nil || c.want != verify.Valid && !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

// TestReleaseIsTheSame: once a release was handed out, no other one ever is. None is kept:
// the machine key signs it again.
func TestReleaseIsTheSame(t *testing.T) {
	s, _ := installedState(t)
	first := release(t, s)
	o := releaseOptions(t)
	o.Now = now.Add(1000 * time.Hour)
	if r, err := s.Release(o); err != nil || !bytes.Equal(r.Text, first.Text) || r.Code != first.Code {
		t.Errorf("got %v, %v", r, err)
	}
	filepath.WalkDir(s.Dir(), func(path string, _ fs.DirEntry, _ error) error {
		if text, err := os.ReadFile(path); err == nil && bytes.HasPrefix(text, []byte("OLR")) {
			t.Errorf("%s holds a release", path)
		}
		return nil
	})
	if err := os.Remove(s.path(keyFile)); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Release(o); r != nil || !errors.Is(err, ErrNoKey) || strings.Contains(err.Error(), "\n") {
		t.Errorf("without the key: got %v, %v", r, err)
	}
}

// TestReleaseOfRevoked: what a list at hand revokes, such as a license that was replaced,
// frees no seat, and is not given up for nothing.
func TestReleaseOfRevoked(t *testing.T) {
	s, _ := installedState(t)
	installList(t, s, list(t, sitetest.Root, 5, revoking(installed)))
	for _, at := range []time.Time{now, sitetest.Ends.AddDate(1, 0, 0)} {
		o := releaseOptions(t)
		o.Now = at
		r, err := s.Release(o)
		if r != nil {
			t.Errorf("got %v", r)
		}
		wantReason(t, err, verify.Revoked)
	}
	if _, err := os.Stat(s.path(releasedDir)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("something was given up")
	}
}

func TestReleaseWhateverHappenedSince(t *testing.T) {
	for name, change := range map[string]func(*ReleaseOptions, *State){
		"expired":       func(o *ReleaseOptions, _ *State) { o.Now = sitetest.Ends.AddDate(1, 0, 0) },
		"not verified":  func(o *ReleaseOptions, _ *State) { o.Verifier = nil },
		"clock behind":  func(o *ReleaseOptions, _ *State) { o.Now = sitetest.Issued.Add(-30 * time.Minute) },
		"clock damaged": func(_ *ReleaseOptions, s *State) { put(t, s, clockFile, []byte("x")) },
		"no requests": func(_ *ReleaseOptions, s *State) {
			if err := os.RemoveAll(s.path(requestsDir)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		s := At(filepath.Join(t.TempDir(), "S"))
		r := request(t, s, options(t))
		put(t, s, licenseFile, license(t, r, nil))
		o := releaseOptions(t)
		change(&o, s)
		if _, err := s.Release(o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReleaseRefused(t *testing.T) {
	v := sitetest.Verifier(t)
	for name, c := range map[string]struct {
		change func(*State)
		want   error
	}{
		"no license":      {func(s *State) { os.Remove(s.path(licenseFile)) }, verify.NoLicense},
		"damaged license": {func(s *State) { put(t, s, licenseFile, []byte("OLL1:")) }, verify.Malformed},
		"no key":          {func(s *State) { os.Remove(s.path(keyFile)) }, ErrNoKey},
		"another site's":  {func(s *State) { os.Remove(s.path(keyFile)); request(t, s, options(t)) }, verify.WrongSite},
		"clock set back":  {func(s *State) { put(t, s, clockFile, seen{now.Add(26 * time.Hour), now.Add(26 * time.Hour)}.marshal()) }, verify.ClockRolledBack},
		"forged": {func(s *State) {
			text := bytes.Clone(file(t, s, licenseFile))
			raw, _ := format.DecodeTextAs(text, format.LicenseFile)
			raw[len(raw)-1] ^= 1
			put(t, s, licenseFile, format.EncodeFile(format.LicenseFile, raw))
		}, verify.BadSignature},
		"unbound": {func(s *State) {
			text, err := sitetest.Seal(sitetest.License())
			if err != nil {
				t.Fatal(err)
			}
			install(t, s, text)
		}, ErrNotBound},
	} {
		s, _ := installedState(t)
		c.change(s)
		r, err := s.Release(ReleaseOptions{Now: now, Random: rand.Reader, Verifier: v})
		if r != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, %v, want %v", name, r, err, c.want)
		}
		if _, err := os.Stat(s.path(releasedDir)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: something was given up", name)
		}
	}
	s, _ := installedState(t)
	if _, err := s.Release(ReleaseOptions{Random: rand.Reader}); err == nil {
		t.Error("without a time")
	}
}

// TestReleasedIsWhole: every file that is not what was written is an error, and never
// a license that runs.
func TestReleasedIsWhole(t *testing.T) {
	s, _ := installedState(t)
	release(t, s)
	name := releasedName(format.ID{2})
	whole := file(t, s, name)
	refuse := func(what string, content []byte) {
		t.Helper()
		put(t, s, name, content)
		if _, err := verifyAt(t, s, now); err == nil {
			t.Errorf("%s: the license runs", what)
		}
	}
	for i := range whole {
		refuse(fmt.Sprint("the first ", i, " bytes"), whole[:i])
		broken := bytes.Clone(whole)
		broken[i] ^= 0x80
		refuse(fmt.Sprint("byte ", i), broken)
	}
	refuse("a line twice", append(bytes.Clone(whole), whole[len(releasedHeader):]...))
	refuse("too long", append(bytes.Clone(whole), make([]byte, maxFile)...))
	put(t, s, name, whole)
	put(t, s, filepath.Join(releasedDir, format.ID{3}.String()), whole)
	if _, err := verifyAt(t, s, now); err == nil || errors.Is(err, verify.Released) {
		t.Errorf("the record of another license: got %v", err)
	}
}

// releases is how many sites a child gives up before it ends by itself.
const releases = 6

// TestKilledRelease: killed at any instant, a site either still has its license, or has
// given it up and signs one release, always the same.
func TestKilledRelease(t *testing.T) {
	stopped, running := 0, 0
	site, _ := installedState(t)
	for i := 0; more(i, stopped > 0 && running > 0); i++ {
		dir := t.TempDir()
		for n := range releases {
			if err := os.CopyFS(filepath.Join(dir, fmt.Sprint(n)), os.DirFS(site.Dir())); err != nil {
				t.Fatal(err)
			}
		}
		runAndKill(t, "release", dir, i)
		directories, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, directory := range directories {
			s := At(filepath.Join(dir, directory.Name()))
			list, err := s.released()
			if err != nil {
				t.Fatalf("half a record: %v", err)
			}
			_, judged := verifyAt(t, s, now)
			if len(list) == 0 {
				if running++; judged != nil {
					t.Fatalf("not given up: got %v", judged)
				}
			} else {
				stopped++
				wantReason(t, judged, verify.Released)
			}
			r := release(t, s)
			if id := openRelease(t, s, r.Text).ID; len(list) > 0 && id != list[0].release {
				t.Fatal("the release is not the one on record")
			}
			if again := release(t, s); !bytes.Equal(again.Text, r.Text) {
				t.Fatal("two releases of one license")
			}
		}
	}
	t.Logf("%d stopped, %d running", stopped, running)
	if stopped == 0 || running == 0 {
		t.Error("the kills came at the wrong time for this test to mean anything")
	}
}

// TestReleasesAtTheSameTime: of several processes all hand out one release.
func TestReleasesAtTheSameTime(t *testing.T) {
	for range 10 {
		s, _ := installedState(t)
		var wait sync.WaitGroup
		var mu sync.Mutex
		handedOut := map[string]bool{}
		for range 6 {
			wait.Go(func() {
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), "SITE_CHILD=release-same", "SITE_DIR="+s.Dir())
				out, err := cmd.Output()
				if err != nil {
					t.Errorf("%v: %s", err, out)
				}
				mu.Lock()
				handedOut[string(out)] = true
				mu.Unlock()
			})
		}
		wait.Wait()
		if len(handedOut) != 1 {
			t.Fatalf("%d releases of one license", len(handedOut))
		}
	}
}
