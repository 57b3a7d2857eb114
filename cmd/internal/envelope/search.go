package envelope

import (
	"bytes"
	"slices"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// Search looks for a statement, or for a public key, in one carrier or in several: parts of
// a statement may be in any of them.
type Search struct {
	pictures func([]byte) ([]string, error) // nil: no picture is read

	first  []byte // carrier
	others bool   // there are more
	seen   bool   // a picture was read, so that nothing else is said of the carrier than what is on it

	found   []Statement
	keys    []keys.NamedKey
	parts   partSets
	lacking []*partSet        // those that are not whole
	damaged map[string][]byte // by prefix, the first candidate that is none
	wrong   []byte            // the first of them all, for what is wrong with it
	start   []byte            // the first text that starts with a prefix
	unread  error             // why the first picture of which that is so was not read
	whole   bool              // the first carrier is a statement, and nothing else

	// What is left of the limits of a carrier.
	candidates, work, ends, toRead int
}

// NewSearch starts a search. pictures returns the texts of the codes on a picture, or says
// why it reads none; nil: no picture is read.
func NewSearch(pictures func(picture []byte) ([]string, error)) *Search {
	return &Search{pictures: pictures, damaged: make(map[string][]byte)}
}

// Parts are those that a search has found, of any statements.
type Parts struct{ sets []*partSet }

// Parts returns the parts that were found.
func (s *Search) Parts() Parts { return Parts{s.parts.all} }

// Names names the statements of which there are parts: the same one by the same name in
// every search.
func (p Parts) Names() []string {
	var names []string
	for _, set := range p.sets {
		names = append(names, set.name())
	}
	return names
}

// Join returns a search of the parts that others have found, of the statement of that name;
// an empty name is any.
func Join(name string, all []Parts) *Search {
	s := NewSearch(nil)
	for _, parts := range all {
		for _, set := range parts.sets {
			if name == "" || name == set.name() {
				s.parts.addSet(set)
			}
		}
	}
	return s
}

func (s *Search) most() int {
	if s.pictures != nil {
		return MaxWithPictures
	}
	return MaxSize
}

// Add looks at a carrier. One that holds a private key is not looked at.
func (s *Search) Add(data []byte) {
	if s.first == nil {
		s.first = data
	} else {
		s.others = true
	}
	if kind, raw, err := format.DecodeText(data); err == nil {
		s.whole = !s.others
		s.addRaw(kind, raw)
		return
	}
	if IsPrivate(Decode(data)) {
		return
	}
	s.candidates, s.work, s.ends, s.toRead = 0, maxLayers*s.most(), maxEnds, maxPictures
	s.walk(data, 0)
}

// Pick returns the text of the only statement that is of a wanted kind; without kinds, of
// any. Where there is none, it returns what there is instead, so that whoever decodes it
// says what is wrong with it. The error is an *AmbiguousError, a *PartsError, a
// *NothingError or what the reader of pictures says.
func (s *Search) Pick(want ...format.Kind) ([]byte, error) {
	if !s.others && (s.whole || IsPrivate(Decode(s.first))) {
		return s.first, nil // as it is; a private key is not to be decoded, nor copied
	}
	s.join()
	wanted := s.found
	if len(want) > 0 {
		wanted = slices.DeleteFunc(slices.Clone(s.found), func(s Statement) bool { return !slices.Contains(want, s.Kind) })
	}
	wanted = withoutShort(withoutBodies(wanted))
	switch {
	case len(wanted) == 1:
		return wanted[0].Text(), nil
	case len(wanted) > 1:
		return nil, choiceOf(wanted)
	}
	for _, kind := range want {
		if damaged := s.damaged[prefixOf(kind)]; damaged != nil {
			return damaged, nil // what is wrong with it matters, and not that another is there
		}
	}
	switch {
	case len(s.lacking) > 1:
		return nil, &PartsError{s.lacking}
	case len(s.found) > 0:
		return s.found[0].Text(), nil
	case s.wrong != nil:
		return s.wrong, nil
	case s.unread != nil:
		return nil, s.unread
	case s.seen || isMail(Decode(s.first)):
		return nil, &NothingError{s.seen}
	}
	return Decode(s.first), nil
}

// join puts parts together, and chooses what is said if there is nothing.
func (s *Search) join() {
	s.work, s.ends = maxLayers*s.most(), maxEnds
	s.tryParts()
	if prefix := prefixAtStart(s.start); prefix != "" && !s.incomplete() {
		s.wrong = s.start // what is wrong with it is counted from its start
		s.damaged[prefix] = s.start
	}
	if len(s.found) == 0 && s.wrong == nil && len(s.lacking) == 0 && !s.others && !IsPicture(s.first) && !IsPrivate(Decode(s.first)) {
		text := Decode(s.first)
		if kind, raw, err := format.DecodeSpelled(ascii(unescape(text))); err == nil {
			s.addRaw(kind, raw)
		}
		s.scanTyped(text)
	}
}

func (s *Search) tryParts() {
	s.lacking = s.parts.try(s)
	if len(s.lacking) == 1 {
		s.add(s.lacking[0].text())
	}
}

// walk searches data and what is wrapped in it.
func (s *Search) walk(data []byte, depth int) {
	data = data[:min(len(data), s.most())]
	if s.work -= len(data); s.work < 0 || depth > maxDepth || len(data) == 0 {
		return
	}
	if IsPicture(data) {
		s.readPicture(data)
		return
	}
	s.tryBinary(data)
	text := Decode(data)
	plain := ascii(unescape(text))
	s.scan(plain)
	s.scanPublic(plain)
	if bytes.ContainsAny(plain, "<&") {
		without := ascii(withoutHTML(plain))
		s.scan(without)
		s.scanPublic(without)
	}
	if depth == 0 && s.start == nil && prefixAtStart(plain) != "" {
		s.start = bytes.Clone(text)
	}
	eachBase64(text, func(inside []byte) { s.walk(inside, depth+1) })
}

// readPicture takes what is on a picture: each code is a text by itself.
func (s *Search) readPicture(data []byte) {
	if s.toRead--; s.toRead < 0 || s.pictures == nil {
		return
	}
	texts, err := s.pictures(data)
	if err != nil {
		if s.unread == nil {
			s.unread = err
		}
		return
	}
	s.seen = true
	for _, text := range texts {
		s.scan([]byte(text))
		s.scanPublic([]byte(text))
	}
}

// incomplete reports whether the first candidate lacks nothing but parts.
func (s *Search) incomplete() bool {
	_, _, err := format.DecodeText(s.wrong)
	malformed, ok := err.(*format.MalformedError)
	return ok && malformed.Missing() != nil
}

// add takes a text in its text form, if it is a statement.
func (s *Search) add(text []byte) bool {
	kind, raw, err := format.DecodeText(text)
	if err != nil {
		if s.wrong == nil {
			s.wrong = text
		}
		if prefix := string(text[:4]); s.damaged[prefix] == nil {
			s.damaged[prefix] = text
		}
		return false
	}
	s.addRaw(kind, raw)
	return true
}

func (s *Search) addRaw(kind format.Kind, raw []byte) {
	if !slices.ContainsFunc(s.found, func(other Statement) bool { return other.Kind == kind && bytes.Equal(other.Raw, raw) }) {
		s.found = append(s.found, Statement{kind, raw})
	}
}

// tryBinary takes the bytes of a statement, as they are without the text form. Each kind
// has one encoding, so that none is taken for another.
func (s *Search) tryBinary(data []byte) {
	if data[0] < 0x80 || len(data) > format.MaxRevocation {
		return // CBOR of a statement starts with an array, a map or a tag
	}
	if _, err := format.UnmarshalRequest(data); err == nil {
		s.addRaw(format.RequestBody, bytes.Clone(data))
	}
	for _, kind := range [...]format.Kind{format.SignedRequest, format.Delegation, format.Release, format.Attestation} {
		if _, err := format.ParseStatement(data, kind); err == nil {
			s.addRaw(kind, bytes.Clone(data))
		}
	}
	if _, err := format.ParseFile(data); err == nil {
		s.addRaw(format.LicenseFile, bytes.Clone(data))
	}
	if _, err := format.UnmarshalCarried(data); err == nil {
		s.addRaw(format.CarriedLicense, bytes.Clone(data))
	}
	if _, err := format.ParseList(data); err == nil {
		s.addRaw(format.RevocationFile, bytes.Clone(data))
	}
}
