package site

import (
	"bytes"
	"errors"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// TestKilledListInstall: killed at any instant, a site has the last list of which it was
// said that it is installed, or a later one, and none that is torn.
func TestKilledListInstall(t *testing.T) {
	v := sitetest.Verifier(t)
	started, both, children := 0, 0, 0
	site, _ := installedState(t)
	for i := kills / 2; more(i, started >= kills/8); i++ {
		children++
		s := At(t.TempDir())
		if err := os.CopyFS(s.Dir(), os.DirFS(site.Dir())); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "SITE_CHILD=list", "SITE_DIR="+s.Dir())
		var out, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(5000+mathrand.IntN(15000*(1+i/kills))) * time.Microsecond)
		cmd.Process.Kill()
		cmd.Wait()
		if stderr.Len() > 0 {
			t.Fatalf("child failed: %s", &stderr)
		}
		said := uint64(strings.Count(out.String(), "\n"))
		if said > 0 {
			said-- // "ready"
		}
		known := s.keptLists(v)
		if len(known.bad) > 0 {
			t.Fatalf("torn: %v", known.bad)
		}
		got := uint64(0)
		if l := verify.Newest(ofVendor(known.kept, nil, "acme.example")...); l != nil {
			got = l.Number
		}
		if got != said && got != said+1 {
			t.Fatalf("list %d was said to be installed, %d is", said, got)
		}
		if got > 0 {
			started++
		}
		if len(known.kept) > 1 {
			both++
		}
		if _, err := verifyAt(t, s, now); err != nil {
			t.Fatal(err)
		}
		installList(t, s, list(t, sitetest.Root, got+1, nil))
		if kept := s.keptLists(v).kept; len(kept) != 1 || kept[0].Number != got+1 {
			t.Fatalf("after another one: %v", kept)
		}
	}
	t.Logf("%d of %d children installed a list, %d were killed with two there", started, children, both)
	if started < kills/8 {
		t.Error("the kills came too early for this test to mean anything")
	}
}

// TestListsAtTheSameTime: whoever comes first and by whatever way, the newest list stays;
// and who asks meanwhile sees no list twice nor an older one after a newer.
func TestListsAtTheSameTime(t *testing.T) {
	const newest = 30
	for range 5 {
		s, r := installedState(t)
		text := license(t, r, nil)
		installList(t, s, list(t, sitetest.Root, 1, nil))
		var give, watch sync.WaitGroup
		var done atomic.Bool
		for range 2 {
			watch.Go(func() {
				for seen := uint64(0); !done.Load(); {
					l, err := s.Verify(sitetest.Verifier(t), program(t), now)
					if err != nil || l.RevocationList == nil || l.RevocationList.Number < seen || len(l.Warnings) > 0 {
						t.Errorf("after list %d: got %+v, %v", seen, l, err)
						return
					}
					seen = l.RevocationList.Number
				}
			})
		}
		for i, number := range mathrand.Perm(newest) {
			list := list(t, sitetest.Root, uint64(number+1), nil)
			give.Go(func() {
				v := sitetest.Verifier(t)
				var err error
				switch i % 3 {
				case 0:
					_, err = s.InstallRevocations(v, list, InstallOptions{Now: now})
				case 1:
					_, err = s.Install(v, attach(t, text, list), InstallOptions{Components: cluster(t), Now: now})
				case 2:
					p := program(t)
					p.Revocations = [][]byte{list}
					_, err = s.Verify(v, p, now)
				}
				if err != nil && !errors.Is(err, verify.Superseded) {
					t.Error(err)
				}
			})
		}
		give.Wait()
		done.Store(true)
		watch.Wait()
		put(t, s, licenseFile, text)
		wantList(t, s, program(t), newest)
	}
}

// TestListOfLicenseComesFirst: a crash between the two files of an installation leaves
// the list, and the old license judged by it.
func TestListOfLicenseComesFirst(t *testing.T) {
	s, r := installedState(t)
	text := attach(t, license(t, r, func(l *format.LicenseClaims) { l.Terms.Epoch, l.ID = 2, format.ID{9} }), list(t, sitetest.Root, 5, revoking(installed)))
	if err := os.Remove(s.path(licenseFile)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(s.path(licenseFile), 0o755); err != nil { // it cannot be written
		t.Fatal(err)
	}
	if _, err := s.Install(sitetest.Verifier(t), text, InstallOptions{Components: cluster(t), Now: now}); err == nil {
		t.Fatal("installed")
	}
	if err := os.Remove(s.path(licenseFile)); err != nil {
		t.Fatal(err)
	}
	put(t, s, licenseFile, license(t, r, nil))
	_, err := verifyAt(t, s, now)
	wantReason(t, err, verify.Revoked)
	install(t, s, text)
	wantList(t, s, program(t), 5)
}

// TestReadWhileReplaced: a file that takes the place of a shorter one while it is read is
// not cut to the length of that one.
func TestReadWhileReplaced(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a file that is open is not replaced here")
	}
	s := At(t.TempDir())
	contents := [][]byte{[]byte("short"), bytes.Repeat([]byte("long"), 1000)}
	put(t, s, clockFile, contents[0])
	var done atomic.Bool
	var write sync.WaitGroup
	write.Go(func() {
		for i := 0; !done.Load(); i++ {
			other := s.path("other")
			err := os.WriteFile(other, contents[i%2], 0o644)
			if err == nil {
				err = os.Rename(other, s.path(clockFile)) // faster than atomicfile, which syncs
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 20_000 {
		got, err := s.read(clockFile)
		if err != nil || !bytes.Equal(got, contents[0]) && !bytes.Equal(got, contents[1]) {
			t.Errorf("got %d bytes, %v", len(got), err)
			break
		}
	}
	done.Store(true)
	write.Wait()
}
