package format_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/offlicense/offlicense/format"
)

// later is what a later version may put behind a license: in form, and of a typ that nobody
// knows yet.
func later(t testing.TB) []byte {
	return append([]byte{0x81}, laterStatement(t)...)
}

func laterStatement(t testing.TB) []byte {
	lease, typ := seal(t, format.Release, bytesOf(120, 0x5b)), "offlicense.release+cwt"
	if bytes.Count(lease, []byte(typ)) != 1 {
		t.Fatal("a release has another typ")
	}
	return bytes.Replace(lease, []byte(typ), []byte("offlicense.leases!+cwt"), 1)
}

// further adds arrays behind the license of a file.
func further(t testing.TB, file []byte, arrays ...[]byte) []byte {
	t.Helper()
	b := slices.Concat(append([][]byte{file}, arrays...)...)
	b[0] += byte(len(arrays))
	return b
}

func TestFurtherStatements(t *testing.T) {
	file, list := sampleFile(t), sampleList(t, true)
	delegation := seal(t, format.Delegation, mustMarshal(t, mostDelegation()))
	license := seal(t, format.License, mustMarshal(t, mostLicense()))
	unknown := later(t)
	underDelegation := slices.Concat([]byte{0x82}, delegation, laterStatement(t))
	for name, c := range map[string]struct {
		file    []byte
		skipped int
		list    bool
	}{
		"one":                     {further(t, file, unknown), 1, false},
		"four":                    {further(t, file, unknown, unknown, underDelegation, unknown), 4, false},
		"a list before it":        {further(t, file, list, unknown), 1, true},
		"a list behind it":        {further(t, file, unknown, underDelegation, list), 2, true},
		"two of unknown kinds":    {further(t, file, slices.Concat([]byte{0x82}, laterStatement(t), laterStatement(t))), 1, false},
		"a list among three more": {further(t, file, unknown, list, unknown, unknown), 3, true},
	} {
		f, err := format.ParseFile(c.file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if f.Skipped != c.skipped || (f.List != nil) != c.list || c.list && !bytes.Equal(f.RawList, list) {
			t.Errorf("%s: passed over %d, a list %t, want %d, %t", name, f.Skipped, f.List != nil, c.skipped, c.list)
		}
		attached, err := format.AttachList(c.file, sampleList(t, false))
		if c.skipped == 4 {
			if err == nil {
				t.Errorf("%s: a fifth was attached", name)
			}
			continue
		}
		f, err2 := format.ParseFile(attached)
		if err != nil || err2 != nil || f.Skipped != c.skipped || !bytes.Equal(f.RawList, sampleList(t, false)) {
			t.Errorf("%s, with another list: %v, %v, passed over %d", name, err, err2, f.Skipped)
		}
	}
	for name, b := range map[string][]byte{
		"five":                        further(t, file, unknown, unknown, unknown, unknown, unknown),
		"before the license":          slices.Concat([]byte{0x83}, delegation, unknown, license),
		"before the delegation":       slices.Concat([]byte{0x83}, unknown, delegation, license),
		"in the place of the license": slices.Concat([]byte{0x82}, delegation, laterStatement(t)),
		"in no array":                 further(t, file, laterStatement(t)),
		"three in an array":           further(t, file, slices.Concat([]byte{0x83}, delegation, delegation, laterStatement(t))),
		"none in an array":            further(t, file, []byte{0x80}),
		"a number":                    further(t, file, []byte{1}),
		"two lists":                   further(t, file, list, unknown, list),
		"another license":             further(t, file, unknown, slices.Concat([]byte{0x81}, license)),
		"a list under what is none":   further(t, file, slices.Concat([]byte{0x82}, laterStatement(t), list[len(list)-len(seal(t, format.Revocation, mustMarshal(t, mostRevocation()))):])),
		"a long one of two":           further(t, file, slices.Concat([]byte{0x82}, longer(t, delegation, format.MaxDelegation), laterStatement(t))),
	} {
		if f, err := format.ParseFile(b); err == nil || !ofThePackage(err) || f.List != nil || f.RawDelegation != nil {
			t.Errorf("%s: got %v, %v", name, f, err)
		}
	}
	if _, err := format.AttachList(file, unknown); err == nil {
		t.Error("what is no list was attached as one")
	}
}

// TestLater: an old reader that meets a later version's statement is not told that the file
// was damaged.
func TestLater(t *testing.T) {
	license, scope := mustMarshal(t, leastLicense()), mustMarshal(t, leastDelegation())
	insert := func(b []byte, in place, entry ...byte) []byte {
		return splice(b, in.start, in.end, append(shortest(5, in.n+1), append(bytes.Clone(b[in.head:in.end]), entry...)...)...)
	}
	terms := placesOf(t, license, 0).pairs
	termsAt := terms[len(terms)-1][1]
	scopes := placesOf(t, scope, 0).pairs
	for name, c := range map[string]struct {
		b    []byte
		read func([]byte) error
		want bool
	}{
		"a term":             {insert(license, termsAt, 18, 1), readLicense, true},
		"a term behind ext":  {insert(license, termsAt, 24, 24, 1), readLicense, true},
		"a term twice":       {insert(license, termsAt, 4, 1), readLicense, false},
		"a claim":            {bytes.Replace(license, []byte{0x3a, 0, 1, 0x11, 0x70}, []byte{9, 1, 0x3a, 0, 1, 0x11, 0x70}, 1), readLicense, true},
		"a type":             {bytes.Replace(license, []byte("production"), []byte("sandboxing"), 1), readLicense, true},
		"no seats":           {bytes.Replace(license, []byte{1, 1, 2, 1, 3}, []byte{2, 1, 3}, 1), readLicense, false},
		"a bound of a scope": {insert(scope, scopes[len(scopes)-1][1], 7, 1), readDelegation, true},
		"cut":                {license[:20], readLicense, false},
		"another typ":        {laterStatement(t), readStatement, true},
		"another header":     {critical(t, license), readStatement, true},
	} {
		if bytes.Equal(c.b, license) {
			t.Fatalf("%s: nothing was changed", name)
		}
		if name == "a claim" {
			c.b[0]++
		}
		err := c.read(c.b)
		bad, malformed := err.(*format.MalformedError)
		if !malformed || bad.Later() != c.want {
			t.Errorf("%s: got %v, of a later version: %t, want %t", name, err, malformed && bad.Later(), c.want)
		}
	}
}

// critical is a statement with a header that this version does not know.
func critical(t *testing.T, payload []byte) []byte {
	b := seal(t, format.License, payload)
	header := placesOf(t, b, 0).inside[0].inside[0]
	inner := append([]byte{0xa4, 1, 0x27, 2, 0x81, 1}, b[header.head+3:header.end]...)
	return splice(b, header.start, header.end, enc(inner)...)
}

func readLicense(b []byte) error    { _, err := format.UnmarshalLicense(b); return err }
func readDelegation(b []byte) error { _, err := format.UnmarshalDelegation(b); return err }
func readStatement(b []byte) error  { _, err := format.ParseStatement(b, format.License); return err }
