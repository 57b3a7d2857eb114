package format_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
)

// seed adds the samples of the tests and what they become when they are cut in half.
func seed(f *testing.F, samples ...[]byte) {
	f.Helper()
	if len(samples) == 0 {
		f.Fatal("no seeds")
	}
	for _, sample := range samples {
		if len(sample) == 0 {
			f.Fatal("an empty seed")
		}
		f.Add(sample)
		f.Add(sample[:len(sample)/2])
	}
}

func ofThePackage(err error) bool {
	return errors.As(err, new(*format.MalformedError)) || errors.As(err, new(*format.WrongKindError))
}

// fuzzCodec: what is read is the one encoding of what it says, for the oracle too.
func fuzzCodec(f *testing.F, c codec) {
	seed(f, c.samples...)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := c.again(b)
		if err != nil {
			if !ofThePackage(err) {
				t.Fatalf("error of type %T: %v", err, err)
			}
			return
		}
		if !bytes.Equal(got, b) {
			t.Fatalf("read %x\nwrote %x", b, got)
		}
		if got, err := oracleAgain(b); err != nil || !bytes.Equal(got, b) {
			t.Fatalf("read %x\nthe oracle has %x, %v", b, got, err)
		}
	})
}

func FuzzRequest(f *testing.F)     { fuzzCodec(f, requestCodec(f)) }
func FuzzDelegation(f *testing.F)  { fuzzCodec(f, delegationCodec(f)) }
func FuzzLicense(f *testing.F)     { fuzzCodec(f, licenseCodec(f)) }
func FuzzRelease(f *testing.F)     { fuzzCodec(f, releaseCodec(f)) }
func FuzzRevocation(f *testing.F)  { fuzzCodec(f, revocationCodec(f)) }
func FuzzAttestation(f *testing.F) { fuzzCodec(f, attestationCodec(f)) }
func FuzzStatement(f *testing.F)   { fuzzCodec(f, envelopeCodec(f)) }
func FuzzFile(f *testing.F)        { fuzzCodec(f, fileCodec(f)) }
func FuzzList(f *testing.F)        { fuzzCodec(f, listCodec(f)) }

// cleaned is what is left of a text when all is undone that reading forgives.
func cleaned(text string) string {
	text = strings.ToUpper(strings.TrimPrefix(text, "\ufeff"))
	text = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "", "-", "").Replace(text)
	prefix, body, _ := strings.Cut(text, ":")
	p := []byte(prefix)
	for place, c := range p {
		switch {
		case place == 0 && c == '0':
			p[place] = 'O'
		case place == 1 && (c == '1' || c == 'I'):
			p[place] = 'L'
		case place == 3 && (c == 'L' || c == 'I'):
			p[place] = '1'
		}
	}
	return string(p) + ":" + strings.NewReplacer("0", "O", "1", "I", "8", "B").Replace(body)
}

func FuzzText(f *testing.F) {
	seed(f,
		[]byte(format.EncodeText(format.RequestBody, mustMarshal(f, leastRequest()))),
		[]byte(strings.ToLower(format.EncodeText(format.Delegation, []byte("seven b")))),
		[]byte("\ufeff0ll1:\r\n "+format.EncodeText(format.SignedRequest, []byte{1, 2, 3})[5:]+" -\t\n"),
		format.EncodeFile(format.LicenseFile, sampleFile(f)),
		format.EncodeFile(format.RevocationFile, sampleList(f, false)))
	f.Fuzz(func(t *testing.T, text []byte) {
		kind, raw, err := format.DecodeText(text)
		if err != nil {
			if !errors.As(err, new(*format.MalformedError)) || raw != nil {
				t.Fatalf("got %x and an error of type %T: %v", raw, err, err)
			}
			return
		}
		if bytes.ContainsRune(text, '/') {
			return // in parts: FuzzParts
		}
		if got, want := format.EncodeText(kind, raw), cleaned(string(text)); got != want {
			t.Fatalf("read %q\nas   %q\nwant %q", text, got, want)
		}
	})
}
