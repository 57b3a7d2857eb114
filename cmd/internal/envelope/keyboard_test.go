package envelope

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
)

// typeThrough is what a computer reads of a text that a scanner types on a US keyboard.
func typeThrough(l layout, text string) string {
	return strings.Map(func(c rune) rune {
		for i, row := range keyboardUS {
			for at, key := range []rune(row) {
				if key == c && c != keySpace {
					return []rune(l.keys[i])[at]
				}
			}
		}
		return c
	}, text)
}

// TestKeyboards: by hand, what a German and a French keyboard make of it.
func TestKeyboards(t *testing.T) {
	const text = "OLQ1/1-2:WNTXYZAM234567"
	for name, want := range map[string]string{
		"German": "OLQ1-1ß2ÖWNTXZYAM234567", "French": "OLA&!&)éMZNTXYWQ?é\"'(-è",
		"Swiss German": "OLQ1-1'2éWNTXZYAM234567", "Swiss French": "OLQ1-1'2öWNTXZYAM234567", "UK": text,
	} {
		for _, l := range layouts {
			if l.name != name {
				continue
			}
			if got := typeThrough(l, text); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
			if got := strings.ToUpper(string(l.read([]byte(want)))); got != text {
				t.Errorf("%s is read as %s", name, got)
			}
		}
	}
}

// TestPickTyped: a statement that was typed through any keyboard is found, whichever way.
func TestPickTyped(t *testing.T) {
	raw := bytes.Repeat([]byte("a license, at least by its length and by its checksum. "), 12)
	whole := format.EncodeText(format.LicenseFile, raw)
	parts, err := format.EncodeParts(format.LicenseFile, raw, 300)
	if err != nil || len(parts) < 3 {
		t.Fatal(parts, err)
	}
	latin1 := func(text string) string {
		var b []byte
		for _, r := range text {
			b = append(b, byte(r))
		}
		return string(b)
	}
	backwards := parts[1]
	for _, part := range slices.Backward(parts) {
		backwards += part
	}
	for _, l := range layouts {
		for name, typed := range map[string]string{
			"whole":       typeThrough(l, whole),
			"lower case":  typeThrough(l, strings.ToLower(whole)) + "\r",
			"file":        typeThrough(l, string(format.EncodeFile(format.LicenseFile, raw))),
			"parts":       typeThrough(l, strings.Join(parts, "\n")),
			"no newlines": typeThrough(l, backwards),
			"symbology":   typeThrough(l, "]Q1"+strings.Join(parts, "\t]Q1")),
			"Caps Lock":   strings.ToUpper(typeThrough(l, strings.ToLower(backwards))),
			"Latin-1":     latin1(typeThrough(l, backwards)),
			"twice":       typeThrough(l, whole+whole),
		} {
			text, err := Pick([]byte(typed), format.LicenseFile)
			if err != nil {
				t.Fatal(err)
			}
			if kind, got, err := format.DecodeText(text); err != nil || kind != format.LicenseFile || !bytes.Equal(got, raw) {
				t.Errorf("%s, %s: %v\n%.80s", l.name, name, err, typed)
			}
		}
		text, err := Pick([]byte(typeThrough(l, strings.Join(slices.Delete(slices.Clone(parts), 1, 2), ""))))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := format.DecodeText(text); err == nil || !strings.Contains(err.Error(), "part 2 of") {
			t.Errorf("%s: %v", l.name, err)
		}
	}
}

