package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Imports run one way: main -> command -> service -> {book, audit} -> store -> rules -> ledger.

const here = "github.com/offlicense/offlicense/cmd/licensor"

// layers say of each package, or of all in a directory, which of ours it may import.
var layers = map[string][]string{
	"/":                      {"/command/", "/internal/photo", "/internal/web/picture"},
	"/command/":              {"/command/common", "/internal/desk", "/internal/web", "/internal/web/page", "/internal/web/picture", "/internal/web/staff", "/internal/web/staff/door", "/internal/web/customer", "/internal/service", "/internal/sheet", "/internal/home", "/internal/ledger"},
	"/internal/catalogue":    {"/internal/ledger"},
	"/internal/service":      {"/internal/catalogue", "/internal/home", "/internal/issuer", "/internal/ledger", "/internal/ledger/", "/internal/letter"},
	"/internal/issuer":       {"/internal/ledger"},
	"/internal/home":         {"/internal/issuer"}, // it makes the first delegation
	"/internal/desk":         {"/internal/home", "/internal/ledger", "/internal/ledger/store/database"},
	"/internal/web":          {"/internal/service", "/internal/desk", "/internal/ledger"},
	"/internal/web/passkey":  {},
	"/internal/web/page":     {},
	"/internal/web/staff":    {"/internal/sheet", "/internal/web/page", "/internal/web/picture", "/internal/web/staff/", "/internal/service", "/internal/desk", "/internal/ledger"},
	"/internal/web/picture":  {},
	"/internal/web/customer": {"/internal/web/page", "/internal/web/picture", "/internal/service"},
	"/internal/letter":       {},
	"/internal/photo":        {},
	"/internal/sheet":        {},
	"/internal/ledger":       {},
	"/internal/ledger/rules": {"/internal/ledger"},
	"/internal/ledger/store": {"/internal/ledger", "/internal/ledger/rules", "/internal/ledger/store/database"},
	"/internal/ledger/audit": {"/internal/ledger", "/internal/ledger/rules", "/internal/ledger/store"},
	"/internal/ledger/book":  {"/internal/ledger", "/internal/ledger/rules", "/internal/ledger/store"},

	"/internal/web/staff/door":        {"/internal/web/page", "/internal/web/passkey", "/internal/web/staff/frame", "/internal/desk", "/internal/ledger"},
	"/internal/web/staff/form":        {"/internal/web/page", "/internal/web/picture", "/internal/web/staff/door", "/internal/web/staff/frame", "/internal/service", "/internal/desk", "/internal/ledger"},
	"/internal/web/staff/frame":       {"/internal/web/page", "/internal/service", "/internal/desk"},
	"/internal/ledger/store/database": {"/internal/ledger"},

	"/internal/ledger/ledgertest":       {"/internal/"}, // only tests import it
	"/internal/photo/phototest":         {},
	"/internal/web/passkey/passkeytest": {"/internal/web/passkey"},
	"/internal/photo/measure":           {"/internal/photo", "/internal/photo/phototest"}, // a test runs it
}

// foreign say what else a package does not import: a service has no terminal, SQL is in
// the store alone, and what cannot be decided without a clock or a database is not a rule.
var foreign = map[string][]string{
	"/command/":              {"database/sql"},
	"/internal/service":      {"database/sql", "github.com/offlicense/offlicense/cmd/internal/cli", "github.com/spf13/pflag", "golang.org/x/term"},
	"/internal/ledger":       {"context", "database/sql", "crypto/rand", "os"},
	"/internal/letter":       {"context", "database/sql", "crypto/rand", "net", "net/smtp", "os"},
	"/internal/ledger/rules": {"context", "database/sql", "crypto/rand", "os"},
	"/internal/ledger/book":  {"crypto/rand", "os"},
}

func TestLayers(t *testing.T) {
	const template = `{{$p := .ImportPath}}{{range .Imports}}{{$p}} {{.}}{{"\n"}}{{end}}`
	out, err := exec.Command("go", "list", "-f", template, "./...").Output()
	if err != nil {
		t.Skipf("SKIPPED: no go command: %v", err)
	}
	seen := make(map[string]bool)
	for line := range strings.Lines(string(out)) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " ")
		from = strings.TrimPrefix(from, here)
		if from == "" {
			from = "/"
		}
		layer := from
		if strings.HasPrefix(from, "/command/") {
			layer = "/command/"
		}
		allowed, known := layers[layer]
		if !known {
			t.Errorf("%s is in no layer", from)
			continue
		}
		seen[layer] = true
		if slices.Contains(foreign[layer], to) {
			t.Errorf("%s imports %s", from, to)
		}
		if to, ours := strings.CutPrefix(to, here); ours && !slices.ContainsFunc(allowed, func(a string) bool {
			return to == a || strings.HasSuffix(a, "/") && strings.HasPrefix(to, a)
		}) {
			t.Errorf("%s imports %s", from, to)
		}
	}
	for layer := range layers {
		if !seen[layer] {
			t.Errorf("there is no %s: is this the right list?", layer)
		}
	}
}
