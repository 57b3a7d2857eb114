//go:build unix

package main

import (
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What a user meets who may not read or write a file. Root may do everything, so the
// tools then run as somebody else.

const nobody = 65534

// another is the user whom the tools run as: nobody if the tests run as root, else the
// tests' own user.
type another struct {
	t    *testing.T
	dir  string
	tool string
}

func newAnother(t *testing.T, dir string) *another {
	t.Helper()
	a := &another{t, dir, "licensor"}
	if os.Getuid() != 0 {
		return a
	}
	// The directories above are for root alone, as the tool itself is.
	for above := dir; above != os.TempDir() && above != filepath.Dir(above); above = filepath.Dir(above) {
		chmod(t, 0o755, above)
	}
	a.tool = filepath.Join(dir, "tool", "licensor")
	if err := os.Mkdir(filepath.Dir(a.tool), 0o755); err != nil {
		t.Fatal(err)
	}
	path, err := exec.LookPath("licensor")
	if err != nil {
		t.Fatal(err)
	}
	copyFile(t, path, a.tool)
	return a
}

// licensor runs the tool as the other user.
func (a *another) licensor(args ...string) result {
	a.t.Helper()
	cmd := process(a.dir, args...)
	if os.Getuid() == 0 {
		var err error
		if cmd.Path, err = filepath.Abs(a.tool); err != nil {
			a.t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return run(a.t, cmd)
}

// owns gives files to the other user.
func (a *another) owns(names ...string) {
	a.t.Helper()
	if os.Getuid() != 0 {
		return
	}
	for _, name := range names {
		if err := os.Chown(filepath.Join(a.dir, name), nobody, nobody); err != nil {
			a.t.Fatal(err)
		}
	}
}

func chmod(t *testing.T, mode fs.FileMode, path string) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// copyFile copies a program. Meanwhile no other test starts a process: one that inherits
// the open file would keep it busy, and it could not be run.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// A ledger that can only be read: list shows it, and what would change it says why not.
func TestReadOnlyLedger(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name            string
		directory, file fs.FileMode
	}{{"file and directory", 0o555, 0o444}, {"directory", 0o555, 0o666}} {
		t.Run(test.name, func(t *testing.T) {
			dir := newHome(t)
			request := writeRequest(t, dir, 1, "INV0042-1")
			a := newAnother(t, dir)
			a.owns("V/delegations", "V/keys", "V/keys/anna")
			chmod(t, test.file, filepath.Join(dir, "V", "ledger.db"))
			chmod(t, test.directory, filepath.Join(dir, "V"))
			defer chmod(t, 0o700, filepath.Join(dir, "V"))

			if r := a.licensor("list", "--home", "V"); r.exit != 0 || !strings.Contains(r.stdout, " 0/1 ") {
				t.Errorf("list: %s", r)
			}
			if r := a.licensor("roots", "--home", "V"); r.exit != 0 {
				t.Errorf("roots: %s", r)
			}
			for _, args := range [][]string{
				{"sign", "--home", "V", "--yes", "--out", "license.lic", request},
				append(entitleArgs("V"), "--invoice", "INV0042-2"),
			} {
				r := a.licensor(args...)
				if r.exit != 1 || strings.Count(r.stderr, "licensor: error: ") != 1 || !strings.Contains(r.stderr, "V/ledger.db") ||
					!strings.Contains(r.stderr, "licensor: hint: ") || strings.Contains(r.stderr, "bug") {
					t.Errorf("%s: %s", args[0], r)
				}
			}
			if r := a.licensor("list", "--home", "V"); strings.Contains(r.stdout, "INV0042-2") || !strings.Contains(r.stdout, " 0/1 ") {
				t.Errorf("something was recorded: %s", r)
			}
		})
	}
}

// Where a ledger can only be read, list still refuses what it does not understand, and
// never passes over what a killed command has left in the log beside it.
func TestReadOnlyLedgerIsNotMisread(t *testing.T) {
	t.Parallel()
	t.Run("newer licensor", func(t *testing.T) {
		dir := newHome(t)
		a := newAnother(t, dir)
		db := openDatabase(t, filepath.Join(dir, "V", "ledger.db"))
		if _, err := db.Exec("UPDATE schema_version SET version = 999"); err != nil {
			t.Fatal(err)
		}
		db.Close()
		chmod(t, 0o444, filepath.Join(dir, "V", "ledger.db"))
		chmod(t, 0o555, filepath.Join(dir, "V"))
		defer chmod(t, 0o700, filepath.Join(dir, "V"))
		if r := a.licensor("list", "--home", "V"); r.exit != 1 || r.stdout != "" || !strings.Contains(r.stderr, "another version of licensor") {
			t.Error(r)
		}
	})
	t.Run("log beside it", func(t *testing.T) {
		dir := newHome(t)
		a := newAnother(t, dir)
		db := openDatabase(t, filepath.Join(dir, "V", "ledger.db"))
		if _, err := db.Exec("UPDATE entitlements SET seats_used = 7"); err != nil { // stands in the log until db is closed
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(dir, "copy"), 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"ledger.db", "ledger.db-wal"} {
			copyFile(t, filepath.Join(dir, "V", name), filepath.Join(dir, "copy", name))
			chmod(t, 0o444, filepath.Join(dir, "copy", name))
		}
		chmod(t, 0o555, filepath.Join(dir, "copy"))
		defer chmod(t, 0o700, filepath.Join(dir, "copy"))
		if r := a.licensor("list", "--home", "copy"); strings.Contains(r.stdout, " 0/1 ") ||
			(r.exit != 0 && !strings.Contains(r.stderr, "licensor: hint: ")) {
			t.Errorf("the last change was passed over: %s", r)
		}
	})
}

func TestUnreadableKey(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, error, hint string
		owner             bool
		mode              fs.FileMode
	}{
		{"not readable", `error: cannot read "V/keys/anna": permission denied`, "hint: run as a user who may read it", false, 0o000},
		{"readable for others", `error: "V/keys/anna": others can read this private key (mode 0644, want 0600)`, "hint: chmod 600 V/keys/anna", true, 0o644},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := newHome(t)
			request := writeRequest(t, dir, 1, "INV0042-1")
			a := newAnother(t, dir)
			a.owns("V", "V/keys", "V/delegations", "V/ledger.db")
			if test.owner {
				a.owns("V/keys/anna")
			}
			chmod(t, test.mode, filepath.Join(dir, "V", "keys", "anna"))
			r := a.licensor("sign", "--home", "V", "--yes", "--out", "license.lic", request)
			if r.exit != 1 || !strings.Contains(r.stderr, test.error) || !strings.Contains(r.stderr, test.hint) {
				t.Error(r)
			}
			if r := a.licensor("list", "--home", "V"); !strings.Contains(r.stdout, " 0/1 ") {
				t.Errorf("something was recorded: %s", r)
			}
		})
	}
}

// A home that belongs to somebody else.
func TestOthersHome(t *testing.T) {
	t.Parallel()
	dir := newHome(t)
	a := newAnother(t, dir)
	mode := fs.FileMode(0o700)
	if os.Getuid() != 0 {
		mode = 0
	}
	chmod(t, mode, filepath.Join(dir, "V"))
	defer chmod(t, 0o700, filepath.Join(dir, "V"))
	if r := a.licensor("list", "--home", "V"); r.exit != 1 || !strings.Contains(r.stderr, `error: the vendor's home "V" may not be read by this user`) ||
		!strings.Contains(r.stderr, "hint: run as the user who owns it") {
		t.Error(r)
	}
	// init does not take it for an empty place.
	if r := a.licensor(initArgs("V")...); r.exit != 1 || !strings.Contains(r.stderr, "licensor: hint: ") {
		t.Error(r)
	}
}
