// Package envelope finds a statement in what carried it: a saved mail, a reply that quotes
// it, what Windows PowerShell wrote in UTF-16, a value in JSON or YAML, Base64 of a file.
//
// It is forgiving outside and strict inside. Nothing is parsed as a mail: each layer that a
// carrier puts around a text is taken off wherever it is seen, and what is left is searched
// for the prefix of a statement. Its checksum says where it ends. What is returned is
// encoded anew from the bytes, by [format], and is judged by its caller as any other text.
//
// The sender is not trusted. Sizes, depths and numbers have limits; what is behind them is
// not looked at.
package envelope

import (
	"bytes"
	"slices"

	"github.com/offlicense/offlicense/format"
)

const (
	// MaxSize is the most bytes of a carrier that are looked at.
	MaxSize = 8 << 20
	// MaxWithPictures is MaxSize where pictures are read: a photo, or a mail with some.
	MaxWithPictures = 32 << 20

	maxDepth      = 4              // a Base64 part in a mail in a Base64 part in a mail
	maxLayers     = 4              // times the size of a carrier, of all layers together
	maxPictures   = 16             // of a carrier
	maxCandidates = 256            // prefixes of statements
	maxEnds       = 1 << 18        // places where one might end, of all candidates together
	maxRuns       = 1 << 12        // pieces of Base64
	maxSymbols    = format.MaxText // of a candidate
)

// Statement is one that was found.
type Statement struct {
	Kind format.Kind
	Raw  []byte
}

// Text is the statement in its text form.
func (s Statement) Text() []byte { return format.EncodeFile(s.Kind, s.Raw) }

// Pick returns the text of the only statement in data that is of a wanted kind; without
// kinds, of any. No picture is read. It is [Search.Pick].
func Pick(data []byte, want ...format.Kind) ([]byte, error) {
	s := NewSearch(nil)
	s.Add(data)
	return s.Pick(want...)
}

// All returns the statements in data, and where there is none, the text that begins as one
// and is damaged; nil if there is none of that either. No picture is read.
func All(data []byte) (found []Statement, damaged []byte) {
	s := NewSearch(nil)
	s.Add(data)
	if s.whole {
		return s.found, nil
	}
	if s.join(); len(s.found) > 0 {
		return withoutBodies(s.found), nil
	}
	return nil, s.wrong
}

// prefixOf is how the text form of a kind starts.
func prefixOf(kind format.Kind) string { return format.EncodeText(kind, nil)[:4] }

// withoutBodies leaves out a request without a signature where the same one is there signed.
func withoutBodies(all []Statement) []Statement {
	return slices.DeleteFunc(slices.Clone(all), func(s Statement) bool {
		return s.Kind == format.RequestBody && slices.ContainsFunc(all, func(other Statement) bool {
			if other.Kind != format.SignedRequest {
				return false
			}
			signed, err := format.ParseStatement(other.Raw, other.Kind)
			return err == nil && bytes.Equal(signed.UnverifiedPayload(), s.Raw)
		})
	})
}

// withoutShort leaves out a short license where the file of the same one is there.
func withoutShort(all []Statement) []Statement {
	return slices.DeleteFunc(slices.Clone(all), func(s Statement) bool {
		if s.Kind != format.CarriedLicense {
			return false
		}
		c, err := format.UnmarshalCarried(s.Raw)
		return err == nil && slices.ContainsFunc(all, func(other Statement) bool {
			if other.Kind != format.LicenseFile {
				return false
			}
			file, err := format.ParseFile(other.Raw)
			return err == nil && c.Carries(file.License)
		})
	})
}

// IsPrivate reports whether data holds a private key, which was given by mistake.
func IsPrivate(data []byte) bool {
	return bytes.Contains(data, []byte("PRIVATE KEY-----")) || bytes.Contains(data, []byte(format.MachineKeyPrefix))
}
