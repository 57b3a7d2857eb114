package page

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// wanted are the kinds that are installed.
var wanted = map[format.Kind]bool{format.LicenseFile: true, format.CarriedLicense: true, format.RevocationFile: true}

// find returns the statement in what was uploaded or pasted: a file, a text in one piece or in parts, lines that were
// read out, or the mail around it. Its checksum says that it is whole; who has signed it is judged later.
func (p *handler) find(given []byte) (text []byte, kind format.Kind, failed *fault) {
	given = bytes.TrimSpace(narrow(given))
	for _, picture := range []string{"\x89PNG", "\xff\xd8\xff", "GIF8", "RIFF", "BM", "%PDF"} {
		if bytes.HasPrefix(given, []byte(picture)) {
			return nil, 0, p.fault(Picture)
		}
	}
	kind, raw, err := format.DecodeText(given)
	if err != nil {
		if k, r, spelled := format.DecodeSpelled(given); spelled == nil {
			kind, raw, err = k, r, nil
		}
	}
	lines := inside(given)
	for n := len(lines); err != nil && n > max(0, len(lines)-maxBehind); n-- {
		if k, r, found := format.DecodeText([]byte(strings.Join(lines[:n], "\n"))); found == nil {
			kind, raw, err = k, r, nil
		}
	}
	if err == nil && wanted[kind] {
		return format.EncodeFile(kind, raw), kind, nil
	}
	_, refusal := p.o.Gate.Verifier().Open(given) // which has the words for what it is instead
	if r, ok := refusal.(*verify.Refusal); ok {
		next := strings.Replace(r.Hint(), "name the", "choose the", 1)
		return nil, 0, p.fault(NotLicense, "{detail}", detailOf(r), "{next}", sentence(next))
	}
	return nil, 0, p.fault(BadForm)
}

// narrow returns the text of what some Windows programs write in UTF-16.
func narrow(text []byte) []byte {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}):
	case bytes.HasPrefix(text, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return text
	}
	var wide []uint16
	for pair := range slices.Chunk(text[2:len(text)&^1], 2) {
		wide = append(wide, order.Uint16(pair))
	}
	return []byte(string(utf16.Decode(wide)))
}

// maxBehind is how many lines behind a statement are tried that could be of it, such as "Regards".
const maxBehind = 16

// inside returns the lines of a mail from the one that begins a statement to the last one that can be of it,
// without the marks of a quotation.
func inside(text []byte) (found []string) {
	for line := range strings.Lines(string(text)) {
		line = strings.Trim(line, "> \t\r\n")
		begins := false
		for kind := range wanted {
			prefix := format.EncodeText(kind, nil)[:4]
			begins = begins || len(line) > 4 && strings.EqualFold(line[:4], prefix)
		}
		switch {
		case line == "":
		case begins, found != nil && strings.Trim(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567abcdefghijklmnopqrstuvwxyz") == "":
			found = append(found, line)
		case found != nil:
			return found
		}
	}
	return found
}
