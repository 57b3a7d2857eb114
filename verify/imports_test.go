package verify_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The verifier is small enough to be read in an hour only as long as it stays alone.

// goList returns the lines that go list prints for a package and all that it imports.
func goList(t *testing.T, template, path string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "-f", template, path).Output()
	if err != nil {
		if exit, ok := err.(*exec.ExitError); ok {
			t.Fatalf("go list %s: %s", path, exit.Stderr)
		}
		t.Skipf("no go command: %v", err)
	}
	return strings.Fields(string(out))
}

func TestImports(t *testing.T) {
	const ours = "github.com/offlicense/offlicense/"
	got := goList(t, "{{if not .Standard}}{{.ImportPath}}{{end}}", ours+"verify")
	want := []string{ours + "format", ours + "keys", ours + "keys/internal/mistake", ours + "verify"}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("verify is made of %q, want %q", got, want)
	}

	// fmt brings os in; what counts is that none of ours asks for it. The network does
	// not come in at all.
	seen := 0
	for _, direct := range goList(t, `{{if not .Standard}}{{range .Imports}}{{.}}{{"\n"}}{{end}}{{end}}`, ours+"verify") {
		seen++
		switch first, _, _ := strings.Cut(direct, "/"); first {
		case "os", "net", "syscall", "unsafe", "plugin", "C", "testing", "log", "flag", "runtime":
			t.Errorf("the verifier imports %s", direct)
		}
	}
	if seen < 10 {
		t.Errorf("saw %d imports, want all of them", seen)
	}
	for _, path := range goList(t, "{{.ImportPath}}", ours+"verify") {
		if path == "net" || strings.HasPrefix(path, "net/") || path == "os/exec" {
			t.Errorf("the verifier links %s", path)
		}
	}
}

// TestCustomersToolLinks neither a database nor a signer's key store nor an image decoder.
func TestCustomersToolLinks(t *testing.T) {
	got := goList(t, "{{.ImportPath}}", "github.com/offlicense/offlicense/cmd/offlicense")
	if !slices.Contains(got, "github.com/offlicense/offlicense/verify") {
		t.Errorf("it does not link the verifier: is this the right list? %q", got)
	}
	for _, path := range got {
		for _, banned := range []string{
			"database/sql", "modernc.org/", "github.com/jackc/", "image/jpeg", "image/gif", "image/png", "golang.org/x/image/",
			"github.com/makiuchi-d/", "golang.org/x/crypto/ssh", "golang.org/x/mod/sumdb", "net/http", "crypto/tls",
		} {
			if strings.HasPrefix(path, banned) {
				t.Errorf("a customer's server gets %s", path)
			}
		}
	}
}
