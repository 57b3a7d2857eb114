//go:build !unix

package keyfile

import "io/fs"

// othersCanRead: Windows says who may read a file in access lists, which os.FileMode does
// not show; a user's own folders are closed to others by default.
func othersCanRead(fs.FileMode) bool { return false }

// syncFolder: Windows opens no folder for this; NTFS logs a new name by itself.
func syncFolder(string) error { return nil }
