package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// disk mounts a file system with little space at a directory.
func disk(t *testing.T, dir, options string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skip("cannot mount a small disk:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
}

// fill leaves so many bytes free on a disk.
func fill(t *testing.T, dir string, free int64) {
	t.Helper()
	filler, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer filler.Close()
	var size int64
	for page := make([]byte, 4096); ; {
		n, err := filler.Write(page)
		size += int64(n)
		if errors.Is(err, syscall.ENOSPC) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := filler.Truncate(max(0, size-free)); err != nil {
		t.Fatal(err)
	}
}

// The disk with the ledger is full, to the last byte or nearly so: the error says it,
// nothing is recorded, and once there is space all goes on.
func TestFullDiskOfTheLedger(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	disk(t, filepath.Join(dir, "disk"), "size=1m")
	mustRun(t, dir, initArgs("disk/V")...)
	mustRun(t, dir, entitleArgs("disk/V")...)
	request := writeRequest(t, dir, 1, "INV0042-1")
	failures := 0
	for free := int64(0); ; free += 8 << 10 {
		fill(t, filepath.Join(dir, "disk"), free)
		r := licensor(t, dir, "sign", "--home", "disk/V", "--yes", "--out", "license.lic", request)
		if r.exit == 0 {
			break
		}
		failures++
		if r.exit != 1 || !strings.Contains(r.stderr, "disk") || !strings.Contains(r.stderr, "full") ||
			!strings.Contains(r.stderr, "disk/V/ledger.db") || !strings.Contains(r.stderr, "hint: ") || strings.Contains(r.stderr, "bug") {
			t.Errorf("%d bytes free: %s", free, r)
		}
		if _, err := os.Stat(filepath.Join(dir, "license.lic")); err == nil {
			t.Fatalf("%d bytes free: a license was written", free)
		}
		if r := licensor(t, dir, "list", "--home", "disk/V"); r.exit != 0 || !strings.Contains(r.stdout, " 0/1 ") {
			t.Errorf("%d bytes free: list: %s", free, r)
		}
		if free > 1<<20 {
			t.Fatal("no space was enough")
		}
	}
	if failures < 2 {
		t.Errorf("the disk was full for %d signs: too few for this test to mean anything", failures)
	}
	integrity(t, filepath.Join(dir, "disk", "V", "ledger.db"))
	fill(t, filepath.Join(dir, "disk"), 0)
	if r := licensor(t, dir, append(entitleArgs("disk/V"), "--invoice", "INV0042-2")...); r.exit != 1 || !strings.Contains(r.stderr, "full") {
		t.Errorf("entitle: %s", r)
	}
}

// The disk of the license is full, and the ledger's is not: the license is recorded,
// and written when the command is run again.
func TestFullDiskOfTheLicense(t *testing.T) {
	t.Parallel()
	dir := newHome(t)
	disk(t, filepath.Join(dir, "disk"), "size=64k")
	fill(t, filepath.Join(dir, "disk"), 0)
	request := writeRequest(t, dir, 1, "INV0042-1")
	r := licensor(t, dir, "sign", "--home", "V", "--yes", "--out", "disk/license.lic", request)
	if r.exit != 1 || !strings.Contains(r.stderr, `error: cannot write "disk/license.lic": no space left on the disk`) ||
		!strings.Contains(r.stderr, "hint: the license is recorded and not lost: run the command again with another --out") {
		t.Error(r)
	}
	if names := directory(t, dir, "disk"); len(names) != 1 {
		t.Errorf("the full disk holds %q", names)
	}
	id, active := onRecord(t, dir, "INV0042-1")
	if active != 1 {
		t.Fatalf("%d activations", active)
	}
	if r := mustRun(t, dir, "sign", "--home", "V", "--out", "license.lic", request); !strings.Contains(r.stdout, id.String()) {
		t.Errorf("the license is not the one on record, %s: %s", id, r)
	}
	// Standard output is a file on that disk.
	out, err := os.Create(filepath.Join(dir, "disk", "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := process(dir, "sign", "--home", "V", request)
	var messages strings.Builder
	cmd.Stdout, cmd.Stderr = out, &messages
	cmd.Run()
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(messages.String(), "error: cannot write standard output: no space left on the disk") {
		t.Errorf("exit %d\n%s", cmd.ProcessState.ExitCode(), &messages)
	}
}

// init on a full disk leaves nothing behind, and takes nothing away: least of all a root
// key that was there before.
func TestFullDiskOfInit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	precious := []byte("the only copy of a root key\n")
	if err := os.WriteFile(filepath.Join(dir, "root"), precious, 0o600); err != nil {
		t.Fatal(err)
	}
	failures := 0
	for inodes := 2; inodes < 30; inodes++ {
		small := fmt.Sprint("disk", inodes)
		disk(t, filepath.Join(dir, small), fmt.Sprint("nr_inodes=", inodes))
		with := append(initArgs(small+"/V"), "--root-key", "root")
		if r := licensor(t, dir, with...); r.exit != 1 || !strings.Contains(r.stderr, "hint: ") {
			t.Errorf("%d files: %s", inodes, r)
		}
		with = append(initArgs(small+"/V"), "--root-key", small+".root")
		r := licensor(t, dir, with...)
		if r.exit == 0 {
			break
		}
		failures++
		if r.exit != 1 || !strings.Contains(r.stderr, "hint: ") {
			t.Errorf("%d files: %s", inodes, r)
		}
		if names := directory(t, dir, small); len(names) != 0 {
			t.Errorf("%d files: init left %q on the disk", inodes, names)
		}
		for _, name := range []string{small + ".root", small + ".root.pub"} {
			if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
				t.Errorf("%d files: init left %s", inodes, name)
			}
		}
	}
	if failures < 3 {
		t.Errorf("the disk was full for %d inits: too few for this test to mean anything", failures)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "root")); err != nil || string(got) != string(precious) {
		t.Errorf("the old root key is %q, %v", got, err)
	}
}

// The disk of many licenses is full: what is there is whole, what was signed is on
// record, and the same command writes the rest once there is space.
func TestFullDiskOfManyLicenses(t *testing.T) {
	t.Parallel()
	const n = 1200
	dir := soldDirectory(t, n)
	disk(t, filepath.Join(dir, "disk"), "size=2m")
	v := vendorVerifier(t, dir)
	sign := []string{"sign", "--home", "V", "requests", "--out", "disk/licenses", "--yes"}
	r := licensor(t, dir, sign...)
	if r.exit != 1 || !strings.Contains(r.stderr, "no space left on the disk") || !strings.Contains(r.stderr, "hint: no license is lost") ||
		strings.Count(r.stderr, "\n") != 2 {
		t.Error(r)
	}
	written := wholeLicenses(t, v, dir, "disk", "licenses")
	if written == 0 || written >= n {
		t.Errorf("the full disk has %d licenses of %d: too few or too many for this test to mean anything", written, n)
	}
	if _, active := onRecord(t, dir, "INV0042-1"); active < written {
		t.Errorf("%d licenses were written, %d are on record", written, active)
	}
	if err := syscall.Mount("tmpfs", filepath.Join(dir, "disk"), "tmpfs", syscall.MS_REMOUNT, "size=32m"); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, sign...)
	if written := wholeLicenses(t, v, dir, "disk", "licenses"); written != n {
		t.Errorf("%d licenses for %d requests", written, n)
	}
	if _, active := onRecord(t, dir, "INV0042-1"); active != n {
		t.Errorf("%d activations for %d requests", active, n)
	}
}

// The disk for the copy is full, not that of the ledger: the error says which, and the
// half of a copy is gone.
func TestFullDiskOfTheBackup(t *testing.T) {
	t.Parallel()
	dir := newHome(t)
	disk(t, filepath.Join(dir, "disk"), "size=64k")
	r := licensor(t, dir, "backup", "--home", "V", "disk/copy.db")
	if r.exit != 1 || r.stdout != "" || !strings.Contains(r.stderr, "error: the disk with disk/copy.db is full") || !strings.Contains(r.stderr, "hint: ") {
		t.Error(r)
	}
	if left := directory(t, dir, "disk"); len(left) > 0 {
		t.Errorf("%q was left behind", left)
	}
	mustRun(t, dir, "backup", "--home", "V", "copy.db")
}
