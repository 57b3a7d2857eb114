package photo

import (
	"errors"
	"regexp"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// part is a part of a statement in the one spelling that is drawn: two numbers, of which
// format judges the values, 4 characters of the statement's hash, and some of its text.
var part = regexp.MustCompile(`^OL[A-Z]1/[1-9][0-9]?-[1-9][0-9]?:[A-Z2-7]{5,}$`)

// whole is a statement in one piece.
var whole = regexp.MustCompile(`^OL[A-Z]1:[A-Z2-7]+$`)

// isOurs reports whether a text is a public key, or a statement whose checksum is right, or looks like a
// part of one. A part has no checksum of its own, but its code has: of what is damaged
// beyond what a code repairs, less than one in a million is repaired into another text.
// What parts make together has a checksum again.
func isOurs(text string) bool {
	if part.MatchString(text) {
		return true
	}
	if _, err := keys.ParsePublicLine(text); err == nil { // it has no checksum: people compare its code
		return true
	}
	if !whole.MatchString(text) {
		return false
	}
	_, _, err := format.DecodeText([]byte(text))
	if malformed, ok := errors.AsType[*format.MalformedError](err); ok {
		return malformed.Later()
	}
	return err == nil
}
