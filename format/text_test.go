package format_test

import (
	"bytes"
	"encoding/base32"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
)

func decode(t *testing.T, text string, want []byte) {
	t.Helper()
	kind, raw, err := format.DecodeText([]byte(text))
	if err != nil || kind != format.LicenseFile || !bytes.Equal(raw, want) {
		t.Errorf("%.80q: got %v, %x, %v", text, kind, raw, err)
	}
}

func refuseText(t *testing.T, text, because string) {
	t.Helper()
	kind, raw, err := format.DecodeText([]byte(text))
	if bad := new(format.MalformedError); !errors.As(err, &bad) || raw != nil || kind != 0 {
		t.Errorf("%.80q: got %v, %x, %v, want a *MalformedError alone", text, kind, raw, err)
	} else if !strings.Contains(err.Error(), because) {
		t.Errorf("%.80q: got %q, want it to say %q", text, err, because)
	}
}

func TestTextRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := 1; n <= 200; n++ {
		raw := make([]byte, n)
		for i := range raw {
			raw[i] = byte(random.Uint32())
		}
		decode(t, format.EncodeText(format.LicenseFile, raw), raw)
		decode(t, string(format.EncodeFile(format.LicenseFile, raw)), raw)
	}
}

func TestTextIsForQRAndShells(t *testing.T) {
	text := format.EncodeText(format.LicenseFile, sampleFile(t))
	if i := strings.IndexFunc(text, func(r rune) bool {
		return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567:1", r)
	}); i >= 0 {
		t.Errorf("character %q is not in the QR code's alphanumeric mode", text[i])
	}
	file := string(format.EncodeFile(format.LicenseFile, sampleFile(t)))
	for line := range strings.Lines(file) {
		if len(line) > 73 || !strings.HasSuffix(line, "\n") {
			t.Errorf("line %q: want at most 72 characters and a line feed", line)
		}
	}
	if strings.ReplaceAll(file, "\n", "") != text {
		t.Error("the file is not the text with line feeds")
	}
}

func TestReadingForgives(t *testing.T) {
	raw := []byte{0x0a, 0x1c, 0x28, 0x70, 0x28} // BIOBIOBI
	text := format.EncodeText(format.LicenseFile, raw)
	for _, letter := range "BIO" {
		if !strings.ContainsRune(text[5:], letter) {
			t.Fatalf("%s has no %c", text, letter)
		}
	}
	each := func(sep string) string { return strings.Join(strings.Split(text, ""), sep) }
	for name, forgiven := range map[string]string{
		"lower case":            strings.ToLower(text),
		"0, 1 and 8":            text[:5] + strings.NewReplacer("O", "0", "I", "1", "B", "8").Replace(text[5:]),
		"0 in the prefix":       "0LL1" + text[4:],
		"1 and I in the prefix": "o1li" + text[4:],
		"l for 1 in the prefix": "oIll" + text[4:],
		"spaces":                each(" "),
		"dashes":                each("-"),
		"line feeds":            each("\n"),
		"CRLF":                  each("\r\n"),
		"tabs":                  each("\t"),
		"around it":             " \r\n\t" + text + "\n\n ",
		"byte order mark":       "\xef\xbb\xbf" + text,
		"all of them":           "\xef\xbb\xbf\r\n " + strings.ToLower(each(" -\t\r\n")),
	} {
		t.Run(name, func(t *testing.T) { decode(t, forgiven, raw) })
	}
}

func TestTextRefused(t *testing.T) {
	text := format.EncodeText(format.LicenseFile, []byte("seven b"))
	for name, c := range map[string]struct{ text, because string }{
		"other prefix":              {"OLX1" + text[4:], "does not start with"},
		"a later version":           {"OLL2" + text[4:], "license of a later version, OLL2"},
		"no prefix":                 {text[5:], "does not start with"},
		"prefix alone":              {"OLL1:", "ends after its prefix"},
		"prefix without its colon":  {"OLL1" + text[5:], "does not start with"},
		"short prefix":              {text[1:], "does not start with"},
		"long prefix":               {"O" + text, "does not start with"},
		"two colons":                {"OLL1:" + text[4:], "not Base32"},
		"prefix twice":              {"OLL1:" + text, "not Base32"},
		"the checksum alone":        {"OLL1:AAAAAAA", "ends after its prefix"},
		"padding":                   {text + "=", "not Base32"},
		"the digit 9":               {text[:9] + "9" + text[10:], "not Base32"},
		"underscore":                {text + "_", "not Base32"},
		"a dot behind it":           {text + ".", "not Base32"},
		"a letter that is not ours": {text + "é", `'é'`},
		"no-break space":            {text[:9] + "\u00a0" + text[9:], "not Base32"},
		"byte order mark inside":    {text[:9] + "\ufeff" + text[9:], "not Base32"},
		"two byte order marks":      {"\ufeff\ufeff" + text, "does not start with"},
		"the end is missing":        {text[:len(text)-2], "checksum"},
		"one character is missing":  {text[:len(text)-1], "ends in the middle"},
		"two exchanged":             {text[:6] + text[7:8] + text[6:7] + text[8:], "checksum"},
		"NUL":                       {"\x00" + text, "does not start with"},
		"UTF-16":                    {"\xff\xfeO\x00L\x00L\x001\x00:\x00", "does not start with"},
	} {
		t.Run(name, func(t *testing.T) { refuseText(t, c.text, c.because) })
	}
}

