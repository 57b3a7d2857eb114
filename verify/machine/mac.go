package machine

import (
	"encoding/hex"
	"strings"
)

// parseMAC returns the 12 lower-case hexadecimal digits of a globally unique address
// such as "AC:1F:6B:00:12:34", or "" for anything else: locally administered ones (most
// hypervisors' and every randomised one), group addresses, placeholders, InfiniBand's
// 20 bytes.
func parseMAC(s string) string {
	if len(s) != len("00:00:00:00:00:00") {
		return ""
	}
	digits := strings.ReplaceAll(s, ":", "")
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != 6 || b[0]&0b11 != 0 {
		return ""
	}
	mac := hex.EncodeToString(b)
	if isPlaceholder(mac) {
		return ""
	}
	return mac
}
