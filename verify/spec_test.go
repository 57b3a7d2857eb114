package verify_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify/machine"
)

func hmacOf(key, message string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(message))
	return mac.Sum(nil)[:format.MaxComponentHash]
}

// TestSpecExample holds the examples in SPEC.md against the code.
func TestSpecExample(t *testing.T) {
	file, err := os.ReadFile("../format/SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	body := payloadOf(t, testRequest(t))
	if want := "    " + strings.Join(partsOf(t, format.RequestBody, body, 110), "\n    ") + "\n"; !strings.Contains(string(file), want) {
		t.Errorf("the example of parts is not\n%s", want)
	}
	if want := "    " + strings.Join(spelledLines(t, format.RequestBody, body)[:2], "\n    ") + "\n"; !strings.Contains(string(file), want) {
		t.Errorf("the example of a spelled request is not\n%s", want)
	}
	raw := fileOf(t, testDelegation(t), testLicense(t))
	short, err := format.Carry(raw, body, true)
	if err != nil {
		t.Fatal(err)
	}
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
	write("component of evoq, machine-id and 8f3c1d5e7a904b26b1d2c3e4f5061728", hmacOf("evoq", "machine-id\x005e1d3c8f907a264bb1d2c3e4f5061728"))
	const volume = "{0B5E0A0C-5F0E-4C53-9D0C-2B8A3C1D7E11}"
	given, err := machine.ParseValue("volume=" + volume)
	if err != nil {
		t.Fatal(err)
	}
	identity, err := machine.Read(machine.Options{Product: "evoq", Extra: []machine.Value{given}})
	if err != nil {
		t.Fatal(err)
	}
	write("component of evoq, volume and "+volume, identity.Components[len(identity.Components)-1].Hash)
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
		string(format.EncodeFile(format.CarriedLicense, short)),
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
