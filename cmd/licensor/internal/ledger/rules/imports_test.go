package rules_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"strings"
	"testing"
)

const ours = "github.com/offlicense/offlicense/"

// goList returns the lines that go list prints for packages.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		if exit, ok := err.(*exec.ExitError); ok {
			t.Fatalf("go list %s: %s", args, exit.Stderr)
		}
		t.Skipf("no go command: %v", err)
	}
	return strings.Fields(string(out))
}

// Facts in; events, grants or a refusal out: who can ask nobody has to be told all.
func TestRulesAskNobody(t *testing.T) {
	seen := 0
	for _, path := range goList(t, "-f", `{{join .Imports "\n"}}`, ours+"cmd/licensor/internal/ledger/rules", ours+"cmd/licensor/internal/ledger") {
		seen++
		for _, banned := range []string{"context", "database/sql", "os", "io/fs", "path", "net", "crypto/rand", "math/rand", "syscall", "runtime", "unsafe", "log", "sync", "testing"} {
			if path == banned || strings.HasPrefix(path, banned+"/") {
				t.Errorf("the rules or their nouns import %s", path)
			}
		}
		if rest, is := strings.CutPrefix(path, ours); is {
			switch rest {
			case "format", "keys", "verify", "cmd/internal/hint", "cmd/internal/text", "cmd/licensor/internal/ledger":
			default:
				t.Errorf("the rules or their nouns import %s", rest)
			}
		}
	}
	if seen < 10 {
		t.Errorf("saw %d imports, want all of them", seen)
	}
	// No database comes in by whatever way.
	for _, path := range goList(t, "-deps", "-f", "{{.ImportPath}}", ours+"cmd/licensor/internal/ledger/rules") {
		if path == "database/sql" || path == "net" || strings.HasPrefix(path, "modernc.org/") || strings.HasPrefix(path, "github.com/jackc/") {
			t.Errorf("the rules link %s", path)
		}
	}
}

// The time is a fact, too.
func TestRulesHaveNoClock(t *testing.T) {
	files := goList(t, "-f", `{{range .GoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}`, ours+"cmd/licensor/internal/ledger/rules", ours+"cmd/licensor/internal/ledger")
	set := token.NewFileSet()
	times := 0
	for _, name := range files {
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if of, ok := s.X.(*ast.Ident); ok && of.Name == "time" {
				switch times++; s.Sel.Name {
				case "Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Sleep":
					t.Errorf("%s: time.%s", set.Position(s.Pos()), s.Sel.Name)
				}
			}
			return true
		})
	}
	if len(files) < 20 || times < 20 {
		t.Errorf("saw %d uses of time in %d files, want all of them", times, len(files))
	}
}
