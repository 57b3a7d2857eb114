package machine

import "strings"

// isPlaceholder reports whether the normalized value v is one that many machines share.
// A license bound to it would run anywhere, so it is refused before it is hashed.
func isPlaceholder(v string) bool {
	if isOneCharacter(v) || isCounting(v) {
		return true
	}
	if isUUID(v) {
		return isOneByte(v) || strings.HasSuffix(v, "ffffffffffffffffffffffff") || sharedUUIDs[v]
	}
	return sharedTexts[v] || strings.HasPrefix(v, "to be filled") || strings.HasPrefix(v, "to_be_filled")
}

// isOneCharacter reports whether v is empty, or one character over and over: zeros, Fs,
// xxxx, with or without separators.
func isOneCharacter(v string) bool {
	v = strings.Map(func(r rune) rune {
		if strings.ContainsRune("-:. _{}", r) {
			return -1
		}
		return r
	}, v)
	return v == "" || strings.Count(v, v[:1]) == len(v)
}

// isCounting reports whether v is 12345 or 01234 or a longer one of that kind.
func isCounting(v string) bool {
	if len(v) < 5 {
		return false
	}
	for i := range len(v) {
		if v[i] != '0'+byte(i+int(v[0]-'0'))%10 {
			return false
		}
	}
	return v[0] == '0' || v[0] == '1'
}

// isOneByte reports whether the UUID is one byte over and over: fefefefe-fefe-...
func isOneByte(v string) bool {
	return strings.Count(v, v[:2]) == len(v)/2
}

// sharedUUIDs are SMBIOS UUIDs that were seen on boards of many owners: FreeBSD (rc.d
// script hostid), GLPI Inventory and Rockstor keep such lists. The last two are the
// examples that people copy out of documentation.
var sharedUUIDs = map[string]bool{
	"00020003000400050006000700080009": true,
	"03000200040005000006000700080009": true,
	"00000000000000000807060504030201": true,
	"07090201010303010807060504030201": true,
	"0123456789abcdef0123456789abcdef": true,
	"000102030405060708090a0b0c0d0e0f": true,
	"11111111222233334444555555555555": true,
	"12345678123456789012345678901234": true,
	"12345678123412341234123456789abc": true,
	"123456781234567890abcddeefaabbcc": true,
	"4c4c454400002010802080c04f202020": true, // Dell, service tag never written
	"6ab5b300538d10149fb5b0684d007b53": true,
	"890e2d14cacd45d1ae66bc80e8bfeb0f": true,
	"8e275844178f44a8aceba7d7e5178c63": true,
	"dc698397fa544cf282c8b1b5307a6a7f": true,
	"deadbeefdeadbeefdeadbeefdeadbeef": true,
	"123e4567e89b12d3a456426614174000": true,
	"f81d4fae7dec11d0a76500a0c91e6bf6": true, // RFC 4122, section 3
}

// sharedTexts are what makers and programs write where an id belongs, and MAC addresses
// that drivers ship.
var sharedTexts = map[string]bool{
	"uninitialized":            true, // systemd, before the first boot is over
	"base board serial number": true,
	"chassis serial number":    true,
	"default":                  true,
	"default string":           true,
	"default_string":           true,
	"empty":                    true,
	"eval":                     true,
	"example":                  true,
	"iatpass":                  true,
	"invalid":                  true,
	"mb-1234567890":            true,
	"n/a":                      true,
	"na":                       true,
	"(none)":                   true,
	"none":                     true,
	"not applicable":           true,
	"not available":            true,
	"not present":              true,
	"not settable":             true,
	"not specified":            true,
	"null":                     true,
	"(null)":                   true,
	"(null string)":            true,
	"o.e.m.":                   true,
	"oem":                      true,
	"oem_serial":               true,
	"serial number xxxxxx":     true,
	"sn-12345":                 true,
	"sn-1234567890":            true,
	"standard":                 true,
	"sys-1234567890":           true,
	"system serial number":     true,
	"systemserialnumb":         true,
	"test":                     true,
	"uid":                      true, // the word out of the documentation: cluster=UID
	"unknow":                   true,
	"unknown":                  true,
	"unspecified":              true,
	"uuid":                     true,
	"value":                    true,

	"000bcafe0000": true,
	"001122334455": true,
	"00a0c6000000": true, // Qualcomm modems
}
