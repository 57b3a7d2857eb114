package site

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// TestMain turns the test binary into the child that the crash tests kill.
func TestMain(m *testing.M) {
	if job := os.Getenv("SITE_CHILD"); job != "" {
		child(job, os.Getenv("SITE_DIR"))
	}
	os.Exit(m.Run())
}

var now = sitetest.Issued.Add(24 * time.Hour)

// cluster is a component that every test machine has.
func cluster(t testing.TB) []machine.Value {
	t.Helper()
	values, err := ParseComponents("cluster=0b5e0a0c-5f0e-4c53-9d0c-2b8a3c1d7e11")
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func options(t testing.TB) RequestOptions {
	return RequestOptions{
		Product: "evoq", Invoice: "INV0042-1", Email: "ops@site.example", Type: "production",
		Components: cluster(t), Now: now, Random: rand.Reader,
	}
}

func program(t testing.TB) Program { return Program{Product: "evoq", Components: cluster(t)} }

func request(t testing.TB, s *State, o RequestOptions) *Request {
	t.Helper()
	r, err := s.Request(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func license(t testing.TB, r *Request, change func(*format.LicenseClaims)) []byte {
	t.Helper()
	text, err := sitetest.Sign(r.Text, change)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func install(t testing.TB, s *State, text []byte) {
	t.Helper()
	if _, err := s.Install(sitetest.Verifier(t), text, InstallOptions{Components: cluster(t), Now: now}); err != nil {
		t.Fatal(err)
	}
}

// installedState returns a new directory with a license in it.
func installedState(t testing.TB) (*State, *Request) {
	t.Helper()
	s := At(filepath.Join(t.TempDir(), "S"))
	r := request(t, s, options(t))
	install(t, s, license(t, r, nil))
	return s, r
}

func wantReason(t testing.TB, err error, want verify.Reason) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func file(t testing.TB, s *State, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(s.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func put(t testing.TB, s *State, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(s.path(name), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func sameFile(t testing.TB, s *State, name string, want []byte) {
	t.Helper()
	if got := file(t, s, name); !bytes.Equal(got, want) {
		t.Errorf("%s has changed", name)
	}
}
