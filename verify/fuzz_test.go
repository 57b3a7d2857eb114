package verify_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// FuzzCheck: whatever the text, the verifier neither panics nor accepts anything but a
// license that was signed, and its error is a *Refusal.
func FuzzCheck(f *testing.F) {
	v, facts := testVerifier(f), testFacts(f)
	signed := make(map[[16]byte]bool)
	vectors := vectorPaths(f)
	if len(vectors) < 40 {
		f.Fatalf("%d vectors to begin with, want at least 40", len(vectors))
	}
	for _, path := range vectors {
		text := readVector(f, path).text
		f.Add(text, false)
		if _, err := v.Check(text, facts); err == nil {
			raw, err := format.DecodeTextAs(text, format.LicenseFile)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(raw, true)
			signed[licenseIn(f, raw)] = true
		}
	}
	if len(signed) == 0 {
		f.Fatal("no good license to begin with")
	}
	f.Add([]byte{0x82, 0xd2, 0x84}, true)
	f.Fuzz(func(t *testing.T, text []byte, wrap bool) {
		if wrap {
			text = format.EncodeFile(format.LicenseFile, text) // behind the checksum
		}
		l, err := v.Check(text, facts)
		if err == nil {
			if raw, err := format.DecodeTextAs(text, format.LicenseFile); err != nil || !signed[licenseIn(t, raw)] {
				t.Fatalf("a forgery: %q", text)
			}
			return
		}
		if l != nil || !errors.As(err, new(*verify.Refusal)) {
			t.Fatalf("got %v and %T %v", l, err, err)
		}
	})
}

// licenseIn names the license in a file. The file itself is signed by nobody, so that
// anybody may put another list into it, or take it out.
func licenseIn(t testing.TB, raw []byte) [16]byte {
	file, err := format.ParseFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	return file.License.Digest()
}

// FuzzOpenRevocationList: no list is accepted but those that were signed.
func FuzzOpenRevocationList(f *testing.F) {
	v := twoRoots(f)
	var signed []string
	for _, path := range vectorPaths(f) {
		text := readVector(f, path).text
		f.Add(text, false)
		if l, err := v.OpenRevocationList(text); err == nil {
			f.Add(l.Raw, true)
			signed = append(signed, string(l.Raw))
		}
	}
	if len(signed) == 0 {
		f.Fatal("no good list to begin with")
	}
	f.Fuzz(func(t *testing.T, text []byte, wrap bool) {
		if wrap {
			text = format.EncodeFile(format.RevocationFile, text)
		}
		l, err := v.OpenRevocationList(text)
		switch {
		case err == nil && !slices.Contains(signed, string(l.Raw)):
			t.Fatalf("a forgery: %q", text)
		case err != nil && (l != nil || !errors.As(err, new(*verify.Refusal))):
			t.Fatalf("got %v and %T %v", l, err, err)
		}
	})
}

// FuzzOpenAttestation: none is accepted but one that the key in it has signed.
func FuzzOpenAttestation(f *testing.F) {
	var signed []string
	for _, path := range vectorPaths(f) {
		text := readVector(f, path).text
		f.Add(text, false)
		if a, err := verify.OpenAttestation(text); err == nil {
			_, raw, _ := format.DecodeText(text)
			f.Add(raw, true)
			signed = append(signed, string(payloadOf(f, a)))
		}
	}
	if len(signed) == 0 {
		f.Fatal("no good attestation to begin with")
	}
	f.Fuzz(func(t *testing.T, text []byte, wrap bool) {
		if wrap {
			text = format.EncodeFile(format.Attestation, text)
		}
		a, err := verify.OpenAttestation(text)
		switch {
		case err == nil && !slices.Contains(signed, string(payloadOf(t, a))):
			t.Fatalf("a forgery: %q", text)
		case err != nil && (a != nil || !errors.As(err, new(*verify.Refusal))):
			t.Fatalf("got %v and %T %v", a, err, err)
		}
	})
}

// FuzzOpenRelease: no release is accepted but those that were signed.
func FuzzOpenRelease(f *testing.F) {
	key := machineKey(f).Public()
	keyOf := func(format.ID) (keys.PublicKey, error) { return key, nil }
	var signed []string
	for _, path := range vectorPaths(f) {
		text := readVector(f, path).text
		f.Add(text, false)
		if r, err := verify.OpenRelease(text, keyOf); err == nil {
			f.Add(r.Raw, true)
			signed = append(signed, string(r.Raw))
		}
	}
	if len(signed) == 0 {
		f.Fatal("no good release to begin with")
	}
	f.Fuzz(func(t *testing.T, text []byte, wrap bool) {
		if wrap {
			text = format.EncodeFile(format.Release, text)
		}
		r, err := verify.OpenRelease(text, keyOf)
		switch {
		case err == nil && !slices.Contains(signed, string(r.Raw)):
			t.Fatalf("a forgery: %q", text)
		case err != nil && (r != nil || !errors.As(err, new(*verify.Refusal))):
			t.Fatalf("got %v and %T %v", r, err, err)
		}
	})
}
