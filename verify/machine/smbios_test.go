package machine

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"testing"
)

// smbios is a table as Windows returns it, of structures and their strings.
func smbios(structures ...[]byte) []byte {
	body := slices.Concat(structures...)
	return append(binary.LittleEndian.AppendUint32([]byte{0, 3, 2, 0}, uint32(len(body))), body...)
}

func structure(kind byte, fields []byte, strings string) []byte {
	return slices.Concat([]byte{kind, byte(4 + len(fields)), 7, 0}, fields, []byte(strings+"\x00\x00"))
}

func TestParseSMBIOS(t *testing.T) {
	const mixed = "44454c4c420010358052b3c04f4b4e32" // as bytes stand in the table from version 2.6 on
	uuid, err := hex.DecodeString(mixed)
	if err != nil {
		t.Fatal(err)
	}
	bios := structure(0, bytes.Repeat([]byte{1}, 20), "Acme\x001.0\x0001/02/2024")
	system := structure(1, slices.Concat([]byte{1, 2, 3, 4}, uuid, []byte{6, 5, 6}), "Acme\x00Server\x001\x00S123")
	end := structure(127, nil, "")
	for name, c := range map[string]struct {
		table []byte
		want  string
	}{
		"a server's":              {smbios(bios, system, end), mixed},
		"without strings":         {smbios(structure(11, []byte{0}, ""), system, end), mixed},
		"no system structure":     {smbios(bios, end), ""},
		"behind the end":          {smbios(bios, end, system), ""},
		"SMBIOS 2.0, no UUID":     {smbios(structure(1, []byte{1, 2, 3, 4}, "A")), ""},
		"empty":                   {nil, ""},
		"header alone":            {smbios(), ""},
		"length 0":                {smbios([]byte{0, 0, 0, 0, 0, 0}), ""},
		"longer than the table":   {smbios([]byte{1, 200, 0, 0, 1}), ""},
		"strings that do not end": {smbios([]byte{0, 4, 0, 0, 'a', 'b'}), ""},
		"a length that lies":      {append([]byte{0, 3, 2, 0, 255, 255, 255, 255}, system...), mixed},
		"cut by its length":       {append([]byte{0, 3, 2, 0, 4, 0, 0, 0}, system...), ""},
	} {
		if got := parseSMBIOS(c.table); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	if r := uuidReading(parseSMBIOS(smbios(system)), "x"); r.value != normalize(theBoard) {
		t.Errorf("got %q, want what the other byte order gives", r.value)
	}
}

const theBoard = "4C4C4544-0042-3510-8052-B3C04F4B4E32"

func FuzzParseSMBIOS(f *testing.F) {
	f.Add(smbios(structure(0, make([]byte, 20), "A"), structure(1, make([]byte, 23), "B")))
	f.Fuzz(func(t *testing.T, table []byte) {
		if got := parseSMBIOS(table); got != "" && len(got) != 32 {
			t.Errorf("got %q", got)
		}
	})
}
