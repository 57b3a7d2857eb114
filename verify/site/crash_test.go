package site

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

const kills = 120

// child works until it is killed. It says when it starts.
func child(job, dir string) {
	t := new(testing.B) // for the helpers; a failure ends the process
	fmt.Println("ready")
	for i := 0; ; i++ {
		var err error
		switch job {
		case "request": // each in a new directory, so that each makes a key
			_, err = At(filepath.Join(dir, fmt.Sprint(i))).Request(options(t))
		case "same":
			_, err = At(dir).Request(options(t))
			if err == nil {
				os.Exit(0)
			}
		case "release": // each in a directory that was made for it
			if i == releases {
				os.Exit(0)
			}
			_, err = At(filepath.Join(dir, fmt.Sprint(i))).Release(releaseOptions(t))
		case "release-same":
			var r *Release
			if r, err = At(dir).Release(releaseOptions(t)); err == nil {
				fmt.Printf("%s", r.Text)
				os.Exit(0)
			}
		case "list": // one after the other; says which is installed
			_, err = At(dir).InstallRevocations(sitetest.Verifier(t), list(t, sitetest.Root, uint64(i+1), nil), InstallOptions{Now: now})
			fmt.Println(i + 1)
		case "install":
			var text []byte
			if text, err = os.ReadFile(filepath.Join(dir, fmt.Sprint(i%2, ".lic"))); err == nil {
				_, err = At(filepath.Join(dir, "S")).Install(sitetest.Verifier(t), text, InstallOptions{Components: cluster(t), Now: now})
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func startChild(t *testing.T, job, dir string) (cmd *exec.Cmd, stderr *bytes.Buffer) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SITE_CHILD="+job, "SITE_DIR="+dir)
	stderr = new(bytes.Buffer)
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("child said %q, %v: %s", line, err, stderr)
	}
	return cmd, stderr
}

// more reports whether there shall be another kill: so many there are, and on a machine
// that is too busy for the right moments more, each of which waits longer.
func more(i int, enough bool) bool { return i < kills || i < 10*kills && !enough }

// runAndKill lets a child work for a moment and kills it. i counts the kills.
func runAndKill(t *testing.T, job, dir string, i int) {
	t.Helper()
	cmd, stderr := startChild(t, job, dir)
	time.Sleep(time.Duration(mathrand.IntN(8000*(1+i/kills))) * time.Microsecond)
	cmd.Process.Kill()
	cmd.Wait()
	if stderr.Len() > 0 {
		t.Fatalf("child failed: %s", stderr)
	}
}

func TestKilledRequest(t *testing.T) {
	withKey, withoutRequest := 0, 0
	for i := 0; more(i, withKey >= 10 && withoutRequest > 0); i++ {
		dir := t.TempDir()
		runAndKill(t, "request", dir, i)
		directories, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, directory := range directories {
			s := At(filepath.Join(dir, directory.Name()))
			before, err := s.readKey()
			if errors.Is(err, fs.ErrNotExist) {
				request(t, s, options(t))
				continue
			}
			if err != nil {
				t.Fatalf("half a key: %v", err)
			}
			withKey++
			names, err := s.requestNames()
			if err != nil {
				t.Fatal(err)
			}
			if len(names) == 0 {
				withoutRequest++
			}
			for _, name := range names {
				if q, err := s.openRequest(name); err != nil || q.Key != before.Public() {
					t.Fatalf("got %v, %v", q, err)
				}
			}
			if after := request(t, s, options(t)); !bytes.Equal(after.Key, before.Public().Bytes()) {
				t.Fatal("the machine key has changed")
			}
		}
	}
	t.Logf("%d directories with a key, of which %d had no request yet", withKey, withoutRequest)
	if withKey < 10 || withoutRequest == 0 {
		t.Errorf("%d directories with a key, %d without a request: the kills came at the wrong time", withKey, withoutRequest)
	}
}

func TestKilledInstall(t *testing.T) {
	dir := t.TempDir()
	s := At(filepath.Join(dir, "S"))
	r := request(t, s, options(t))
	licenses := make([][]byte, 2)
	for i := range licenses {
		licenses[i] = license(t, r, func(l *format.LicenseClaims) {
			l.Terms.Customer = fmt.Sprint("Customer ", i)
			// Long enough for a write of more than one page.
			l.Terms.Features = nil
			for n := range 60 {
				l.Terms.Features = append(l.Terms.Features, fmt.Sprintf("feature-%d-%d-................", i, n))
			}
		})
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i, ".lic")), licenses[i], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	install(t, s, licenses[0])
	var found [2]int
	for i := 0; more(i, found[0] > 0 && found[1] > 0); i++ {
		runAndKill(t, "install", dir, i)
		text := file(t, s, licenseFile)
		switch {
		case bytes.Equal(text, licenses[0]):
			found[0]++
		case bytes.Equal(text, licenses[1]):
			found[1]++
		default:
			t.Fatalf("torn license: %d bytes", len(text))
		}
		if _, err := verifyAt(t, s, now); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("found the two licenses %v times", found)
	if found[0] == 0 || found[1] == 0 {
		t.Error("the children installed too little for this test to mean anything")
	}
}

func TestRequestsAtTheSameTime(t *testing.T) {
	for range 10 {
		s := At(filepath.Join(t.TempDir(), "S"))
		var wait sync.WaitGroup
		for range 6 {
			wait.Go(func() {
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), "SITE_CHILD=same", "SITE_DIR="+s.Dir())
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%v: %s", err, out)
				}
			})
		}
		wait.Wait()
		key, err := s.readKey()
		if err != nil {
			t.Fatal(err)
		}
		names, err := s.requestNames()
		if err != nil || len(names) == 0 {
			t.Fatal(names, err)
		}
		for _, name := range names {
			if q, err := s.openRequest(name); err != nil || q.Key != key.Public() {
				t.Fatalf("got %v, %v; want one key", q, err)
			}
		}
	}
}
