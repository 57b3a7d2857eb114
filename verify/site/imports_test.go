package site

import (
	"os"
	"os/exec"
	"path/filepath"
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

// TestQuiet: what a product links prints nothing, ends nothing, and reads no clock.
func TestQuiet(t *testing.T) {
	seen := 0
	for _, dir := range [...]string{".", "counter", "internal/emergency", "page", "..", "../machine", "../../format", "../../keys"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			seen++
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(source)) {
				code, _, _ := strings.Cut(line, "//")
				for _, word := range [...]string{"time.Now", "time.Since", "os.Exit", "os.Std", "fmt.Print", "println(", "runtime.Goexit"} {
					if strings.Contains(code, word) {
						t.Errorf("%s: %s", file, strings.TrimSpace(line))
					}
				}
			}
		}
	}
	if seen < 50 {
		t.Errorf("saw %d files", seen)
	}
}
