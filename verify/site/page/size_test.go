package page

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestImports: what a product links for the page is the standard library, the verifier, and what draws codes.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Skipf("SKIPPED: no go command: %v", err)
	}
	const ours = "github.com/offlicense/offlicense/"
	got := slices.DeleteFunc(strings.Fields(string(out)), func(path string) bool { return strings.HasPrefix(path, ours+"verify/site/internal/") })
	want := []string{
		ours + "format", ours + "format/qr", ours + "keys", ours + "keys/internal/mistake",
		ours + "verify", ours + "verify/machine", ours + "verify/site", ours + "verify/site/atomicfile", ours + "verify/site/page",
		"rsc.io/qr", "rsc.io/qr/coding", "rsc.io/qr/gf256", // of format/qr
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the page is made of %q, want %q", got, want)
	}
}

// maxCost is what a product pays for the page that has a gate, net/http and html/template already.
const maxCost = 1_000_000

// TestSize builds a small product with and without the page.
func TestSize(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skipf("SKIPPED: no go command: %v", err)
	}
	size := func(name, imports, use string) int64 {
		t.Helper()
		dir, err := os.MkdirTemp(".", "_size") // in the module, and no package of it
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		source := fmt.Sprintf(`package main
import ("html/template"; "net/http"; "os"; "time"; "github.com/offlicense/offlicense/verify"; "github.com/offlicense/offlicense/verify/site"; %s)
func main() {
	v, err := verify.ParseRoots(nil)
	gate := site.Open("S", v, site.Program{Product: "evoq"})
	gate.Check(time.Now())
	template.Must(template.New("").Parse("{{.}}")).Execute(os.Stdout, err)
	%s
	http.ListenAndServe("", nil)
}`, imports, use)
		file, binary := filepath.Join(dir, "main.go"), filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(source), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("go", "build", "-o", binary, "-ldflags=-s -w", file).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		info, err := os.Stat(binary)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	without := size("without", "", "")
	with := size("with", `"crypto/rand"; "github.com/offlicense/offlicense/verify/site/page"`,
		`http.Handle("/license", page.New(page.Options{Gate: gate, Now: time.Now, Random: rand.Reader}))`)
	t.Logf("%d bytes without the page, %d with it: it costs %d", without, with, with-without)
	if with <= without || with-without > maxCost {
		t.Errorf("the page costs %d bytes, want at most %d", with-without, maxCost)
	}
}

// TestExample: the whole small product is as short as it is said to be.
func TestExample(t *testing.T) {
	if n := strings.Count(read(t, "example_test.go"), "\n"); n >= 60 {
		t.Errorf("it has %d lines", n)
	}
}
