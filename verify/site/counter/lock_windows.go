package counter

import (
	"io/fs"
	"os"
	"syscall"
	"unsafe"
)

const noFollow = 0

func otherNames(fs.FileInfo) bool { return false }

var lockFileEx = syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx")

const (
	failImmediately = 1
	exclusive       = 2
	lockViolation   = syscall.Errno(33) // ERROR_LOCK_VIOLATION
)

// tryLock locks a byte far behind the content, for a lock on Windows hinders reading. The system
// undoes it when the file is closed or its process ends.
func tryLock(f *os.File) error {
	at := &syscall.Overlapped{OffsetHigh: 1 << 20}
	done, _, err := lockFileEx.Call(f.Fd(), exclusive|failImmediately, 0, 1, 0, uintptr(unsafe.Pointer(at)))
	switch {
	case done != 0:
		return nil
	case err == lockViolation, err == syscall.ERROR_IO_PENDING:
		return errLocked
	}
	return err
}
