package command

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// otherUserMain is the tool as another user: "asuser UID verify ...". The user changes in the
// process that root started, so that the directories above the script's need not be open.
func otherUserMain() {
	uid, err := strconv.Atoi(os.Args[1])
	syscall.Umask(0o022)
	for _, err := range []error{err, syscall.Setgroups(nil), syscall.Setgid(uid), syscall.Setuid(uid)} {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Args = append(os.Args[:1], os.Args[2:]...)
	// Not os.Exit, which under go test -cover writes into a directory that is not open to
	// this user, and complains on standard error.
	syscall.Exit(offlicenseAt())
}

// canMount reports whether this process may mount a file system.
var canMount = sync.OnceValue(func() bool {
	dir, err := os.MkdirTemp("", "mount")
	if err != nil {
		return false
	}
	defer os.Remove(dir)
	if syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k") != nil {
		return false
	}
	return syscall.Unmount(dir, 0) == nil
})

// smallDisk mounts a disk of some size: "smalldisk DIR 64k".
func smallDisk(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.Mkdir(dir, 0o755))
	ts.Check(syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+args[1]))
	ts.Defer(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
}

// readOnly makes what smallDisk mounted read-only.
func readOnly(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(syscall.Mount("", ts.MkAbs(args[0]), "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
}
