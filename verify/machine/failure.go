package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// errTooLong is why a value is refused unread.
var errTooLong = errors.New("longer than any id")

// isAbsent reports whether err says that there is nothing to read.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// failed is the reading of a source that exists and gave err. Errors of the file system
// name the path under Options.Root, so only their cause is kept.
func failed(err error, source string) reading {
	if errors.Is(err, fs.ErrPermission) {
		return unreadable("this user may not read " + source)
	}
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return unreadable(fmt.Sprintf("%s cannot be read: %v", source, err))
}
