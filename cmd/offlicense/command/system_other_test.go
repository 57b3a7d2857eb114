//go:build !linux

package command

import (
	"os"

	"github.com/rogpeppe/go-internal/testscript"
)

// What needs Linux; the scripts that use it are skipped elsewhere.

func otherUserMain() { os.Exit(1) }

func canMount() bool { return false }

func smallDisk(ts *testscript.TestScript, _ bool, _ []string) { ts.Fatalf("not on this system") }

func readOnly(ts *testscript.TestScript, _ bool, _ []string) { ts.Fatalf("not on this system") }
