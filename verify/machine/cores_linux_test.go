package machine

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestCountCPUs(t *testing.T) {
	for list, want := range map[string]uint64{
		"0": 1, "0-7": 8, "0-3,8,10-11": 7, "0-0": 1, "0-8191": 8192,
		"": 0, "3-1": 0, "a": 0, "0-": 0, "-1": 0, "0,,1": 0, "0-4294967295": 0, "0 1": 0,
	} {
		if got := countCPUs(list); got != want {
			t.Errorf("%q: got %d, want %d", list, got, want)
		}
	}
}

// TestCores: what counts is the machine, and something always does.
func TestCores(t *testing.T) {
	root := t.TempDir()
	if got := cores(root); got != uint64(runtime.NumCPU()) {
		t.Errorf("without the kernel's list: got %d", got)
	}
	dir := filepath.Join(root, "sys/devices/system/cpu")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "online"), []byte("0-4095\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := cores(root); got != 4096 {
		t.Errorf("got %d, want 4096", got)
	}
	if got := Cores(); got < uint64(runtime.NumCPU()) {
		t.Errorf("the machine has %d and this process may use %d", got, runtime.NumCPU())
	}
}
