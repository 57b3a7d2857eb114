package envelope

import (
	"bytes"
	"slices"

	"github.com/offlicense/offlicense/keys"
)

// PublicFile returns a file of public keys as it was before it was saved in UTF-16, quoted
// or sent as quoted-printable. It looks for no keys in other text: the file says whom to
// trust, and must say nothing else.
func PublicFile(data []byte) []byte {
	text := Decode(data)
	if IsPrivate(text) {
		return text
	}
	for _, form := range []func() []byte{
		func() []byte { return text },
		func() []byte { return unquoted(text) },
		func() []byte { return unquoted(unescape(text)) },
	} {
		form := form()
		if _, err := keys.ParsePublicFile(form); err == nil {
			return form
		}
	}
	return text
}

// unquoted takes the marks of a reply off each line, and spaces that do not break.
func unquoted(text []byte) []byte {
	var lines [][]byte
	for line := range bytes.Lines(bytes.ReplaceAll(text, []byte("\u00a0"), []byte(" "))) {
		lines = append(lines, bytes.TrimLeft(line, "> \t"))
	}
	return bytes.Join(lines, nil)
}

// PickPublic returns the line of the only public key in data, of a mail, say. No picture
// is read. It is [Search.PickPublic].
func PickPublic(data []byte) ([]byte, error) {
	s := NewSearch(nil)
	s.Add(data)
	return s.PickPublic()
}

// PickPublic returns the line of the only public key. Where there is none, it returns what
// there is instead. The error is an *AmbiguousError, or what the reader of pictures says.
func (s *Search) PickPublic() ([]byte, error) {
	text := PublicFile(s.first)
	if _, err := keys.ParsePublicFile(text); err == nil || IsPrivate(text) {
		return text, nil
	}
	switch len(s.keys) {
	case 0:
		if s.unread != nil {
			return nil, s.unread
		}
		if s.seen {
			return nil, &NothingError{true}
		}
		return text, nil
	case 1:
		return []byte(s.keys[0].MarshalLine(s.keys[0].Comment) + "\n"), nil
	}
	e := &AmbiguousError{what: "public keys"}
	for _, k := range s.keys {
		e.Choices = append(e.Choices, Choice{"public key " + k.String(), []byte(k.MarshalLine(k.Comment) + "\n")})
	}
	return nil, e
}

const (
	publicType    = "ssh-ed25519"
	publicLength  = 68 // characters of Base64
	maxComment    = 200
	maxPublicKeys = 32
)

// scanPublic finds public keys: a type, 68 characters of Base64 that a line may break, and
// on the line where they end a comment.
func (s *Search) scanPublic(text []byte) {
	for {
		at := bytes.Index(text, []byte(publicType))
		if at < 0 || len(s.keys) == maxPublicKeys {
			return
		}
		text = text[at+len(publicType):]
		blob := make([]byte, 0, publicLength)
		i := 0
		for ; i < min(len(text), 4*publicLength) && len(blob) < publicLength; i++ {
			if c := text[i]; isLetter(c) || '0' <= c && c <= '9' || c == '+' || c == '/' {
				blob = append(blob, c)
			} else if !bytes.ContainsRune([]byte(" \t\r\n>"), rune(c)) {
				break
			}
		}
		comment := text[i:min(len(text), i+maxComment)]
		if end := bytes.IndexAny(comment, "\r\n\"<\\"); end >= 0 {
			comment = comment[:end]
		}
		k, err := keys.ParsePublicLine(publicType + " " + string(blob) + " " + string(bytes.TrimSpace(comment)))
		if err == nil && !slices.ContainsFunc(s.keys, func(other keys.NamedKey) bool { return other.PublicKey == k.PublicKey }) {
			s.keys = append(s.keys, k)
		}
	}
}
