package service

import (
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// LicenseFileName returns a file name for the license of an activation that says whose it is.
func LicenseFileName(a *ledger.Activation) string {
	name := a.ID
	for _, part := range []string{a.Site, a.Host} {
		if part = SafeName(part); part != "" {
			name += "-" + part
		}
	}
	return name + ".lic"
}

// SafeName keeps of a foreign name what is harmless in a file name on every system.
func SafeName(s string) string {
	const most = 40
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '_'
	}, s)
	return strings.Trim(s[:min(len(s), most)], "._-")
}
