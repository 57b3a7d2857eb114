//go:build !unix

package keyfile

import "io/fs"

// othersCanRead: Windows says who may read a file in access lists, which os.FileMode does
// not show; a user's own directories are closed to others by default.
func othersCanRead(fs.FileMode) bool { return false }

const noWait = 0 // no name in a directory leads to a pipe

// syncDirectory: Windows opens no directory for this; NTFS logs a new name by itself.
func syncDirectory(string) error { return nil }
