package envelope

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
)

// The vectors are statements of every kind with a header before them, as a mail has one. Each
// is found in its file, in its bytes and in their Base64, and can be named.
func TestFindsVectors(t *testing.T) {
	files, err := filepath.Glob("../../../testdata/vectors/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[format.Kind]int)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, text, _ := bytes.Cut(data, []byte("\n\n"))
		kind, raw, err := format.DecodeText(text)
		if err != nil {
			continue
		}
		name := filepath.Base(file)
		want := format.EncodeFile(kind, raw)
		got, err := Pick(data)
		if ambiguous, ok := err.(*AmbiguousError); ok { // the header has others
			names := make(map[string]bool)
			for _, c := range ambiguous.Choices {
				if names[c.Name] = true; bytes.Equal(c.Text, want) {
					got, err = c.Text, nil
				}
			}
			if len(names) != len(ambiguous.Choices) {
				t.Errorf("%s: two have one name: %v", name, ambiguous)
			}
		}
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %.40q, %v", name, got, err)
		}
		if !strings.HasPrefix(string(data), "expect: valid\n") {
			continue
		}
		seen[kind]++
		if s := (Statement{kind, raw}).String(); strings.Contains(s, "cannot be read") || len(s) > 200 {
			t.Errorf("%s: is named %q", name, s)
		} else if seen[kind] == 1 {
			t.Log(s)
		}
		if kind == format.SignedRequest { // and its QR code, which has no signature
			signed, err := format.ParseStatement(raw, kind)
			if err != nil {
				t.Fatal(err)
			}
			both := append(format.EncodeFile(format.RequestBody, signed.UnverifiedPayload()), want...)
			if got, err := Pick(both); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: with its QR code: got %.40q, %v", name, got, err)
			}
		}
		encoded := base64.RawStdEncoding.EncodeToString(raw)
		attached := "--part\nContent-Transfer-Encoding: base64\n\n" + wrap(encoded, 76) + "--part--and-a-long-name\n"
		for _, binary := range [][]byte{raw, []byte(encoded), []byte(attached)} {
			if got, err := Pick(binary); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: of its bytes: got %.40q, %v", name, got, err)
			}
		}
	}
	for _, kind := range []format.Kind{format.RequestBody, format.SignedRequest, format.LicenseFile, format.Delegation, format.Release, format.RevocationFile, format.Attestation} {
		if seen[kind] == 0 {
			t.Errorf("no vector has a valid %s (%d)", kind, kind)
		}
	}
}
