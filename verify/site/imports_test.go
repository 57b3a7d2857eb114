package site

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// What every licensed program links must stay small, and must not talk to a network.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".", "./counter", "..", "../../format", "../../keys").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	for _, ours := range [...]string{"format", "keys", "verify", "verify/site", "verify/site/counter"} {
		if !slices.Contains(packages, "github.com/offlicense/offlicense/"+ours) {
			t.Fatalf("go list does not name %s: %q", ours, packages)
		}
	}
	for _, p := range packages {
		if p == "net" || strings.HasPrefix(p, "net/") || p == "regexp" || p == "encoding/json" || p == "os/exec" || p == "log" {
			t.Errorf("imports %s", p)
		}
		if domain, _, found := strings.Cut(p, "/"); found && strings.Contains(domain, ".") && !strings.HasPrefix(p, "github.com/offlicense/offlicense/") {
			t.Errorf("imports %s", p)
		}
	}
}
