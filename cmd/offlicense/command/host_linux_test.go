package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/verify"
)

// TestHostIsOffered: on a terminal the name of the server is offered, once, and told only to
// who says yes. TestRequest and the scripts, which have no terminal, are never asked.
func TestHostIsOffered(t *testing.T) {
	name, err := os.Hostname()
	if err != nil {
		t.Skip(err)
	}
	args := []string{"request", "--state", "S", "--product", "evoq", "--invoice", "INV0042-1", "--email", "ops@site.example",
		"--type", "production", "--key-only", "--qr", "never", "--out", "one.olq"}
	for typed, want := range map[string]string{"y\n": name, "\n": "", "n\n": "", "\x04": ""} {
		dir := t.TempDir()
		c := at(t, dir, 80, 24, args...)
		c.until("? [y/N] ")
		if !strings.Contains(c.shown, name) {
			t.Errorf("got %s", c.shown)
		}
		c.press(typed)
		c.until("")
		wantHost(t, dir, want)
	}
	for _, given := range []string{"", "db-1"} {
		dir := t.TempDir()
		c := at(t, dir, 80, 24, append(args, "--host", given)...)
		if c.until(""); strings.Contains(c.shown, "[y/N]") {
			t.Errorf("got %s", c.shown)
		}
		wantHost(t, dir, given)
	}
	// A screen at which nobody sits.
	dir := t.TempDir()
	inDirectory(t, dir, 80, 24, args...)
	wantHost(t, dir, "")
}

func wantHost(t *testing.T, dir, want string) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(dir, "one.olq"))
	if err != nil {
		t.Fatal(err)
	}
	if q, err := verify.OpenRequest(file); err != nil || q.Host != want {
		t.Errorf("got %+v, want the host %q: %v", q, want, err)
	}
}
