package format_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"github.com/offlicense/offlicense/format"
)

// carriedSample is a license that answers mostRequest, with what its reader holds.
type carriedSample struct{ file, body, delegation []byte }

func carriedFile(t testing.TB, list []byte, change func(*format.LicenseClaims)) carriedSample {
	t.Helper()
	d := mostDelegation()
	thumbprint := sha256.Sum256(append([]byte("\xa3\x01\x01\x20\x06\x21\x58\x20"), d.Key...))
	kid := [8]byte(thumbprint[:])
	body := mustMarshal(t, mostRequest())
	l := mostLicense()
	l.Terms.Site = mostRequest().Site
	l.Binding.Key, l.Binding.Request, l.Binding.Components = mostRequest().Key, sha256.Sum256(body), mostRequest().Readable()
	if change != nil {
		change(l)
	}
	license, err := format.Seal(format.License, kid, mustMarshal(t, l), func([]byte) ([]byte, error) { return bytesOf(64, 0x5a), nil })
	if err != nil {
		t.Fatal(err)
	}
	delegation := seal(t, format.Delegation, mustMarshal(t, d))
	file, err := format.MarshalFile(delegation, license, list)
	if err != nil {
		t.Fatal(err)
	}
	return carriedSample{file, body, delegation}
}

// another has other words than the request.
func another(l *format.LicenseClaims) {
	l.Issuer, l.Product, l.Terms.Type, l.Terms.Invoice, l.Terms.Site = "other.example", "liquid", format.TypeFailover, "INV0043-1", "another"
	l.Terms.EmergencyDays, l.Terms.EmergencyFrom = 14, 1795219200
	l.Binding.Need, l.Binding.Components = 1, l.Binding.Components[2:4]
}

func carriedSamples(t testing.TB) map[string]carriedSample {
	return map[string]carriedSample{
		"as asked":      carriedFile(t, nil, nil),
		"another":       carriedFile(t, nil, another),
		"key alone":     carriedFile(t, nil, func(l *format.LicenseClaims) { l.Binding.Need, l.Binding.Components = 0, nil }),
		"a list":        carriedFile(t, sampleList(t, true), nil),
		"a root's list": carriedFile(t, sampleList(t, false), nil),
		"shorter hashes": carriedFile(t, nil, func(l *format.LicenseClaims) {
			for i := range l.Binding.Components {
				l.Binding.Components[i].Hash = l.Binding.Components[i].Hash[:6]
			}
		}),
	}
}

