//go:build !linux

package machine

// isCurrent is true: what is read here is read alike by all users.
func (User) isCurrent() bool { return true }

func (User) become() error { return ErrNotRoot }
