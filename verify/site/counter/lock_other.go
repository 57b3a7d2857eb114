//go:build !windows && (!unix || aix || solaris || illumos)

package counter

import (
	"errors"
	"io/fs"
	"os"
)

const noFollow = 0

func otherNames(fs.FileInfo) bool { return false }

// tryLock: this system has no lock that the standard library knows.
func tryLock(*os.File) error { return errors.ErrUnsupported }
