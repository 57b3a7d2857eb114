package envelope

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// PartsError says that there are parts of several statements, and that none is whole.
type PartsError struct{ sets []*partSet }

func (e *PartsError) Error() string {
	const most = 4
	var lacking []string
	for _, set := range e.sets[:min(len(e.sets), most)] {
		lacking = append(lacking, set.String())
	}
	if more := len(e.sets) - most; more > 0 {
		lacking = append(lacking, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("parts of %d statements, and none is whole: %s", len(e.sets), strings.Join(lacking, "; "))
}

// Hint says what to do about it.
func (e *PartsError) Hint() string {
	return "give all parts of the one that is meant; their order does not matter"
}

// NothingError says that a mail or a picture holds no statement.
type NothingError struct{ picture bool }

func (e *NothingError) Error() string {
	if e.picture {
		return "the code on this picture is not one that is wanted here"
	}
	return "no statement was found in this mail"
}

// Hint says what to do about it.
func (e *NothingError) Hint() string {
	if e.picture {
		return "\"licensor show\" says what is on it, or ask the sender for the file"
	}
	return "save the mail whole, with what is attached to it, or ask the sender for the file"
}

// isMail reports whether a text starts with at least two lines of a mail's header.
func isMail(text []byte) bool {
	const most = 32 << 10
	known := 0
	for line := range bytes.Lines(text[:min(len(text), most)]) {
		name, _, _ := bytes.Cut(line, []byte(":"))
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
		if slices.Contains(mailHeaders, strings.ToLower(string(bytes.TrimLeft(name, "> ")))) {
			known++
		}
	}
	return known > 1
}

var mailHeaders = []string{"from", "to", "cc", "subject", "date", "sent", "received", "return-path", "message-id", "mime-version", "content-type"}
