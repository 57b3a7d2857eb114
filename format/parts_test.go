package format_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
)

// inParts returns a text of 200 bytes in parts of at most so many characters.
func inParts(t testing.TB, kind format.Kind, filler byte, most int) (raw []byte, parts []string) {
	t.Helper()
	raw = bytesOf(200, filler)
	parts, err := format.EncodeParts(kind, raw, most)
	if err != nil {
		t.Fatal(err)
	}
	return raw, parts
}

func TestPartsRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		raw := make([]byte, 1+random.IntN(1000))
		for i := range raw {
			raw[i] = byte(random.Uint32())
		}
		most := 40 + random.IntN(200)
		parts, err := format.EncodeParts(format.SignedRequest, raw, most)
		if err != nil {
			t.Fatal(err)
		}
		text := format.EncodeText(format.SignedRequest, raw)
		if whole := len(text) <= most; whole != (len(parts) == 1) || whole && parts[0] != text {
			t.Fatalf("%d characters in parts of %d: %q", len(text), most, parts)
		}
		for i, part := range parts {
			if len(part) > most || len(parts) > 1 && !strings.HasPrefix(part, fmt.Sprintf("OLS1/%d-%d:%s", i+1, len(parts), parts[0][strings.IndexByte(parts[0], ':')+1:][:4])) {
				t.Fatalf("part of at most %d: %q", most, part)
			}
		}
		// In any order, some twice, with and without line feeds between them.
		for range random.IntN(3) {
			parts = append(parts[:len(parts):len(parts)], parts[random.IntN(len(parts))])
		}
		if len(text) <= most {
			continue
		}
		random.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		for _, between := range []string{"", "\n", "\r\n\r\n", " - "} {
			kind, got, err := format.DecodeText([]byte(strings.Join(parts, between)))
			if err != nil || kind != format.SignedRequest || !bytes.Equal(got, raw) {
				t.Fatalf("%d parts with %q between them: %v, %v", len(parts), between, kind, err)
			}
		}
	}
}

func TestReadingPartsForgives(t *testing.T) {
	raw, parts := inParts(t, format.LicenseFile, 'x', 45)
	text := strings.Join(parts, "\n")
	header := "OLL1/11-" // of the eleventh part
	if !strings.Contains(text, header) {
		t.Fatalf("got %q", text)
	}
	each := func(sep string) string { return strings.Join(strings.Split(text, ""), sep) }
	for name, forgiven := range map[string]string{
		"lower case":      strings.ToLower(text),
		"letters":         strings.ReplaceAll(text, header, "0ILI/lI-"),
		"spaces":          each(" "),
		"line feeds":      each("\r\n"),
		"byte order mark": "\xef\xbb\xbf" + text,
	} {
		t.Run(name, func(t *testing.T) { decode(t, forgiven, raw) })
	}
}

