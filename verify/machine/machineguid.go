package machine

import (
	"encoding/binary"
	"unicode/utf16"
)

// parseRegistryString reads a REG_SZ value of the Windows registry: UTF-16, little
// endian, up to the first NUL or the end.
func parseRegistryString(b []byte) string {
	var units []uint16
	for ; len(b) >= 2; b = b[2:] {
		u := binary.LittleEndian.Uint16(b)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}
