package keyfile

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestCustomersToolHasNoKeyStore: what reads private keys and talks to agents is for the
// vendor alone.
func TestCustomersToolHasNoKeyStore(t *testing.T) {
	const ours = "github.com/offlicense/offlicense/"
	deps := func(path string) []string {
		t.Helper()
		out, err := exec.Command("go", "list", "-deps", path).Output()
		if exit, ok := err.(*exec.ExitError); ok {
			t.Fatalf("go list %s: %s", path, exit.Stderr)
		} else if err != nil {
			t.Skipf("SKIPPED: no go command: %v", err)
		}
		return strings.Fields(string(out))
	}
	store := []string{ours + "keys/keyfile", "golang.org/x/crypto/ssh", "golang.org/x/crypto/ssh/agent"}
	for _, path := range store {
		if !slices.Contains(deps(ours+"keys/keyfile"), path) {
			t.Errorf("keyfile does not import %s: is this the right list?", path)
		}
	}
	for _, tool := range []string{"cmd/offlicense", "verify", "format", "keys"} {
		got := deps(ours + tool)
		if !slices.Contains(got, ours+tool) {
			t.Errorf("%s is not made of itself: %q", tool, got)
		}
		for _, path := range store {
			if slices.Contains(got, path) {
				t.Errorf("%s links %s", tool, path)
			}
		}
	}
}
