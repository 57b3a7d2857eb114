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
		if os.Geteuid() != 0 {
			t.Fatal("only root starts it again")
		}
		const nobody = 65534
		for _, err := range []error{syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		wantCopy(t, where)
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
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(dir, 0o700) })
	// A second copy has a log beside it, whose content would be passed over.
	unfinished := filepath.Join(dir, "unfinished.db")
	for name, content := range map[string][]byte{unfinished: text, unfinished + "-wal": []byte("log")} {
		if err := os.WriteFile(name, content, 0o444); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		wantCopy(t, where)
	} else {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), copyVariable+"="+where)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	if after, err := os.ReadFile(where); err != nil || !bytes.Equal(after, text) {
		t.Errorf("reading changed the copy: %v", err)
	}
}

// wantCopy wants that a user who cannot write there reads the copy.
func wantCopy(t *testing.T, where string) {
	t.Helper()
	if os.Geteuid() == 0 {
		t.Fatal("this is root, who may write everywhere")
	}
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
	wantError(t, "a log beside it", openReadOnly(filepath.Join(filepath.Dir(where), "unfinished.db")), "ledger")
	wantError(t, "write", write(s, now, sell(func(e *ledger.Entitlement) { e.Invoice = "X" })), "can only be read here")
}
