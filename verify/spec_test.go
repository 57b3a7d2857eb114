package verify_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// TestSpecExample holds the examples in SPEC.md against the code.
func TestSpecExample(t *testing.T) {
	file, err := os.ReadFile("../format/SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	body := payloadOf(t, testRequest(t))
	raw := fileOf(t, testDelegation(t), testLicense(t))
	parsed, err := format.ParseFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	var example strings.Builder
	// Hex in lines that a page can show.
	write := func(name string, b []byte) {
		fmt.Fprintf(&example, "%s:\n", name)
		for text := hex.EncodeToString(b); text != ""; text = text[min(96, len(text)):] {
			fmt.Fprintf(&example, "  %s\n", text[:min(96, len(text))])
		}
	}
	key := func(name string, k keys.PrivateKey) {
		id := k.Public().ID()
		write(name+" public key", k.Public().Bytes())
		write(name+" kid", id[:])
	}
	key("root", rootKey(t))
	fmt.Fprintf(&example, "root as a roots file has it:\n  %s\n", rootKey(t).Public().MarshalLine(""))
	key("staff", staffKey(t))
	key("machine", machineKey(t))
	write("account of INV0042-1 and ops@site.example", testRequest(t).Account[:])
	write("request body", body)
	hash := testLicense(t).Binding.Request
	write("request hash", hash[:])
	fmt.Fprintf(&example, "comparison code:\n  %s\n", format.ComparisonCode(hash))
	write("delegation payload", parsed.Delegation.UnverifiedPayload())
	write("license payload", parsed.License.UnverifiedPayload())
	write("license Sig_structure", parsed.License.SignedMessage())
	write("license signature", parsed.License.Signature())
	write("license file", raw)
	release := seal(t, format.Release, payloadOf(t, testRelease()), machineKey(t))
	write("release payload", payloadOf(t, testRelease()))
	write("release", release)
	digest := parsed.License.Digest()
	write("license digest", digest[:])
	list := revokingKey(7, staffKey(t), digest)
	write("revocation payload", payloadOf(t, list))
	write("revocation list", rootList(t, list, rootKey(t)))

	spec := string(file)
	for _, want := range []string{
		string(format.EncodeFile(format.LicenseFile, raw)),
		string(format.EncodeFile(format.RequestBody, body)),
		string(format.EncodeFile(format.Release, release)),
		example.String(),
	} {
		before, rest, _ := strings.Cut(spec, "```\n"+want[:strings.IndexByte(want, ':')+1])
		_, after, found := strings.Cut(rest, "```")
		if made := before + "```\n" + want + "```" + after; !found || made != spec && !*update {
			t.Errorf("SPEC.md: an example is not what the code makes; if the format was changed on purpose, run go test ./verify -update; it should be\n%s", want)
		} else {
			spec = made
		}
	}
	if *update {
		if err := os.WriteFile("../format/SPEC.md", []byte(spec), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
