package format_test

import (
	"crypto/sha256"
	"testing"

	"github.com/offlicense/offlicense/format"
)

// TestCodeOf compares what must have one code: a request with and without its signature, a
// license file with and without a list, a list with and without the delegation of its signer.
func TestCodeOf(t *testing.T) {
	code := func(kind format.Kind, raw []byte) string {
		t.Helper()
		code, err := format.CodeOf(kind, raw)
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	body := mustMarshal(t, leastRequest())
	file, err := format.ParseFile(sampleFile(t))
	if err != nil {
		t.Fatal(err)
	}
	list, err := format.ParseList(sampleList(t, false))
	if err != nil {
		t.Fatal(err)
	}
	release, delegation := mustMarshal(t, leastRelease()), mustMarshal(t, leastDelegation())
	of := func(payload []byte) string { return format.ComparisonCode(sha256.Sum256(payload)) }
	for name, c := range map[string]struct {
		kind format.Kind
		raw  []byte
		want string
	}{
		"request":           {format.RequestBody, body, of(body)},
		"signed request":    {format.SignedRequest, seal(t, format.SignedRequest, body), of(body)},
		"license":           {format.LicenseFile, sampleFile(t), of(file.License.UnverifiedPayload())},
		"license with list": {format.LicenseFile, sampleFileWithList(t), code(format.LicenseFile, sampleFile(t))},
		"list":              {format.RevocationFile, sampleList(t, false), of(list.Revocation.UnverifiedPayload())},
		"delegated list":    {format.RevocationFile, sampleList(t, true), code(format.RevocationFile, sampleList(t, false))},
		"release":           {format.Release, seal(t, format.Release, release), of(release)},
		"delegation":        {format.Delegation, seal(t, format.Delegation, delegation), of(delegation)},
	} {
		if got := code(c.kind, c.raw); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
		if _, err := format.CodeOf(c.kind, c.raw[1:]); err == nil {
			t.Errorf("%s: damaged, it has a code", name)
		}
	}
}