// TestEverySpareBit: a last character can hold up to four bits that belong to no byte.
// Were they passed over, one license would have sixteen texts.
func TestEverySpareBit(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	spare := 0
	for n := 1; n <= 5; n++ {
		text := format.EncodeText(format.LicenseFile, bytesOf(n, 0xa5))
		last := len(text) - 1
		for _, c := range alphabet {
			other := text[:last] + string(c)
			if other == text {
				continue
			}
			b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(other[5:])
			if err == nil && base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b) == text[5:] {
				spare++
			}
			refuseText(t, other, "")
		}
	}
	if spare == 0 {
		t.Error("no text with spare bits was tried")
	}
}

// TestNoLengthIsRead that Base32 cannot have.
func TestNoLengthIsRead(t *testing.T) {
	for _, extra := range []string{"A", "AAA", "AAAAAA"} {
		refuseText(t, "OLL1:"+strings.Repeat("AAAAAAAA", 3)+extra, "middle of a character")
	}
}

func TestForeignFilesAreNamed(t *testing.T) {
	far := strings.Repeat(" \n", 300)
	for text, because := range map[string]string{
		"":                                       "empty",
		" \r\n":                                  "empty",
		"\xef\xbb\xbf":                           "empty",
		"-----BEGIN OPENSSH PRIVATE KEY-----\nb": "private key",
		"-----BEGIN PRIVATE KEY-----\nMC4":       "private key",
		"ssh-ed25519 AAAA":                       "public key",
		"ssh-rsa AAAA":                           "public key",
		`{"license": 1}`:                         "JSON",
		`[1]`:                                    "JSON",
		far + `{"license": 1}`:                   "JSON",
		far + "ssh-ed25519 AAAA":                 "public key",
		"%PDF-1.7":                               "PDF",
		"PK\x03\x04\x14":                         "ZIP",
		"\x1f\x8b\x08":                           "gzip",
		"\x89PNG\r\n\x1a\n":                      "does not start with",
		"https://acme.example/":                  "does not start with",
	} {
		refuseText(t, text, because)
	}
}

func TestIDs(t *testing.T) {
	id, err := format.NewID(bytes.NewReader([]byte("sixteen bytes id, and more")))
	if err != nil {
		t.Fatal(err)
	}
	s := id.String()
	if len(s) != 26 {
		t.Errorf("got %q, want 26 characters", s)
	}
	for _, spelling := range []string{s, strings.ToLower(s), s[:4] + "-" + s[4:] + "\n"} {
		if got, err := format.ParseID(spelling); err != nil || got != id {
			t.Errorf("ParseID(%q) = %v, %v", spelling, got, err)
		}
	}
	for _, bad := range []string{"", s[:25], s + "A", s + "AA", s[:25] + "!", s[:25] + "7"} {
		if got, err := format.ParseID(bad); err == nil || got != (format.ID{}) {
			t.Errorf("ParseID(%q) = %v, %v", bad, got, err)
		}
	}
	if id, err := format.NewID(strings.NewReader("too short")); err == nil || id != (format.ID{}) {
		t.Errorf("NewID without random: got %v, %v", id, err)
	}
}

func TestComparisonCode(t *testing.T) {
	hash := [32]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	other := hash
	other[9]++
	got := format.ComparisonCode(hash)
	if len(got) != 19 || strings.Count(got, "-") != 3 || got == format.ComparisonCode(other) {
		t.Errorf("got %q and %q", got, format.ComparisonCode(other))
	}
}

// TestAccountHash: two people write an address differently; the invoice is part of the claim.
func TestAccountHash(t *testing.T) {
	want := format.AccountHash("INV0042-1", "ops@site.example")
	if got := format.AccountHash("INV0042-1", " Ops@Site.Example\n"); got != want {
		t.Errorf("got %x, want %x", got, want)
	}
	for _, other := range [][2]string{{"INV0042-2", "ops@site.example"}, {"INV0042-1", "op@site.example"}, {"INV0042-1\x00ops", "@site.example"}} {
		if format.AccountHash(other[0], other[1]) == want {
			t.Errorf("%q has the same hash", other)
		}
	}
}
