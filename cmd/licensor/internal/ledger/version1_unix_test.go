//go:build unix

package ledger_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// copyVariable leads the test, started again by root as a user who may not write
// everywhere, to the copy.
const copyVariable = "LEDGER_TEST_COPY"

// A copy that can only be read is read too, and stays as it is.
func TestOlderCopyInAFolderThatCannotBeWritten(t *testing.T) {
	if where := os.Getenv(copyVariable); where != "" {
		const nobody = 65534
		for _, err := range []error{syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		wantVersion1(t, where)
		return
	}
	dir := t.TempDir()
	where := filepath.Join(dir, "copy.db")
	if err := os.WriteFile(where, readFile(t, filepath.Join("testdata", "version1", "ledger.db")), 0o444); err != nil {
		t.Fatal(err)
	}
	for folder, mode := range map[string]os.FileMode{filepath.Dir(dir): 0o755, dir: 0o555} {
		if err := os.Chmod(folder, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { os.Chmod(dir, 0o700) })
	if os.Geteuid() != 0 {
		wantVersion1(t, where)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), copyVariable+"="+where)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
