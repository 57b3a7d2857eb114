package main

import (
	"os/exec"
	"strings"
	"testing"
)

// Imports run one way: main -> command -> service -> the ledger's store, the issuer and the
// home. A layer is a package and those below it.

const here = "github.com/offlicense/offlicense/cmd/licensor/"

// layers say of a package, or of all whose path starts so, what it does not import itself.
// One that is not there yet forbids nothing.
var layers = map[string][]string{
	"command/": {
		"database/sql", here + "internal/issuer",
		here + "internal/ledger/store", here + "internal/ledger/rules", here + "internal/ledger/audit",
	},
	"internal/service": {
		here + "command", "github.com/offlicense/offlicense/cmd/internal/cli", "github.com/spf13/pflag",
		"golang.org/x/term", "database/sql",
	},
	"internal/issuer":       {here + "command", here + "internal/service", here + "internal/home", "database/sql"},
	"internal/home":         {here + "command", here + "internal/service", "github.com/spf13/pflag"},
	"internal/ledger":       {here + "command", here + "internal/service", here + "internal/issuer", here + "internal/home"},
	"internal/ledger/store": {here + "internal/ledger/audit"},
	"internal/ledger/rules": {
		"context", "database/sql", "crypto/rand", "os",
		here + "internal/ledger/store", here + "internal/ledger/audit",
	},
}

func TestLayers(t *testing.T) {
	const template = `{{$p := .ImportPath}}{{range .Imports}}{{$p}} {{.}}{{"\n"}}{{end}}`
	out, err := exec.Command("go", "list", "-f", template, "./...").Output()
	if err != nil {
		t.Skipf("no go command: %v", err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " ")
		from = strings.TrimPrefix(from, here)
		for layer, forbidden := range layers {
			if !strings.HasPrefix(from, layer) {
				continue
			}
			for _, path := range forbidden {
				if seen++; to == path || strings.HasPrefix(to, path+"/") {
					t.Errorf("%s imports %s", from, to)
				}
			}
		}
	}
	if seen < 100 {
		t.Errorf("compared %d times: is this the right list?", seen)
	}
}
