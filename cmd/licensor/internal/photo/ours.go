package photo

import (
	"errors"
	"regexp"
	"strings"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// part is a part of a statement without white space: two numbers, of which format judges
// the values, 4 characters of the statement's hash, and some of its text.
var part = regexp.MustCompile(`^OL[A-Z][1-9]/[1-9][0-9]?-[1-9][0-9]?:[A-Z2-7]{5,}$`)

// bare returns a text as the tools draw it: codes that others made have lines, too, and
// small letters. A public key is left as it is.
func bare(text string) string {
	if isKey(text) {
		return text
	}
	return strings.ToUpper(strings.Join(strings.Fields(text), ""))
}

// isKey reports whether a text is a public key. It has no checksum: people compare its code.
func isKey(text string) bool {
	_, err := keys.ParsePublicLine(text)
	return err == nil
}

// isOurs reports whether a text is a public key, or a statement whose checksum is right, or looks like a
// part of one. A part has no checksum of its own, but its code has: of what is damaged
// beyond what a code repairs, less than one in a million is repaired into another text.
// What parts make together has a checksum again.
func isOurs(text string) bool {
	if isKey(text) || part.MatchString(bare(text)) {
		return true
	}
	_, _, err := format.DecodeText([]byte(text))
	if malformed, ok := errors.AsType[*format.MalformedError](err); ok {
		return malformed.Later()
	}
	return err == nil
}
