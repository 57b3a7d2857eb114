package keyfile

import (
	"bytes"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What OpenSSL 3.0.19 wrote, once for these tests.
const (
	// openssl genpkey -algorithm ed25519
	opensslEd25519 = "MC4CAQAwBQYDK2VwBCIEICEdX/y1182k4xBIVMN9K13g5rPRXJZVVWgQ/or6qB5S"
	// The same with openssl pkey -pubout, and then with openssl pkcs8 -topk8.
	opensslPublic    = "MCowBQYDK2VwAyEAikahGWQs19HWDyqlZbt34//0UxD9MaxRuGv0+LHiNS0="
	opensslEncrypted = "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhNO3RFWZy6YAICCAAw" +
		"DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEFS8rPEv9F6RXWSWYOwQ1uUEQHWE" +
		"7SBNKgYW1KSIWKR9f3qfwhQjEe28PP2JxPiyEeU6aPHwvjmgii93o4SbBkUf9hsX" +
		"GeV54NYU5KGUrtjxTX8="
	// openssl genpkey -algorithm x25519, and EC with P-256
	opensslX25519 = "MC4CAQAwBQYDK2VuBCIEICCneKqxqM9iZtzVuo3zLnhKiwys5eR52UuscJWDV5V9"
	opensslEC     = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJfkvqfskpno4MsZ3" +
		"hPmQyoSVi4RpO9ke1TyyO98KIrChRANCAAQolpPih78M/j4Nca6MeRz5asuQLB71" +
		"K7ZlFYIzCuFjz6EEfRikupOM44AfwkkRgAOjEpnyBZZCviUGI3AosGZu"

	// RFC 8410, section 10: the same key without and with an attribute and the public key.
	rfc8410V1     = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC"
	rfc8410Public = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1"
	rfc8410V2     = "MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC" +
		"oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB" +
		"Z9w7lshQhqowtrbLDFw4rXAxZuE="
	// As ring 0.14 wrote it (github.com/openssl/openssl/issues/9134).
	ringV2 = "MFMCAQEwBQYDK2VwBCIEIGIsMDbeo5rdiq208eOfvZlm3K9SHOsDUt2FI2js1z9Y" +
		"oSMDIQDN0z6SeMgqmKvsBQ8E8qcQW5ZJebea7drLQyq7513ovQ=="
)

// labeled puts Base64 into a PEM block as openssl writes it.
func labeled(label, body string) string {
	var lines strings.Builder
	for len(body) > 64 {
		lines.WriteString(body[:64] + "\n")
		body = body[64:]
	}
	return fmt.Sprintf("-----BEGIN %[1]s-----\n%[2]s%[3]s\n-----END %[1]s-----\n", label, &lines, body)
}

func pkcs8(body string) string { return labeled(pkcs8Type, body) }

func TestParsePKCS8(t *testing.T) {
	spki, _ := pem.Decode([]byte(labeled("PUBLIC KEY", opensslPublic)))
	openssls := hex.EncodeToString(spki.Bytes[len(spki.Bytes)-32:])
	for text, want := range map[string]string{
		pkcs8(opensslEd25519): openssls,
		pkcs8(rfc8410V1):      rfc8410Public,
		pkcs8(rfc8410V2):      rfc8410Public,
		" \r\n" + strings.ReplaceAll(pkcs8(opensslEd25519), "\n", "\r\n") + "\n\n\t": openssls,
		strings.TrimSpace(pkcs8(opensslEd25519)):                                     openssls,
	} {
		before := strings.Clone(text)
		key, err := ParsePKCS8([]byte(text))
		if err != nil || hex.EncodeToString(key.Public().Bytes()) != want {
			t.Errorf("%q: got %v, %v, want %s", text, key, err, want)
		}
		if text != before {
			t.Error("the input changed")
		}
	}
}

func TestNotPKCS8(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	mustWrite(t, path, testKey(t, 1), nil)
	openSSH, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	binary, _ := pem.Decode([]byte(pkcs8(opensslEd25519)))
	const through = "openssl pkey -in FILE | licensor key import --name NAME -"
	good := pkcs8(opensslEd25519)
	for _, c := range []struct{ text, want, hint string }{
		{"", "does not start with", ""},
		{string(binary.Bytes), "does not start with", ""},
		{labeled(pkcs8Encrypted, opensslEncrypted), `PEM of type "ENCRYPTED PRIVATE KEY"`, through},
		{labeled("RSA PRIVATE KEY", "AAAA"), `PEM of type "RSA PRIVATE KEY"`, through},
		{string(openSSH), `PEM of type "OPENSSH PRIVATE KEY"`, through},
		{pkcs8(opensslX25519), "another type", "openssl genpkey -algorithm ed25519"},
		{pkcs8(opensslEC), "another type", "openssl genpkey -algorithm ed25519"},
		{testKey(t, 1).Public().MarshalLine(""), "does not start with", ""},
		{good + good, "more than one key", ""},
		{good + "x", "more than one key", ""},
		{strings.Replace(good, "-----\n", "-----\nProc-Type: 4,ENCRYPTED\n\n", 1), "PEM headers", ""},
		{good[:len(good)-20], "damaged or missing", ""},
		{pkcs8("AAAA"), "malformed private key", ""},
		{good + strings.Repeat(" ", MaxFile), "more than 65536 bytes", ""},
	} {
		key, err := ParsePKCS8([]byte(c.text))
		if err == nil || !key.IsZero() || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: got %v, %v, want an error with %q", c.text, key, err, c.want)
		}
		if hint := hintOf(err); !strings.HasPrefix(hint, c.hint) || (hint == "") != (c.hint == "") {
			t.Errorf("%.60q: got hint %q, want %q…", c.text, hint, c.hint)
		}
		if err != nil && strings.Contains(err.Error(), opensslEd25519[:20]) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
}

func TestReadPKCS8(t *testing.T) {
	directory := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	path := write("good.pem", pkcs8(rfc8410V1))
	key, err := ReadPKCS8(path)
	if err != nil || hex.EncodeToString(key.Public().Bytes()) != rfc8410Public {
		t.Errorf("got %v, %v", key, err)
	}
	encrypted := write("my key.pem", labeled(pkcs8Encrypted, opensslEncrypted))
	for _, c := range []struct{ path, want, hint string }{
		{encrypted, `PEM of type "ENCRYPTED PRIVATE KEY"`, "openssl pkey -in '" + encrypted + "' | licensor key import --name NAME -"},
		{write("x.pem", pkcs8(opensslX25519)), "another type", "openssl genpkey -algorithm ed25519 makes an Ed25519 key"},
		{write("long", strings.Repeat(" ", MaxFile+1)), "more than 65536 bytes", ""},
		{filepath.Join(directory, "none"), "no such file", ""},
		{directory, "not a regular file", ""},
	} {
		key, err := ReadPKCS8(c.path)
		if err == nil || !key.IsZero() || !strings.Contains(err.Error(), c.want) || hintOf(err) != c.hint {
			t.Errorf("%s: got %v, %v, hint %q, want %q, hint %q", c.path, key, err, hintOf(err), c.want, c.hint)
		}
		if err != nil && !strings.Contains(err.Error(), c.path) {
			t.Errorf("%v: does not name the file", err)
		}
	}
	// Read says how to come here.
	_, err = Read(path, nil)
	if want := "licensor key import --name NAME " + path; hintOf(err) != want {
		t.Errorf("Read: got %v, hint %q, want %q", err, hintOf(err), want)
	}
	_, err = Read(encrypted, nil)
	if want := "openssl pkey -in '" + encrypted + "' | licensor key import --name NAME -"; hintOf(err) != want {
		t.Errorf("Read: got %v, hint %q, want %q", err, hintOf(err), want)
	}
}

// checkPKCS8 asserts that an accepted key signs, and what it signs verifies.
func checkPKCS8(t *testing.T, text []byte) {
	before := bytes.Clone(text)
	key, err := ParsePKCS8(text)
	if !bytes.Equal(text, before) {
		t.Error("ParsePKCS8 changed its input")
	}
	if err != nil {
		if !key.IsZero() {
			t.Errorf("a key together with error %v", err)
		}
		return
	}
	signature, err := key.Sign([]byte("m"))
	if err != nil || !key.Public().Verify([]byte("m"), signature) {
		t.Errorf("the key does not sign: %v", err)
	}
}

func FuzzParsePKCS8(f *testing.F) {
	for _, text := range []string{
		pkcs8(opensslEd25519), pkcs8(rfc8410V2), pkcs8(ringV2), pkcs8(opensslEC), labeled(pkcs8Encrypted, opensslEncrypted), "\x30\x2e\x02\x01\x00",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(checkPKCS8)
}

// FuzzPKCS8Body puts what the fuzzer finds into PEM, which it would rarely get right.
func FuzzPKCS8Body(f *testing.F) {
	for _, text := range []string{opensslEd25519, rfc8410V1, rfc8410V2, ringV2, opensslX25519, opensslEC} {
		block, _ := pem.Decode([]byte(pkcs8(text)))
		f.Add(block.Bytes)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		checkPKCS8(t, pem.EncodeToMemory(&pem.Block{Type: pkcs8Type, Bytes: body}))
	})
}
