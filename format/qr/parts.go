package qr

import (
	"fmt"

	"github.com/offlicense/offlicense/format"
	"rsc.io/qr/coding"
)

// Readable is the largest version that every phone reads off a picture: 97 modules.
const Readable = 20

// Capacity returns how many characters of a statement's text a version holds, which has
// 17+4*version modules a side. It is 0 below version 1, and that of version 40 above it.
func Capacity(version int) int {
	v := coding.Version(min(version, coding.MaxVersion))
	if v < coding.MinVersion {
		return 0
	}
	n := 0
	for n += 2; coding.Alpha(make([]byte, n)).Bits(v) <= 8*v.DataBytes(coding.L); n += 2 {
	}
	if n--; coding.Alpha(make([]byte, n)).Bits(v) <= 8*v.DataBytes(coding.L) {
		return n
	}
	return n - 1
}

// Cut returns the text of a statement as it is if it has at most so many characters, and
// else in as few parts of them as there can be, but not in more than most. Parts are read
// in any order wherever a text is.
func Cut(text string, characters, most int) ([]string, error) {
	if len(text) <= characters {
		return []string{text}, nil
	}
	kind, raw, err := format.DecodeText([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%d bytes do not fit one QR code", len(text))
	}
	parts, err := format.EncodeParts(kind, raw, characters)
	switch {
	case err != nil:
		return nil, err
	case len(parts) > most:
		return nil, fmt.Errorf("%d characters take %d QR codes, more than %d", len(text), len(parts), most)
	}
	return parts, nil
}