func carry(t testing.TB, s carriedSample, withDelegation bool) []byte {
	t.Helper()
	raw, err := format.Carry(s.file, s.body, withDelegation)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// rebuild is what a reader does who holds what the sample says, and trusts the key 1 to 8.
func (s carriedSample) rebuild(raw []byte) ([]byte, error) {
	c, err := format.UnmarshalCarried(raw)
	if err != nil {
		return nil, err
	}
	delegation, err := c.Delegation([8]byte{1, 2, 3, 4, 5, 6, 7, 8})
	if err != nil {
		return nil, err
	}
	if delegation == nil {
		delegation = s.delegation
	}
	return c.File(s.body, delegation)
}

func carriedCodec(t testing.TB) codec {
	c := codec{name: "short license"}
	all := carriedSamples(t)
	c.samples = [][]byte{carry(t, all["as asked"], true), carry(t, all["another"], false), carry(t, all["a root's list"], true)}
	s := all["as asked"]
	c.again = func(b []byte) ([]byte, error) {
		file, err := s.rebuild(b)
		if err != nil {
			return nil, err
		}
		read, _ := format.UnmarshalCarried(b)
		delegation, _ := read.Delegation([8]byte{})
		return format.Carry(file, s.body, delegation != nil)
	}
	return c
}

func FuzzCarried(f *testing.F) { fuzzCodec(f, carriedCodec(f)) }

func TestCarried(t *testing.T) {
	for name, s := range carriedSamples(t) {
		for _, whole := range []bool{true, false} {
			raw := carry(t, s, whole)
			got, err := s.rebuild(raw)
			if err != nil || !bytes.Equal(got, s.file) {
				t.Errorf("%s: got %x, %v\nwant %x", name, got, err, s.file)
			}
			c, err := format.UnmarshalCarried(raw)
			if err != nil {
				t.Fatal(err)
			}
			hash := sha256.Sum256(s.body)
			statement, _ := format.ParseStatement(s.delegation, format.Delegation)
			if !c.Answers(hash) || c.Answers([32]byte{}) || c.LeavesOut(statement) == whole {
				t.Errorf("%s: it answers %t and %t, leaves out %t", name, c.Answers(hash), c.Answers([32]byte{}), c.LeavesOut(statement))
			}
			if got, want := c.RequestMark(), format.ComparisonCode(hash); got != want[:4]+want[5:9] {
				t.Errorf("%s: mark %s, want the start of %s", name, got, want)
			}
		}
	}
}

// TestNotCarried: of these a vendor gives out the license file.
func TestNotCarried(t *testing.T) {
	for name, change := range map[string]func(*format.LicenseClaims){
		"bound to nothing":     func(l *format.LicenseClaims) { l.Binding = nil },
		"another request":      func(l *format.LicenseClaims) { l.Binding.Request[0]++ },
		"another machine":      func(l *format.LicenseClaims) { l.Binding.Key = bytesOf(32, 0x44) },
		"no site where one is": func(l *format.LicenseClaims) { l.Terms.Site = "" },
		"too long": func(l *format.LicenseClaims) {
			for i := range 63 {
				l.Terms.Ext[fmt.Sprint(i)] = format.TextScalar(string(bytesOf(128, 'x')))
			}
			delete(l.Terms.Ext, "note")
			delete(l.Terms.Ext, "b")
			delete(l.Terms.Ext, "yes")
			delete(l.Terms.Ext, "n")
		},
	} {
		s := carriedFile(t, nil, change)
		if raw, err := format.Carry(s.file, s.body, true); err == nil {
			t.Errorf("%s: got %x", name, raw)
		}
	}
	s := carriedFile(t, nil, nil)
	for name, file := range map[string][]byte{
		"another signer":      sampleFile(t),
		"something behind it": further(t, s.file, later(t)),
	} {
		if raw, err := format.Carry(file, s.body, true); err == nil {
			t.Errorf("%s: got %x", name, raw)
		}
	}
}

// TestCarriedHasOneForm: what the reader holds is not carried, and no other request and no
// other delegation will do.
func TestCarriedHasOneForm(t *testing.T) {
	s := carriedFile(t, nil, nil)
	raw := carry(t, s, true)
	put := func(at place, pair ...byte) []byte { return morePairs(raw, at, at.pairs[0][0].start, pair) }
	claims := placesOf(t, raw, 0).inside[1]
	terms := claims.pairs[len(claims.pairs)-1][1]
	for name, b := range map[string][]byte{
		"the vendor":  put(claims, append([]byte{1, 0x6c}, "acme.example"...)...),
		"the type":    put(terms, append([]byte{0, 0x6a}, "production"...)...),
		"the product": morePairs(raw, claims, claims.pairs[1][0].start, append([]byte{3, 0x64}, "evoq"...)),
		"the invoice": morePairs(raw, terms, terms.pairs[2][0].start, append([]byte{3, 0x69}, "INV0042-1"...)),
	} {
		if file, err := s.rebuild(b); !errors.As(err, new(*format.MalformedError)) {
			t.Errorf("%s: got %x, %v", name, file, err)
		}
	}
	other := mostRequest()
	other.Time++
	elsewhere := carriedSample{s.file, mustMarshal(t, other), s.delegation}
	if _, err := elsewhere.rebuild(raw); !errors.As(err, new(*format.MalformedError)) {
		t.Errorf("for another request: %v", err)
	}
	d := mostDelegation()
	d.ID[15]++
	stranger := carriedSample{s.file, s.body, seal(t, format.Delegation, mustMarshal(t, d))}
	if _, err := stranger.rebuild(carry(t, s, false)); !errors.As(err, new(*format.MalformedError)) {
		t.Errorf("under another delegation: %v", err)
	}
}