func TestPartsRefused(t *testing.T) {
	_, parts := inParts(t, format.LicenseFile, 'x', 150)
	_, other := inParts(t, format.LicenseFile, 'y', 150)
	_, request := inParts(t, format.SignedRequest, 'x', 150)
	_, finer := inParts(t, format.LicenseFile, 'x', 100)
	if len(parts) != 3 || len(finer) != 4 {
		t.Fatal(len(parts), len(finer))
	}
	changed := func(part int, old, by string) string {
		made := slices.Clone(parts)
		if made[part-1] = strings.Replace(made[part-1], old, by, 1); made[part-1] == parts[part-1] {
			t.Fatalf("part %d has no %q", part, old)
		}
		return strings.Join(made, "\n")
	}
	of := func(parts ...string) string { return strings.Join(parts, "\n") }
	last := parts[2][len(parts[2])-1:]
	for name, c := range map[string]struct{ text, because string }{
		"one alone":              {parts[0], "parts 2 and 3 of 3 are missing"},
		"the last missing":       {of(parts[0], parts[1]), "part 3 of 3 is missing"},
		"the first missing":      {of(parts[2], parts[1], parts[1]), "part 1 of 3 is missing"},
		"of two licenses":        {of(parts[0], other[1], parts[2]), "parts of two statements"},
		"of two kinds":           {of(parts[0], request[1], parts[2]), "one starts with OLL1, another with OLS1"},
		"cut in two ways":        {of(parts[0], finer[1]), "parts of two statements"},
		"cut unevenly":           {of(parts[0]+parts[1][13:14], parts[1][:13]+parts[1][14:], parts[2]), "one is not whole"},
		"twice and different":    {of(parts[0], parts[1][:len(parts[1])-1], parts[1]), "part 2 of 3 is there twice"},
		"a part cut short":       {of(parts[0], parts[1][:len(parts[1])-1], parts[2]), "one is not whole"},
		"the first cut short":    {of(parts[0][:len(parts[0])-1], parts[1], parts[2]), "one is not whole"},
		"the last too long":      {of(parts[0], parts[1], parts[2]+strings.Repeat("A", len(parts[0])-len(parts[2])+1)), "one is not whole"},
		"the last cut short":     {of(parts[0], parts[1], parts[2][:len(parts[2])-2]), "checksum"},
		"one character changed":  {changed(3, last, map[bool]string{true: "B", false: "A"}[last == "A"]), ""},
		"parts exchanged":        {strings.NewReplacer("1-3", "2-3", "2-3", "1-3").Replace(of(parts...)), "checksum"},
		"a part and the whole":   {of(parts[0], format.EncodeText(format.LicenseFile, bytesOf(200, 'x'))), "is not Base32"},
		"another mark":           {strings.ReplaceAll(of(parts...), parts[0][8:13], ":AAAA"), "do not belong to the statement"},
		"part 0":                 {changed(1, "1-3", "0-3"), "not the number of a part"},
		"part 4 of 3":            {changed(3, "3-3", "4-3"), "not the number of a part"},
		"part 1 of 1":            {strings.ReplaceAll(parts[0], "1-3", "1-1"), "not the number of a part"},
		"too many":               {strings.ReplaceAll(parts[0], "1-3", "1-100"), "not the number of a part"},
		"a leading zero":         {changed(1, "1-3", "01-3"), "not the number of a part"},
		"a sign":                 {changed(1, "1-3", "+1-3"), "not the number of a part"},
		"no number":              {changed(1, "1-3", ""), "not the number of a part"},
		"no count":               {changed(1, "1-3", "1"), "not the number of a part"},
		"two dashes":             {changed(1, "1-3", "1--3"), "not the number of a part"},
		"a long number":          {changed(1, "1-3", strings.Repeat("1", 9000)), "not the number of a part"},
		"no colon":               {changed(2, ":", ""), "not the number of a part"},
		"nothing behind it":      {of(parts[0], parts[1], parts[2][:13]), "part 3 of 3 ends after its prefix"},
		"a character not ours":   {changed(2, parts[1][20:24], "AA9A"), "part 2 of 3: character 14, '9', is not Base32"},
		"no prefix":              {of(parts[0], parts[1], parts[2][4:]), "another with OL"},
		"a foreign prefix":       {of(parts[0], "XXXX"+parts[1][4:]), "does not start with a prefix such as OLL1"},
		"a prefix that is short": {"OLL/1-2:AAAAA", "does not start with"},
		"a later version":        {"OLL2/1-2:AAAAA", "license of a later version, OLL2"},
		"another first prefix":   {"XXXX/1-2:AAAAA", "does not start with"},
		"slashes":                {"OLL1" + strings.Repeat("/", 200_000), ""},
		"parts without end":      {strings.Repeat(parts[0], 2000), "too many for a license"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "no prefix" { // the end of the piece before it is taken for one
				c.because = ""
			}
			refuseText(t, c.text, c.because)
		})
	}
}

