//go:build unix

package store_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// copyVariable leads the test, started again by root as a user who may not write
// everywhere, to the copy.
const copyVariable = "LEDGER_TEST_COPY"

// A copy that can only be read is read, and stays as it is.
func TestCopyInADirectoryThatCannotBeWritten(t *testing.T) {
	if where := os.Getenv(copyVariable); where != "" {
		const nobody = 65534
		for _, err := range []error{syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		wantReadable(t, where)
		return
	}
	s, original := onFile(t)
	record(t, s, history()...)
	s.Close() // all of it is in one file then
	text, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	where := filepath.Join(dir, "copy.db")
	if err := os.WriteFile(where, text, 0o444); err != nil {
		t.Fatal(err)
	}
	for folder, mode := range map[string]os.FileMode{filepath.Dir(dir): 0o755, dir: 0o555} {
		if err := os.Chmod(folder, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { os.Chmod(dir, 0o700) })
	read := func() {
		t.Helper()
		if os.Geteuid() != 0 {
			wantReadable(t, where)
			return
		}
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), copyVariable+"="+where)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	read()
	if after, err := os.ReadFile(where); err != nil || !bytes.Equal(after, text) {
		t.Errorf("reading changed the copy: %v", err)
	}
}

func wantReadable(t *testing.T, where string) {
	t.Helper()
	s, err := store.OpenReadOnly(ctx, where)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	facts(t, s, func(x *store.Tx) error {
		if vendor, err := x.Vendor(); err != nil || vendor != "acme.example" {
			t.Errorf("the vendor is %q, %v", vendor, err)
		}
		return nil
	})
	wantError(t, "write", write(s, now, sell(func(e *ledger.Entitlement) { e.Invoice = "X" })), "can only be read here")
	if os.Geteuid() == 0 {
		t.Error("this is root, who may write everywhere")
	}
}
