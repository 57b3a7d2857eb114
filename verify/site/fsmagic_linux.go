package site

import "syscall"

// fsMagic returns the magic number of the file system on which a directory is, 0 if it is
// not known.
func fsMagic(dir string) uint32 {
	var fs syscall.Statfs_t
	if syscall.Statfs(dir, &fs) != nil {
		return 0
	}
	return uint32(fs.Type) // whose size depends on the architecture
}
