package machine

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"

	"github.com/offlicense/offlicense/format"
)

// digest is the hash of one component. No label and no value holds a zero byte (a MAC
// address's has one at a fixed place), so two different components never share a message.
func digest(product, label, value string) []byte {
	mac := hmac.New(sha256.New, []byte(product))
	mac.Write([]byte(label))
	mac.Write([]byte{0})
	mac.Write([]byte(value))
	return mac.Sum(nil)[:format.MaxComponentHash]
}

// normalize makes one value of the ways in which systems spell it. It is defined in
// bytes, not in Unicode, so that another implementation can do exactly the same.
func normalize(s string) string {
	s = strings.Trim(s, " \t\n\v\f\r")
	lower := make([]byte, len(s))
	for i := range len(s) {
		b := s[i]
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		lower[i] = b
	}
	s = string(lower)
	bare := s
	if len(bare) >= 2 && bare[0] == '{' && bare[len(bare)-1] == '}' {
		bare = bare[1 : len(bare)-1]
	}
	if bare = strings.ReplaceAll(bare, "-", ""); isUUID(bare) {
		return min(bare, swapped(bare))
	}
	return s
}

// swapped returns a UUID in the other byte order: its first three fields, of 4, 2 and 2
// bytes, are each turned around. Before version 2.6 SMBIOS did not say which order counts, so a
// new firmware or kernel may show the same UUID in the other one.
func swapped(uuid string) string {
	var b strings.Builder
	for _, i := range [...]int{6, 4, 2, 0, 10, 8, 14, 12} {
		b.WriteString(uuid[i : i+2])
	}
	return b.String() + uuid[16:]
}

// isUUID reports whether s is 32 lower-case hexadecimal digits.
func isUUID(s string) bool {
	if len(s) != 32 {
		return false
	}
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return true
}
