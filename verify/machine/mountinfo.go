package machine

import (
	"bytes"
	"slices"
	"strings"
)

// mount is one line of /proc/self/mountinfo, as far as it matters here.
type mount struct {
	dev    string // "8:1": decimal major and minor number of the file system's device
	root   string // which part of the file system is mounted, "/" for all of it
	fsType string
	source string // what was mounted: a device's path, or any name
}

// lastMounts reads the mount table (proc(5), /proc/pid/mountinfo) and returns what is
// mounted at the given points, by mount point. Where one mount hides another, the later
// one counts. A line that it cannot read is passed over: the table is the kernel's, and
// one odd line must not cost a machine its identity. Points have no characters that the
// kernel escapes (white space, backslash, #).
func lastMounts(table []byte, points ...string) map[string]mount {
	found := make(map[string]mount, len(points))
	for line := range bytes.Lines(table) {
		if m, point, ok := parseMount(line, points); ok {
			found[point] = m
		}
	}
	return found
}

// parseMount reads one line if it is about one of the points:
//
//	36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
//	id parent device root point options *optional - type source superoptions
//
// The source may be empty, so fields are separated by exactly one space.
func parseMount(line []byte, points []string) (m mount, point string, ok bool) {
	var fields [5][]byte
	rest := line
	for i := range fields {
		if fields[i], rest, ok = bytes.Cut(rest, []byte(" ")); !ok {
			return mount{}, "", false
		}
	}
	i := slices.IndexFunc(points, func(p string) bool { return p == string(fields[4]) })
	if i < 0 || !isDeviceNumber(fields[2]) {
		return mount{}, "", false
	}
	// A dash between spaces separates the optional fields; in a path its spaces
	// would be escaped.
	if _, rest, ok = bytes.Cut(rest, []byte(" - ")); !ok {
		return mount{}, "", false
	}
	fsType, rest, ok := bytes.Cut(rest, []byte(" "))
	if !ok {
		return mount{}, "", false
	}
	source, _, ok := bytes.Cut(rest, []byte(" "))
	if !ok {
		return mount{}, "", false
	}
	return mount{
		dev:    string(fields[2]),
		root:   unescape(fields[3]),
		fsType: string(fsType),
		source: unescape(source),
	}, points[i], true
}

// isDeviceNumber reports whether b is two decimal numbers joined by a colon. It becomes
// part of a path, so nothing else may pass.
func isDeviceNumber(b []byte) bool {
	major, minor, ok := bytes.Cut(b, []byte(":"))
	return ok && isDecimal(major) && isDecimal(minor)
}

func isDecimal(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// unescape undoes the kernel's \ooo.
func unescape(b []byte) string {
	if bytes.IndexByte(b, '\\') < 0 {
		return string(b)
	}
	var s strings.Builder
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+3 < len(b) && isOctal(b[i+1:i+4]) {
			s.WriteByte((b[i+1]-'0')<<6 + (b[i+2]-'0')<<3 + (b[i+3] - '0'))
			i += 3
			continue
		}
		s.WriteByte(b[i])
	}
	return s.String()
}

func isOctal(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '7' {
			return false
		}
	}
	return b[0] <= '3' // one byte
}
