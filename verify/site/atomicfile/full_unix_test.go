//go:build unix

package atomicfile

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
)

// limitedChild may make files of at most 4096 bytes, and tries to make a
// larger one: the kernel then writes only a part, as on a full disk.
func limitedChild(path string) {
	signal.Ignore(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		fmt.Println("limit:", err)
		os.Exit(0)
	}
	limit.Cur = 4096
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		fmt.Println("limit:", err)
		os.Exit(0)
	}
	if err := Write(path, content(1), 0o644); err != nil {
		fmt.Print("refused")
	}
	os.Exit(0)
}

func TestFileSizeLimit(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "f")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ATOMICFILE_CHILD=limited", "ATOMICFILE_PATH="+path)
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "refused" {
		t.Fatalf("child said %q, %v; want a refused write", out, err)
	}
	onlyFile(t, directory, "f", "old")
}
