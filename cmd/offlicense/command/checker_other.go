//go:build !linux

package command

func ownerOf(string) (uid int, ok bool) { return 0, false }
