package machine

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"unsafe"
)

func (u User) isCurrent() bool { return int(u.UID) == os.Geteuid() }

// become gives this thread the file access of the user, for good: the thread ends with its
// goroutine. From user 0 to another one, the kernel takes the capabilities that pass over
// permissions, too (capabilities(7), "Effect of user ID changes").
func (u User) become() error {
	if os.Geteuid() != 0 {
		return ErrNotRoot
	}
	runtime.LockOSThread()
	// Of package syscall, Setgroups changes all threads, and Setfsuid and Setfsgid this one.
	number := uintptr(syscall.SYS_SETGROUPS)
	if runtime.GOARCH == "386" || runtime.GOARCH == "arm" {
		number = 206 // setgroups32: the other takes 16 bits
	}
	groups := append([]uint32{u.GID}, u.Groups...)
	if _, _, errno := syscall.RawSyscall(number, uintptr(len(groups)), uintptr(unsafe.Pointer(&groups[0])), 0); errno != 0 {
		return fmt.Errorf("cannot read as user %d: setgroups: %w", u.UID, errno)
	}
	if err := syscall.Setfsgid(int(u.GID)); err != nil {
		return fmt.Errorf("cannot read as user %d: setfsgid: %w", u.UID, err)
	}
	if err := syscall.Setfsuid(int(u.UID)); err != nil {
		return fmt.Errorf("cannot read as user %d: setfsuid: %w", u.UID, err)
	}
	// The two report no failure, so the kernel is asked: real, effective, saved, file system.
	status, err := readFile("/proc/thread-self/status", 1<<16)
	if err != nil {
		return fmt.Errorf("cannot read as user %d: %w", u.UID, err)
	}
	for line := range strings.Lines(string(status)) {
		if ids, ok := strings.CutPrefix(line, "Uid:"); ok {
			if f := strings.Fields(ids); len(f) == 4 && f[3] == fmt.Sprint(u.UID) {
				return nil
			}
		}
	}
	return fmt.Errorf("cannot read as user %d: the kernel did not change the thread", u.UID)
}
