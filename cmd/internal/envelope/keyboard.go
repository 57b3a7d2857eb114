package envelope

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A scanner that plays a keyboard presses the keys of a US keyboard. Set to another country,
// the computer reads other characters from them. What was meant is the key, shifted or not:
// of the characters that a statement needs, no key has two.

// layout is what the keys give, row by row from the left, unshifted and shifted. A key that
// stands here with ^, ´, ` or ¨ may be dead: it waits for the next key. No statement needs one
// of those keys.
type layout struct {
	name string
	keys [2]string
}

const keySpace = ' ' // in the tables alone, between rows

// keyboardUS is the layout that scanners are made for.
var keyboardUS = [2]string{
	"`1234567890-= qwertyuiop[]\\ asdfghjkl;' zxcvbnm,./",
	"~!@#$%^&*()_+ QWERTYUIOP{}| ASDFGHJKL:\" ZXCVBNM<>?",
}

// layouts are those of other countries, by the scan codes of the keys above.
var layouts = [...]layout{
	{"German", [2]string{
		"^1234567890ß´ qwertzuiopü+# asdfghjklöä yxcvbnm,.-",
		"°!\"§$%&/()=?` QWERTZUIOPÜ*' ASDFGHJKLÖÄ YXCVBNM;:_",
	}},
	{"French", [2]string{
		"²&é\"'(-è_çà)= azertyuiop^$* qsdfghjklmù wxcvbn,;:!",
		"~1234567890°+ AZERTYUIOP¨£µ QSDFGHJKLM% WXCVBN?./§",
	}},
	{"Swiss German", [2]string{
		"§1234567890'^ qwertzuiopü¨$ asdfghjklöä yxcvbnm,.-",
		"°+\"*ç%&/()=?` QWERTZUIOPè!£ ASDFGHJKLéà YXCVBNM;:_",
	}},
	{"Swiss French", [2]string{
		"§1234567890'^ qwertzuiopè¨$ asdfghjkléà yxcvbnm,.-",
		"°+\"*ç%&/()=?` QWERTZUIOPü!£ ASDFGHJKLöä YXCVBNM;:_",
	}},
	{"UK", [2]string{
		"`1234567890-= qwertyuiop[]# asdfghjkl;' zxcvbnm,./",
		"¬!\"£$%^&*()_+ QWERTYUIOP{}~ ASDFGHJKL:@ ZXCVBNM<>?",
	}},
}

// pressed returns what a keyboard's characters, all of Latin-1, have for a statement: letters
// and digits as they stand on the US keyboard, and of its other keys what a statement needs
// of them. What no key has is a question mark, and what is no text a blank.
func (l *layout) pressed() (meant [256]byte) {
	us := []rune(strings.Replace(keyboardUS[0], ";", ":", 1))
	for _, row := range l.keys {
		for i, c := range []rune(row) {
			if c != keySpace {
				meant[c] = byte(us[i])
			}
		}
	}
	for c := range meant {
		r := rune(c)
		switch lower := unicode.ToLower(r); {
		case meant[c] != 0:
		case lower != r && meant[lower] != 0: // É, with Caps Lock
			meant[c] = meant[lower]
		case unicode.IsControl(r) || unicode.IsSpace(r):
			meant[c] = '\n'
		default:
			meant[c] = '?'
		}
	}
	return meant
}

// read returns the text that was typed through a layout.
func (l *layout) read(text []byte) []byte {
	meant := l.pressed()
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && n == 1: // a terminal in Latin-1
			out = append(out, meant[text[0]])
		case int(r) < len(meant):
			out = append(out, meant[r])
		default:
			out = append(out, '?')
		}
		text = text[n:]
	}
	return out
}

// scanTyped searches a text in which no prefix was seen as if it had been typed through the
// keyboard of another country, of which the prefix tells.
func (s *Search) scanTyped(text []byte) {
	for i := 0; i < len(layouts) && len(s.found) == 0 && s.wrong == nil && len(s.lacking) == 0; i++ {
		if s.work -= len(text); s.work < 0 {
			return
		}
		s.parts = partSets{}
		s.scan(layouts[i].read(text))
		s.tryParts()
	}
}
