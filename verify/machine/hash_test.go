package machine

import (
	"encoding/hex"
	"testing"
)

// The vectors were computed with another implementation of HMAC (Python's).
func TestDigest(t *testing.T) {
	for _, v := range []struct{ product, label, value, want string }{
		{"evoq", "machine-id", "5e1d3c8f907a264bb1d2c3e4f5061728", "0f85e13f4dc571f0"},
		{"evoq", "mac", "5e1d3c8f907a264bb1d2c3e4f5061728\x00ac1f6b001234", "c5c4dab9d89d30c6"},
		{"evoq", "cluster", "prod-eu/west 1", "613ba4629d373393"},
	} {
		if got := hex.EncodeToString(digest(v.product, v.label, v.value)); got != v.want {
			t.Errorf("digest(%q, %q, %q): got %s, want %s", v.product, v.label, v.value, got, v.want)
		}
	}
}

func TestNormalise(t *testing.T) {
	const uuid = "44454c4c420010358052b3c04f4b4e32" // the smaller of both byte orders
	for in, want := range map[string]string{
		"4C4C4544-0042-3510-8052-B3C04F4B4E32\n":   uuid,
		"{4c4c4544-0042-3510-8052-b3c04f4b4e32}":   uuid,
		"\t 4c4c4544004235108052b3c04f4b4e32\r\n":  uuid,
		"4c4c-4544-0042-3510-8052-b3c0-4f4b-4e32":  uuid,
		"44454C4C-4200-1035-8052-B3C04F4B4E32":     uuid,
		"{{4c4c4544-0042-3510-8052-b3c04f4b4e32}}": "{{4c4c4544-0042-3510-8052-b3c04f4b4e32}}",
		"1234-ABCD":                              "1234-abcd",
		"Büro-K":                                 "büro-k",
		"Ärger":                                  "Ärger", // bytes, not Unicode
		"\u00a04c4c4544004235108052b3c04f4b4e32": "\u00a04c4c4544004235108052b3c04f4b4e32",
		"4c4c4544-0042-3510-8052-b3c04f4b4e3":    "4c4c4544-0042-3510-8052-b3c04f4b4e3",
		"4c4c4544-0042-3510-8052-b3c04f4b4e3g":   "4c4c4544-0042-3510-8052-b3c04f4b4e3g",
		"4c4c4544 0042 3510 8052 b3c04f4b4e32":   "4c4c4544 0042 3510 8052 b3c04f4b4e32",
		"  ":                                     "",
		"{}":                                     "{}",
		"{":                                      "{",
	} {
		if got := normalize(in); got != want {
			t.Errorf("normalize(%q): got %q, want %q", in, got, want)
		}
		if again := normalize(normalize(in)); again != want {
			t.Errorf("normalize(%q) twice: got %q, want %q", in, again, want)
		}
	}
}

func TestPlaceholder(t *testing.T) {
	for _, s := range []string{
		"", "uninitialized\n", "-", "0", "7", "000000", "0000-0000", "ff:ff:ff:ff:ff:ff", "xxxxxxxx",
		"00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
		"{00000000-0000-0000-0000-000000000000}",
		"01010101-0101-0101-0101-010101010101", "FEFEFEFE-FEFE-FEFE-FEFE-FEFEFEFEFEFE",
		"12345678-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
		"03000200-0400-0500-0006-000700080009", "00020003-0004-0005-0006-000700080009",
		"12345678-1234-5678-90AB-CDDEEFAABBCC", "4C4C4544-0000-2010-8020-80C04F202020",
		"0123456789", "123456789", "12345", "01234567890123456789012345678901",
		"To Be Filled By O.E.M.", "TO BE FILLED BY OEM", "Not Specified", "Default string",
		"System Serial Number", "None", "N/A",
	} {
		if !isPlaceholder(normalize(s)) {
			t.Errorf("%q: got an id, want a placeholder", s)
		}
	}
	for _, s := range []string{
		"8f3c1d5e7a904b26b1d2c3e4f5061728", "4C4C4544-0042-3510-8052-B3C04F4B4E32",
		"00000000-0000-0000-0000-AC1F6B001234", // a maker that fills up with zeros
		"prod", "prod-eu", "1234", "23456", "12345a", "7f", "1234-ABCD", "ac1f6b001234", "nonesuch",
	} {
		if isPlaceholder(normalize(s)) {
			t.Errorf("%q: got a placeholder, want an id", s)
		}
	}
}