// TestMissingParts: a program that collects parts is told which ones to ask for.
func TestMissingParts(t *testing.T) {
	_, parts := inParts(t, format.SignedRequest, 'x', 45)
	if len(parts) < 11 {
		t.Fatal(len(parts))
	}
	for _, c := range []struct {
		there   []int
		missing int
		text    string
	}{
		{[]int{2, 5}, len(parts) - 2, fmt.Sprintf("parts 1, 3, 4, 6, 7, 8, 9, 10 and %d more of %d are missing", len(parts)-10, len(parts))},
		{[]int{9, 8, 7, 6, 5, 4, 3, 2, 1}, len(parts) - 9, ""},
	} {
		var text string
		for _, n := range c.there {
			text += parts[n-1]
		}
		_, _, err := format.DecodeText([]byte(text))
		bad := new(format.MalformedError)
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.text) || len(bad.Missing()) != c.missing {
			t.Fatalf("got %v, %v", err, bad)
		}
		for _, n := range bad.Missing() {
			if slices.Contains(c.there, n) {
				t.Errorf("part %d is there", n)
			}
		}
	}
	if _, _, err := format.DecodeText([]byte("OLS1:AAAAA")); err.(*format.MalformedError).Missing() != nil {
		t.Error("a text in one piece lacks no parts")
	}
}

func TestPartsThatDoNotFit(t *testing.T) {
	for _, most := range []int{-1, 0, 15, 16, 18} {
		if parts, err := format.EncodeParts(format.SignedRequest, bytesOf(200, 'x'), most); err == nil || parts != nil {
			t.Errorf("parts of %d characters: %q, %v", most, parts, err)
		}
	}
	if parts, err := format.EncodeParts(format.SignedRequest, bytesOf(200, 'x'), 19); err != nil || len(parts) > format.MaxParts {
		t.Errorf("%d parts, %v", len(parts), err)
	}
}

// FuzzParts: what is read out of parts is what they are cut from, and never more than one
// statement's.
func FuzzParts(f *testing.F) {
	_, parts := inParts(f, format.LicenseFile, 'x', 100)
	_, other := inParts(f, format.Release, 'x', 180)
	seed(f,
		[]byte(strings.Join(parts, "\n")),
		[]byte(strings.ToLower(strings.Join(other, ""))),
		[]byte(parts[3]+parts[0]+parts[1]+parts[0]+"\r\n"+parts[2]),
		[]byte(strings.Join(append(parts, other...), " ")))
	f.Fuzz(func(t *testing.T, text []byte) {
		kind, raw, err := format.DecodeText(text)
		if err != nil {
			if !errors.As(err, new(*format.MalformedError)) || raw != nil {
				t.Fatalf("got %x and an error of type %T: %v", raw, err, err)
			}
			return
		}
		clean := strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(strings.ToUpper(string(text)))
		_, header, found := strings.Cut(clean, "/")
		if !found {
			return // in one piece: FuzzText
		}
		_, header, _ = strings.Cut(header, "-")
		header, _, _ = strings.Cut(header, ":")
		count, err := strconv.Atoi(strings.NewReplacer("O", "0", "I", "1", "L", "1", "B", "8").Replace(header))
		if err != nil || count < 2 {
			t.Fatalf("%q has %q parts", text, header)
		}
		whole := format.EncodeText(kind, raw)[5:]
		sum := sha256.Sum256(raw)
		mark := base32.StdEncoding.EncodeToString(sum[:])[:4]
		clean = strings.NewReplacer("-", "", "0", "O", "1", "I", "8", "B").Replace(clean)
		for piece := range slices.Chunk([]byte(whole), (len(whole)+count-1)/count) {
			if !strings.Contains(clean, mark+string(piece)) {
				t.Fatalf("%q has no part with %q", text, piece)
			}
			count--
		}
		if count != 0 {
			t.Fatalf("%q has %d parts more than it may", text, count)
		}
	})
}
