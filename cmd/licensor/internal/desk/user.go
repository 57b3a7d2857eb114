package desk

import "slices"

// User is one of the staff who signs in with a browser. The operator of what they do is their
// name.
type User struct {
	Name     string  `json:"name"`
	Rights   []Right `json:"rights"`
	Disabled bool    `json:"disabled"`
}

// May reports whether the user has a right.
func (u *User) May(r Right) bool { return !u.Disabled && slices.Contains(u.Rights, r) }