// TestKeyboardsOfX compares the tables with those of X, which others have made.
func TestKeyboardsOfX(t *testing.T) {
	directory := "/usr/share/X11/xkb/symbols/"
	if _, err := os.Stat(directory + "latin"); err != nil {
		t.Skip("SKIPPED: no keyboard layouts (Debian: xkb-data)")
	}
	names := map[string]rune{
		"grave": '`', "asciitilde": '~', "exclam": '!', "at": '@', "numbersign": '#', "dollar": '$', "percent": '%',
		"asciicircum": '^', "ampersand": '&', "asterisk": '*', "parenleft": '(', "parenright": ')', "minus": '-',
		"underscore": '_', "equal": '=', "plus": '+', "bracketleft": '[', "braceleft": '{', "bracketright": ']',
		"braceright": '}', "semicolon": ';', "colon": ':', "apostrophe": '\'', "quotedbl": '"', "backslash": '\\',
		"bar": '|', "comma": ',', "less": '<', "period": '.', "greater": '>', "slash": '/', "question": '?',
		"notsign": '¬', "sterling": '£', "section": '§', "degree": '°', "ssharp": 'ß', "mu": 'µ', "twosuperior": '²',
		"dead_acute": '´', "dead_grave": '`', "dead_circumflex": '^', "dead_diaeresis": '¨',
		"udiaeresis": 'ü', "Udiaeresis": 'Ü', "odiaeresis": 'ö', "Odiaeresis": 'Ö', "adiaeresis": 'ä', "Adiaeresis": 'Ä',
		"eacute": 'é', "egrave": 'è', "agrave": 'à', "ugrave": 'ù', "ccedilla": 'ç',
	}
	group := regexp.MustCompile(`(?:type|symbols)\[Group1\]\s*=\s*("\w+"\s*,)?`)
	key := regexp.MustCompile(`key\s*<(\w+)>\s*\{\s*\[\s*(\w+)\s*,\s*(\w+)`)
	include := regexp.MustCompile(`include "(\w+)(?:\((\w+)\))?"`)
	var load func(file, section string, keys map[string][2]rune)
	load = func(file, section string, keys map[string][2]rune) {
		data, err := os.ReadFile(directory + file)
		if err != nil {
			t.Fatal(err)
		}
		_, body, found := strings.Cut(string(data), `xkb_symbols "`+section+`"`)
		body, _, ended := strings.Cut(body, "\n};")
		if !found || !ended {
			t.Fatalf("%s has no section %s", file, section)
		}
		body = group.ReplaceAllString(body, "")
		for _, m := range include.FindAllStringSubmatch(body, -1) {
			if m[1] == "level3" || m[1] == "kpdl" {
				continue
			}
			if m[2] == "" {
				m[2] = "basic"
			}
			load(m[1], m[2], keys)
		}
		for _, m := range key.FindAllStringSubmatch(body, -1) {
			var pair [2]rune
			for i, name := range m[2:] {
				if pair[i] = names[name]; len(name) == 1 {
					pair[i] = rune(name[0])
				}
			}
			keys[m[1]] = pair
		}
	}
	order := []string{"TLDE"}
	for _, row := range []struct {
		name string
		keys int
	}{{"AE", 12}, {"AD", 12}, {"AC", 11}, {"AB", 10}} {
		for n := 1; n <= row.keys; n++ {
			order = append(order, fmt.Sprintf("%s%02d", row.name, n))
		}
	}
	for section, l := range map[string]layout{
		"us(basic)": {"US", keyboardUS}, "de(basic)": layouts[0], "fr(basic)": layouts[1], "ch(basic)": layouts[2], "ch(fr)": layouts[3], "gb(basic)": layouts[4],
	} {
		keys := make(map[string][2]rune)
		file, name, _ := strings.Cut(strings.TrimSuffix(section, ")"), "(")
		load("us", "basic", keys)
		load(file, name, keys)
		rows := [2][]rune{}
		for i, row := range l.keys {
			rows[i] = []rune(strings.ReplaceAll(row, " ", ""))
		}
		// The key above Enter stands at the end of the second row of ours.
		const beforeBackslash = 13 + 12
		at := append(append(append([]string{}, order[:beforeBackslash]...), "BKSL"), order[beforeBackslash:]...)
		if len(rows[0]) != len(at) || len(rows[1]) != len(at) {
			t.Fatalf("%s: %d and %d keys, want %d", l.name, len(rows[0]), len(rows[1]), len(at))
		}
		for i, code := range at {
			if got, want := [2]rune{rows[0][i], rows[1][i]}, keys[code]; got != want {
				t.Errorf("%s, key %s: %q and %q, X has %q and %q", l.name, code, got[0], got[1], want[0], want[1])
			}
		}
	}
}
