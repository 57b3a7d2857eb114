package machine

import "strings"

// parseIOReg returns the platform UUID out of what macOS's ioreg prints for
// IOPlatformExpertDevice, or "":
//
//	"IOPlatformUUID" = "8F3C1D5E-7A90-4B26-B1D2-C3E4F5061728"
func parseIOReg(output string) string {
	for line := range strings.Lines(output) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), `"IOPlatformUUID" = "`); ok {
			value, _, _ = strings.Cut(value, `"`)
			return value
		}
	}
	return ""
}
