package keyfile

import (
	"bytes"
	"encoding/asn1"
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
	// openssl genpkey -algorithm x25519, ed448, and EC with P-256
	opensslX25519 = "MC4CAQAwBQYDK2VuBCIEICCneKqxqM9iZtzVuo3zLnhKiwys5eR52UuscJWDV5V9"
	opensslEd448  = "MEcCAQAwBQYDK2VxBDsEOUC7a/jc1Kf8K74gfqm5VOBoU+fuohTZCULiWVskNRfh" +
		"KdQgydbL8YwUd8dzZChNycDQ27h6WP1vcg=="
	opensslEC = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJfkvqfskpno4MsZ3" +
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
	const (
		through = "openssl pkey -in FILE | licensor key import --name NAME -"
		make    = "openssl genpkey -algorithm ed25519"
	)
	good := pkcs8(opensslEd25519)
	for _, c := range []struct{ text, want, hint string }{
		{"", "the input is empty", "before a pipe"},
		{" \n", "the input is empty", "before a pipe"},
		{labeled(pkcs8Encrypted, opensslEncrypted), "is encrypted", through},
		{string(binary.Bytes), "binary (DER)", "openssl pkey -inform DER -in FILE | licensor key import --name NAME -"},
		{pkcs8(opensslX25519), "an X25519 key", make},
		{pkcs8(opensslEd448), "an Ed448 key", make},
		{pkcs8(opensslEC), "an EC key", make},
		{labeled("RSA PRIVATE KEY", "AAAA"), "an RSA key", make},
		{labeled("EC PRIVATE KEY", "AAAA"), "an ECDSA key", make},
		{string(openSSH), "an OpenSSH private key", "an OpenSSH private key is used as it is"},
		{labeled("PUBLIC KEY", opensslPublic), "this is a public key", "give the file"},
		{testKey(t, 1).Public().MarshalLine(""), "this is a public key", "give the file"},
		{labeled("CERTIFICATE", "AAAA"), "this is a certificate, not a key", ""},
		{labeled("X PRIVATE KEY", "AAAA"), `PEM of type "X PRIVATE KEY"`, ""},
		{"PuTTY-User-Key-File-3: ssh-ed25519\n", "a PuTTY key", "puttygen FILE"},
		{"OLL1:MZXW6", "this is a license, not a key", ""},
		{good + good, "more than one key", ""},
		{"-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n" + good, "more than one key", ""},
		{good + "x", "more than one key", ""},
		{good + "\x00", "more than one key", ""},
		{"Bag Attributes\n" + good, "does not start with", ""},
		{"\xef\xbb\xbf" + good, "does not start with", ""},
		{strings.Replace(good, "-----\n", "-----\nProc-Type: 4,ENCRYPTED\n\n", 1), "PEM headers", ""},
		{strings.Replace(good, "END PRIVATE", "END EC PRIVATE", 1), "damaged or missing", ""},
		{good[:len(good)-20], "damaged or missing", ""},
		{pkcs8(ringV2), "as old versions of ring", ""},
		{pkcs8("AAAA"), "does not decode", ""},
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

// derElement encodes one element of up to 127 bytes.
func derElement(tag byte, content ...[]byte) []byte {
	body := bytes.Join(content, nil)
	return append([]byte{tag, byte(len(body))}, body...)
}

// TestPKCS8Fields changes one field of a key at a time.
func TestPKCS8Fields(t *testing.T) {
	seed := testKey(t, 1).Seed()
	public := testKey(t, 1).Public().Bytes()
	const sequence, integer, octets, oidTag = 0x30, 0x02, 0x04, 0x06
	v1, v2 := derElement(integer, []byte{0}), derElement(integer, []byte{1})
	oid := derElement(oidTag, []byte{0x2b, 101, 112})
	algorithm := derElement(sequence, oid)
	private := derElement(octets, derElement(octets, seed))
	bits := derElement(0x81, []byte{0}, public)
	attributes := derElement(0xa0, derElement(sequence))
	rsa, err := asn1.Marshal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1})
	if err != nil {
		t.Fatal(err)
	}
	other, err := asn1.Marshal(asn1.ObjectIdentifier{1, 2, 3, 4})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		body []byte
		want string // "" is accepted
	}{
		"v1":                       {derElement(sequence, v1, algorithm, private), ""},
		"v1 with attributes":       {derElement(sequence, v1, algorithm, private, attributes), ""},
		"v2":                       {derElement(sequence, v2, algorithm, private, bits), ""},
		"v2 with attributes":       {derElement(sequence, v2, algorithm, private, attributes, bits), ""},
		"another public key":       {derElement(sequence, v2, algorithm, private, derElement(0x81, []byte{0}, testKey(t, 2).Public().Bytes())), "does not match"},
		"zero public key":          {derElement(sequence, v2, algorithm, private, derElement(0x81, []byte{0}, make([]byte, 32))), "does not match"},
		"short public key":         {derElement(sequence, v2, algorithm, private, derElement(0x81, []byte{0}, public[:31])), "does not match"},
		"no public key at all":     {derElement(sequence, v2, algorithm, private, derElement(0x81, []byte{0})), "does not match"},
		"unused bits":              {derElement(sequence, v2, algorithm, private, derElement(0x81, []byte{1}, public)), "does not decode"},
		"no bits":                  {derElement(sequence, v2, algorithm, private, derElement(0x81)), "does not decode"},
		"explicit public key":      {derElement(sequence, v2, algorithm, private, derElement(0xa1, derElement(3, []byte{0}, public))), "ring"},
		"v2 without public key":    {derElement(sequence, v2, algorithm, private), "does not decode"},
		"v1 with public key":       {derElement(sequence, v1, algorithm, private, bits), "does not decode"},
		"order":                    {derElement(sequence, v2, algorithm, private, bits, attributes), "does not decode"},
		"public key twice":         {derElement(sequence, v2, algorithm, private, bits, bits), "does not decode"},
		"v3":                       {derElement(sequence, derElement(integer, []byte{2}), algorithm, private), "got 2 in its version field"},
		"negative version":         {derElement(sequence, derElement(integer, []byte{0xff}), algorithm, private), "got -1"},
		"huge version":             {derElement(sequence, derElement(integer, []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}), algorithm, private), "does not decode"},
		"version in two bytes":     {derElement(sequence, derElement(integer, []byte{0, 0}), algorithm, private), "does not decode"},
		"parameters":               {derElement(sequence, v1, derElement(sequence, oid, []byte{5, 0}), private), "does not decode"},
		"RSA":                      {derElement(sequence, v1, derElement(sequence, rsa, []byte{5, 0}), private), "an RSA key"},
		"unknown type":             {derElement(sequence, v1, derElement(sequence, other), private), "object identifier 1.2.3.4"},
		"short seed":               {derElement(sequence, v1, algorithm, derElement(octets, derElement(octets, seed[:31]))), "got a seed of 31 bytes, want 32"},
		"seed with public key":     {derElement(sequence, v1, algorithm, derElement(octets, derElement(octets, seed, public))), "got a seed of 64 bytes, want 32"},
		"bare seed":                {derElement(sequence, v1, algorithm, derElement(octets, seed)), "does not decode"},
		"more behind the seed":     {derElement(sequence, v1, algorithm, derElement(octets, derElement(octets, seed), []byte{5, 0})), "does not decode"},
		"more behind the sequence": {append(derElement(sequence, v1, algorithm, private), 5, 0), "does not decode"},
		"more in the sequence":     {derElement(sequence, v1, algorithm, private, []byte{5, 0}), "does not decode"},
		"long form of a length":    {append([]byte{sequence, 0x81, 46}, derElement(sequence, v1, algorithm, private)[2:]...), "does not decode"},
		"indefinite length":        {append(append([]byte{sequence, 0x80}, derElement(sequence, v1, algorithm, private)[2:]...), 0, 0), "does not decode"},
	} {
		text := pem.EncodeToMemory(&pem.Block{Type: pkcs8Type, Bytes: c.body})
		key, err := ParsePKCS8(text)
		switch {
		case c.want == "" && (err != nil || !bytes.Equal(key.Seed(), seed)):
			t.Errorf("%s: got %v, %v", name, key, err)
		case c.want != "" && (err == nil || !key.IsZero() || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, %v, want an error with %q", name, key, err, c.want)
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
		{encrypted, "is encrypted", "openssl pkey -in '" + encrypted + "' | licensor key import --name NAME -"},
		{write("x.pem", pkcs8(opensslX25519)), "an X25519 key", makePKCS8},
		{write("x.lic", "OLL1:MZXW6"), "this is a license, not a key", ""},
		{write("x.pub", testKey(t, 1).Public().MarshalLine("")), "this is a public key", "give " + filepath.Join(directory, "x")},
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
