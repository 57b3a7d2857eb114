// Package envelope finds a statement in what carried it: a saved mail, a reply that quotes
// it, what Windows PowerShell wrote in UTF-16, a value in JSON or YAML, Base64 of a file,
// what a scanner typed through the keyboard of another country.
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
	"github.com/offlicense/offlicense/keys"
)

const (
	// MaxSize is the most bytes that Find looks at: a mail with some pictures.
	MaxSize = 8 << 20

	maxDepth      = 4              // a Base64 part in a mail in a Base64 part in a mail
	maxWork       = 4 * MaxSize    // bytes of all layers together
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
// kinds, of any. Where there is none, it returns what data is instead, so that whoever
// decodes it says what is wrong with it. The error is an *AmbiguousError.
func Pick(data []byte, want ...format.Kind) ([]byte, error) {
	if _, _, err := format.DecodeText(data); err == nil {
		return data, nil
	}
	if IsPrivate(Decode(data)) {
		return data, nil // it is not to be decoded, nor copied
	}
	f := search(data)
	wanted := f.found
	if len(want) > 0 {
		wanted = slices.DeleteFunc(slices.Clone(f.found), func(s Statement) bool { return !slices.Contains(want, s.Kind) })
	}
	wanted = withoutShort(withoutBodies(wanted))
	switch {
	case len(wanted) == 1:
		return wanted[0].Text(), nil
	case len(wanted) > 1:
		return nil, choiceOf(wanted)
	}
	for _, kind := range want {
		if damaged := f.damaged[prefixOf(kind)]; damaged != nil {
			return damaged, nil // what is wrong with it matters, and not that another is there
		}
	}
	switch {
	case len(f.found) > 0:
		return f.found[0].Text(), nil
	case f.first != nil:
		return f.first, nil
	}
	return Decode(data), nil
}

// All returns the statements in data, and where there is none, the text that begins as one
// and is damaged; nil if there is none of that either.
func All(data []byte) (found []Statement, damaged []byte) {
	if kind, raw, err := format.DecodeText(data); err == nil {
		return []Statement{{kind, raw}}, nil
	}
	if IsPrivate(Decode(data)) {
		return nil, nil
	}
	f := search(data)
	if len(f.found) > 0 {
		return withoutBodies(f.found), nil
	}
	return nil, f.first
}

func search(data []byte) *finder {
	f := &finder{work: maxWork, ends: maxEnds, damaged: make(map[string][]byte)}
	f.walk(data, 0)
	if len(f.found) == 0 && f.first == nil {
		f.scanTyped(Decode(data))
	}
	return f
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

// finder is one search.
type finder struct {
	found      []Statement
	damaged    map[string][]byte // by prefix, the first candidate that is none
	first      []byte            // of them all, for what is wrong with it
	candidates int
	work, ends int // what is left of the limits

	public bool // look for public keys instead
	keys   []keys.NamedKey
}

// walk searches data and what is wrapped in it.
func (f *finder) walk(data []byte, depth int) {
	data = data[:min(len(data), MaxSize)]
	if f.work -= len(data); f.work < 0 || depth > maxDepth || len(data) == 0 {
		return
	}
	f.tryBinary(data)
	text := Decode(data)
	plain := ascii(unescape(text))
	scan := f.scan
	if f.public {
		scan = f.scanPublic
	}
	scan(plain)
	if bytes.ContainsAny(plain, "<&") {
		scan(ascii(withoutHTML(plain)))
	}
	if prefix := prefixAtStart(plain); depth == 0 && prefix != "" && !f.incomplete() {
		f.first = bytes.Clone(text) // what is wrong with it is counted from its start
		f.damaged[prefix] = f.first
	}
	eachBase64(text, func(inside []byte) { f.walk(inside, depth+1) })
}

// incomplete reports whether the first candidate lacks nothing but parts.
func (f *finder) incomplete() bool {
	_, _, err := format.DecodeText(f.first)
	malformed, ok := err.(*format.MalformedError)
	return ok && malformed.Missing() != nil
}

// add takes a text in its text form, if it is a statement.
func (f *finder) add(text []byte) bool {
	kind, raw, err := format.DecodeText(text)
	if err != nil {
		if f.first == nil {
			f.first = text
		}
		if prefix := string(text[:4]); f.damaged[prefix] == nil {
			f.damaged[prefix] = text
		}
		return false
	}
	f.addRaw(kind, raw)
	return true
}

func (f *finder) addRaw(kind format.Kind, raw []byte) {
	if !slices.ContainsFunc(f.found, func(s Statement) bool { return s.Kind == kind && bytes.Equal(s.Raw, raw) }) {
		f.found = append(f.found, Statement{kind, raw})
	}
}

// tryBinary takes the bytes of a statement, as they are without the text form. Each kind
// has one encoding, so that none is taken for another.
func (f *finder) tryBinary(data []byte) {
	if data[0] < 0x80 || len(data) > format.MaxRevocation {
		return // CBOR of a statement starts with an array, a map or a tag
	}
	if _, err := format.UnmarshalRequest(data); err == nil {
		f.addRaw(format.RequestBody, bytes.Clone(data))
	}
	for _, kind := range [...]format.Kind{format.SignedRequest, format.Delegation, format.Release, format.Attestation} {
		if _, err := format.ParseStatement(data, kind); err == nil {
			f.addRaw(kind, bytes.Clone(data))
		}
	}
	if _, err := format.ParseFile(data); err == nil {
		f.addRaw(format.LicenseFile, bytes.Clone(data))
	}
	if _, err := format.UnmarshalCarried(data); err == nil {
		f.addRaw(format.CarriedLicense, bytes.Clone(data))
	}
	if _, err := format.ParseList(data); err == nil {
		f.addRaw(format.RevocationFile, bytes.Clone(data))
	}
}
