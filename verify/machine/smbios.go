package machine

import (
	"encoding/binary"
	"encoding/hex"
)

// parseSMBIOS returns the system UUID, 32 hexadecimal digits, out of what Windows returns of the
// firmware's table RSMB (GetSystemFirmwareTable, RawSMBIOSData), or "": 8 bytes of header, in
// which the last four are the length of what follows, then structures (DMTF DSP0134, section
// 6.1). One has its type, its length, a handle of two bytes and its fields, and behind that its
// strings, each with a NUL, and one more NUL. The UUID is at byte 8 of type 1. In whichever byte
// order it stands, its normalized value is the same.
func parseSMBIOS(table []byte) string {
	const header, structureHeader = 8, 4
	if len(table) < header {
		return ""
	}
	length := binary.LittleEndian.Uint32(table[4:header])
	table = table[header:]
	if uint64(length) < uint64(len(table)) {
		table = table[:length]
	}
	for len(table) >= structureHeader {
		kind, size := table[0], int(table[1])
		if size < structureHeader || size > len(table) || kind == 127 { // the end of the table
			return ""
		}
		if kind == 1 && size >= 8+16 {
			return hex.EncodeToString(table[8 : 8+16])
		}
		table = table[size:]
		for len(table) >= 2 && (table[0] != 0 || table[1] != 0) {
			table = table[1:]
		}
		if len(table) < 2 {
			return ""
		}
		table = table[2:]
	}
	return ""
}
