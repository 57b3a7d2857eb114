package format_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
)

var travelling = []format.Kind{format.RequestBody, format.SignedRequest, format.LicenseFile, format.Delegation, format.Release, format.RevocationFile, format.Attestation, format.CarriedLicense}

func TestAnotherKindIsNamed(t *testing.T) {
	tried := 0
	for _, got := range travelling {
		for _, want := range travelling {
			text := []byte(format.EncodeText(got, []byte("anything")))
			raw, err := format.DecodeTextAs(text, want)
			if got == want {
				if err != nil {
					t.Errorf("%s: %v", got, err)
				}
				continue
			}
			tried++
			wrong := new(format.WrongKindError)
			if !errors.As(err, &wrong) || raw != nil || wrong.Got != got || wrong.Want != want {
				t.Errorf("a %s for a %s: got %x, %v", got, want, raw, err)
				continue
			}
			if text := err.Error(); !strings.Contains(text, got.String()) || !strings.Contains(text, want.String()) {
				t.Errorf("%q does not name %q and %q", text, got, want)
			}
		}
	}
	if tried != 56 {
		t.Errorf("tried %d pairs, want 56", tried)
	}
}

// TestStatementsDoNotPassAsAnother: the typ is inside the signature, so a request that
// somebody signed never reads as a license.
func TestStatementsDoNotPassAsAnother(t *testing.T) {
	signed := []format.Kind{format.SignedRequest, format.License, format.Delegation, format.Release, format.Revocation, format.Attestation}
	for _, got := range signed {
		raw := seal(t, got, []byte("payload"))
		for _, want := range append(signed, format.RequestBody, format.LicenseFile, format.RevocationFile) {
			_, err := format.ParseStatement(raw, want)
			wrong := new(format.WrongKindError)
			if got == want && err != nil || got != want && !errors.As(err, &wrong) {
				t.Errorf("a %s for a %s: got %v", got, want, err)
			}
		}
	}
}

func TestFilePartsAreNamed(t *testing.T) {
	license, delegation := seal(t, format.License, []byte("x")), seal(t, format.Delegation, []byte("x"))
	for _, parts := range [][2][]byte{{license, delegation}, {delegation, delegation}, {license, license}} {
		_, err := format.ParseFile(append(append([]byte{0x82}, parts[0]...), parts[1]...))
		if wrong := new(format.WrongKindError); !errors.As(err, &wrong) {
			t.Errorf("got %v, want a *WrongKindError", err)
		}
	}
}

// TestListPartsAreNamed: alone, and in a license file.
func TestListPartsAreNamed(t *testing.T) {
	license, delegation := seal(t, format.License, []byte("x")), seal(t, format.Delegation, []byte("x"))
	revocation := seal(t, format.Revocation, []byte("x"))
	for name, parts := range map[string][][]byte{
		"a license for the list":         {license},
		"a delegation for the list":      {delegation},
		"a delegation and a license":     {delegation, license},
		"a license and the list":         {license, revocation},
		"two lists":                      {revocation, revocation},
		"the list before the delegation": {revocation, delegation},
	} {
		list := append([]byte{0x80 | byte(len(parts))}, bytes.Join(parts, nil)...)
		l, err := format.ParseList(list)
		if wrong := new(format.WrongKindError); !errors.As(err, &wrong) || l != nil {
			t.Errorf("%s: got %v, %v, want a *WrongKindError", name, l, err)
		}
		_, err = format.ParseFile(slices.Concat([]byte{0x83}, delegation, license, list))
		if wrong := new(format.WrongKindError); !errors.As(err, &wrong) {
			t.Errorf("%s, in a license file: got %v, want a *WrongKindError", name, err)
		}
	}
}

func TestUnknownKindHasAName(t *testing.T) {
	for _, kind := range []format.Kind{0, 100, 255} {
		if got := kind.String(); got != "unknown statement" {
			t.Errorf("Kind(%d): got %q", uint8(kind), got)
		}
	}
}
