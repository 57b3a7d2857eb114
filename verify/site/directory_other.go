//go:build !unix

package site

// openToAll: there is no umask. Windows lets a directory inherit who may read it.
func openToAll(string) error { return nil }
