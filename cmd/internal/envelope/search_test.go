package envelope

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
)

// codes reads pictures of the tests: a line is a code.
func codes(picture []byte) ([]string, error) {
	_, lines, found := bytes.Cut(picture, []byte("\n\n"))
	if !found {
		return nil, errors.New("found no code on the picture")
	}
	return strings.Fields(string(lines)), nil
}

func pictureOf(texts ...string) []byte {
	return []byte("\x89PNG\r\n\x1a\n\n\n" + strings.Join(texts, "\n"))
}

// TestPartsInSeveralCarriers: what is in none whole is found in all of them together.
func TestPartsInSeveralCarriers(t *testing.T) {
	cut := func(s Statement) []string {
		parts, err := format.EncodeParts(s.Kind, s.Raw, 200)
		if err != nil || len(parts) != 3 {
			t.Fatal(len(parts), err)
		}
		return parts
	}
	one, other := sample(format.LicenseFile, 1, 300), sample(format.LicenseFile, 2, 300)
	a, b := cut(one), cut(other)
	mark := func(part string) string { return part[len("OLL1/1-3:"):][:4] }
	for name, c := range map[string]struct {
		carriers [][]byte
		want     string // of an error; empty: one is found
	}{
		"a picture each":        {[][]byte{pictureOf(a[2]), pictureOf(a[0]), pictureOf(a[1])}, ""},
		"a picture and a text":  {[][]byte{pictureOf(a[0], a[2]), []byte("From: x\nTo: y\n\n> " + a[1] + "\n\nregards")}, ""},
		"twice":                 {[][]byte{pictureOf(a...), pictureOf(a[1])}, ""},
		"beside part of others": {[][]byte{pictureOf(a[0], b[0]), pictureOf(a[1], a[2])}, ""},
		"beside a blank one":    {[][]byte{[]byte("\x89PNG\r\n\x1a\n"), pictureOf(a...)}, ""},
		"one lacks":             {[][]byte{pictureOf(a[0]), pictureOf(a[2])}, "part 2 of 3 is missing"},
		"two lack": {[][]byte{pictureOf(a[0]), pictureOf(b[1], b[2])},
			fmt.Sprintf("license %s lacks parts 2 and 3 of 3; license %s lacks part 1 of 3", mark(a[0]), mark(b[0]))},
		"a blank one alone": {[][]byte{[]byte("\x89PNG\r\n\x1a\n")}, "found no code"},
		"a mail alone":      {[][]byte{[]byte("From: x\nSubject: y\n\nhere it is\n")}, "no statement was found in this mail"},
	} {
		s := NewSearch(codes)
		for _, carrier := range c.carriers {
			s.Add(carrier)
		}
		text, err := s.Pick(format.LicenseFile)
		if c.want == "" {
			if err != nil || !bytes.Equal(text, one.Text()) {
				t.Errorf("%s: got %.40q, %v", name, text, err)
			}
			continue
		}
		if err == nil {
			_, _, err = format.DecodeText(text)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// FuzzSearch: whatever two carriers hold, what is found is a statement in its text form.
func FuzzSearch(f *testing.F) {
	parts, err := format.EncodeParts(format.LicenseFile, sample(format.LicenseFile, 1, 300).Raw, 200)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pictureOf(parts[0]), pictureOf(parts[1:]...))
	f.Add(pictureOf(parts[0]), []byte(parts[1]+"\n"+parts[2]))
	f.Add([]byte("\x89PNG\r\n\x1a\n"), []byte("From: x\nTo: y\n\n"))
	f.Fuzz(func(t *testing.T, one, other []byte) {
		s := NewSearch(codes)
		s.Add(one)
		s.Add(other)
		text, err := s.Pick()
		if err == nil && len(s.found) > 0 {
			checkCanonical(t, text)
		}
		joined := Join("", []Parts{s.Parts()})
		if text, err := joined.Pick(); err == nil && len(joined.found) > 0 {
			checkCanonical(t, text)
		}
		s.PickPublic()
	})
}
