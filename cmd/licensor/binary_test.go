package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestBinaryIsSmall builds the tool as README.md says for a release. html/template calls methods
// by their names, so that the linker keeps those of every type; HTTP/2 stays out by a tag.
func TestBinaryIsSmall(t *testing.T) {
	const most = 25 << 20
	binary := filepath.Join(t.TempDir(), "licensor")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-tags", "nethttpomithttp2", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", info.Size())
	if info.Size() > most {
		t.Errorf("the binary has %d bytes, want at most %d", info.Size(), most)
	}
}
