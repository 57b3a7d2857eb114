package machine

import (
	"encoding/hex"
	"slices"
	"strings"
)

// isPlaceholder reports whether the normalized value v is one that many machines share.
// A license bound to it would run anywhere, so it is refused before it is hashed.
func isPlaceholder(v string) bool {
	if isOneCharacter(v) || isCounting(v) || isRun(v) {
		return true
	}
	if isUUID(v) {
		return isAlmost(v) || strings.HasSuffix(v, "ffffffffffffffffffffffff") || isMadeUp(v) || isMadeUp(swapped(v)) || isSharedUUID(v)
	}
	return isSharedText(v) || strings.HasPrefix(v, "to be filled") || strings.HasPrefix(v, "to_be_filled")
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

// runs are digits and letters as people type them.
const runs = `0123456789abcdef0123456789abcdef0123456789abcdef 1234567890abcdef1234567890abcdef 1234567890abcdef0 0987654321098765432109876543210
	fedcba9876543210fedcba9876543210 ffeeddccbbaa99887766554433221100 abcdefghijklmnopqrstuvwxyz`

// isRun reports whether v is a piece of one, too long for chance.
func isRun(v string) bool {
	return len(v) >= 8 && !strings.ContainsAny(v, " \n\t") && strings.Contains(runs, v)
}

// isMadeUp reports whether nobody can have drawn this UUID: it repeats itself, has four kinds of
// digits at most, goes up or down by steps, has runs alone between its dashes, or is a text in
// ASCII that would be no id.
func isMadeUp(v string) bool {
	for period := 1; period <= len(v)/2; period++ {
		if strings.HasPrefix(v, v[period:]) {
			return true
		}
	}
	kinds, typed := 0, true
	for digit := range strings.SplitSeq("0123456789abcdef", "") {
		kinds += min(1, strings.Count(v, digit))
	}
	for _, group := range [...]string{v[:8], v[8:12], v[12:16], v[16:20], v[20:]} {
		typed = typed && (isOneCharacter(group) || strings.Contains(runs, group))
	}
	text, err := hex.DecodeString(v)
	return err != nil || kinds <= 4 || typed || isSequence(v) || isPlaceholder(strings.ToLower(strings.Trim(string(text), " \x00")))
}

// isAlmost reports whether the UUID is one digit over and over but for four at most. Makers who
// fill up with zeros what has a number of its own leave more.
func isAlmost(v string) bool {
	for digit := range strings.SplitSeq(v, "") {
		if strings.Count(v, digit) >= 28 {
			return true
		}
	}
	return false
}

// isSequence reports whether the digits, or the bytes, of the UUID go up or down by a fixed step:
// 01234567-89ab-..., 00010203-0405-..., 00112233-4455-..., also over the end: ...eeff-0011-2233....
func isSequence(v string) bool {
	digit := func(i int) int { return strings.IndexByte("0123456789abcdef", v[i]) }
	octet := func(i int) int { return 16*digit(2*i) + digit(2*i+1) }
	digits, octets, halves := true, true, true
	for i := 2; i < len(v); i++ {
		digits = digits && (digit(i)-digit(i-1)-digit(1)+digit(0))%16 == 0
		halves = halves && (digit(i)-digit(i-2)-digit(2+i%2)+digit(i%2))%16 == 0
		octets = octets && (i >= len(v)/2 || (octet(i)-octet(i-1)-octet(1)+octet(0))%256 == 0)
	}
	return digits || octets || halves
}

// sharedUUIDs are those that were seen on machines of many owners, in whichever byte order. Of
// SMBIOS, FreeBSD (rc.d script hostid), GLPI Inventory and Rockstor keep lists. It is searched as
// a text, so that a program that starts makes no table of it.
const sharedUUIDs = `SMBIOS, as makers ship them.
00020003-0004-0005-0006-000700080009
03000200-0400-0500-0006-000700080009
00000000-0000-0000-0807-060504030201
07090201-0103-0103-0807-060504030201
10000000-0000-8000-0040-000000000000
4c4c4544-0000-2010-8020-80c04f202020	Dell, service tag never written
4c4c4544-0000-0000-8000-80c04f000000
4c4c4544-0020-2010-8020-a0c04f202020
4c4c4544-0030-3010-8030-b0c04f303030
6ab5b300-538d-1014-9fb5-b0684d007b53
890e2d14-cacd-45d1-ae66-bc80e8bfeb0f
8e275844-178f-44a8-aceb-a7d7e5178c63
dc698397-fa54-4cf2-82c8-b1b5307a6a7f

Typed by people.
01234567-89ab-cdef-fedc-ba9876543210
01020304-0506-0708-0900-010203040506
12345678-1234-5678-1234-567812345678
12345678-abcd-1234-abcd-1234567890ab
1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d
12345678-1234-5678-90ab-cddeefaabbcc
12345678-1234-5678-1234-567890123456
12345678-1234-5678-90ab-cdef12345678
a1b2c3d4-e5f6-7890-abcd-ef1234567890

The examples that people copy out of documentation.
123e4567-e89b-12d3-a456-426614174000
123e4567-e89b-12d3-a456-426655440000
550e8400-e29b-41d4-a716-446655440000
6ba7b810-9dad-11d1-80b4-00c04fd430c8	RFC 9562, the name spaces
6ba7b811-9dad-11d1-80b4-00c04fd430c8
6ba7b812-9dad-11d1-80b4-00c04fd430c8
6ba7b814-9dad-11d1-80b4-00c04fd430c8
f81d4fae-7dec-11d0-a765-00a0c91e6bf6	RFC 4122, section 3
f81d4fae-7dec-11d0-a765-00a0c91e4bf6

Machine-ids of images.
b08dfa60-83e7-567a-1921-a715000001fb	the one of all Whonix and Kicksecure systems
d41d8cd9-8f00-b204-e980-0998ecf8427e	md5sum of nothing, and of an empty line
68b329da-9893-e340-99c7-d8ad5cb9c940
88544b92-0924-30bc-5d3f-bbffc12a2f04	debian:11.2
85f94e57-ab75-f809-18ca-b17d001eac85	debian:11.1
`

// isSharedUUID looks for a UUID and its other byte order.
func isSharedUUID(v string) bool {
	return slices.ContainsFunc([]string{v, swapped(v)}, func(u string) bool {
		return strings.Contains(sharedUUIDs, u[:8]+"-"+u[8:12]+"-"+u[12:16]+"-"+u[16:20]+"-"+u[20:])
	})
}

// sharedTexts are what makers and programs write where an id belongs, what many sites name their
// only one, and MAC addresses that drivers ship, between bars.
const sharedTexts = `|
(none)|(null string)|(null)|-inf|-none-|[none]|abc|abcd|abcdef|all|any|array|asdf|asset tag|
asset-1234567890|auto|bar|base board serial number|baz|change-me|change_me|changeme|
chassis asset tag|chassis serial number|default|default string|default_string|demo|dummy|empty|
error|eval|example|false|filtered|fixme|foo|foobar|guid|hidden|iatpass|id|inf|infinity|invalid|
known after apply|known only after apply|manual|masked|mb-1234567890|missing|n.a.|n/a|na|name|
nan|new|nil|no|no asset information|no asset tag|none|not applicable|not applicable.|
not available|not defined|not present|not settable|not specified|null|o.e.m.|oem|oem_serial|off|
old|on|password|placeholder|qwerty|redacted|ref|replace-me|replace_me|replaceme|sample|secret|
secure|secured|sensitive|sensitive value|serial|serial number|serial number xxxxxx|serialnumber|
sn-12345|sn-1234567890|some|standard|string|sys-1234567890|system manufacturer|
system product name|system serial number|systemserialnumb|tba|tbd|temp|test|text|tmp|todo|true|
uid|undefined|undefined instance|uninitialized|unknow|unknown|unknown.|unset|unspecified|uuid|
value|variable is not defined!|variable_is_not_defined!|xxx|yes|active|auto-generated|autogenerated|blank|disabled|enabled|
forbidden|generated|google compute engine|hello|hello world|hvm domu|kvm virtual machine|loading|
loading...|lorem ipsum|n.a|not found|not set|not-set|not_set|nothing|notfound|notset|novalue|ok|pending|
qemu harddisk|qwertz|random|rec:missing|running|test-1|test1|test123|unauthorized|vbox harddisk|
virtual machine|vmware virtual platform|waiting|525400123456|52:54:00:12:34:56|aa:bb:cc:dd:ee:ff|
aabbccddeeff|de:ad:be:ef:00:01|deadbeef|deadbeefdeadbeef|cafebabe|000bcafe0000|001122334455|
00a0c6000000|
`

func isSharedText(v string) bool {
	return !strings.ContainsAny(v, "|\n") && (strings.Contains(sharedTexts, "|"+v+"|") || strings.Contains(sharedTexts, "|\n"+v+"|"))
}
