package keyfile

import (
	"bytes"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/offlicense/offlicense/keys"
)

// mark stands in the seed of a key whose bytes must not appear in an error.
const mark = "NOBODY MAY EVER SEE THIS SEED 32"

func publicBlob(kind string, raw []byte) []byte {
	return ssh.Marshal(struct {
		Type string
		Raw  []byte
	}{kind, raw})
}

// plainFile builds an unencrypted key file from its parts.
func plainFile(outer []byte, kind string, inner, private []byte) []byte {
	block := ssh.Marshal(struct {
		Check1, Check2 uint32
		Type           string
		Public         []byte
		Private        []byte
		Comment        string
	}{7, 7, kind, inner, private, "c"})
	for i := byte(1); len(block)%8 != 0; i++ {
		block = append(block, i)
	}
	return envelopeFile(envelope{Cipher: "none", KDF: "none", Keys: 1, Public: outer, Private: block})
}

func envelopeFile(box envelope) []byte {
	body := append([]byte(magic), ssh.Marshal(box)...)
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: body})
}

func TestPublicPartMustMatch(t *testing.T) {
	one, two := testKey(t, 1), testKey(t, 2)
	good, other := one.Public().Bytes(), two.Public().Bytes()
	identity := append([]byte{1}, make([]byte, 31)...)
	seed := one.Seed()
	const kind = ssh.KeyAlgoED25519

	key, err := parse("key", plainFile(publicBlob(kind, good), kind, good, append(one.Seed(), good...)), nil)
	if err != nil || key.Public() != one.Public() {
		t.Fatalf("the unchanged file: got %v, %v", key, err)
	}
	for what, c := range map[string]struct {
		file []byte
		want string
	}{
		"shown public key":       {plainFile(publicBlob(kind, other), kind, good, append(one.Seed(), good...)), "does not match"},
		"half of the private":    {plainFile(publicBlob(kind, good), kind, good, append(one.Seed(), other...)), "does not match"},
		"both":                   {plainFile(publicBlob(kind, other), kind, other, append(one.Seed(), other...)), "does not match"},
		"seed":                   {plainFile(publicBlob(kind, good), kind, good, append(two.Seed(), good...)), "does not match"},
		"short private key":      {plainFile(publicBlob(kind, good), kind, good, seed), "does not decode"},
		"short public key":       {plainFile(publicBlob(kind, good[:31]), kind, good, append(one.Seed(), good...)), "malformed public key"},
		"public key not a key":   {plainFile([]byte{1, 2, 3}, kind, good, append(one.Seed(), good...)), "does not decode"},
		"inner key of a kind":    {plainFile(publicBlob(kind, good), "ssh-nonsense", good, append(one.Seed(), good...)), "does not decode"},
		"shown key of a kind":    {plainFile(publicBlob("ssh-rsa", good), kind, good, append(one.Seed(), good...)), `"ssh-rsa"`},
		"shown key not printing": {plainFile(publicBlob("\x1b[2J", good), kind, good, append(one.Seed(), good...)), `"\x1b[2J"`},
	} {
		key, err := parse("key", c.file, nil)
		if err == nil || !key.IsZero() || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, %v, want an error with %q", what, key, err, c.want)
		}
	}
	weak := plainFile(publicBlob(kind, identity), kind, identity, append(one.Seed(), identity...))
	if key, err := parse("key", weak, nil); !errors.Is(err, keys.ErrWeakKey) || !key.IsZero() {
		t.Errorf("weak public half: got %v, %v, want keys.ErrWeakKey", key, err)
	}
}

// TestRefusedBeforePassphrase: nobody types a passphrase for a key that cannot be used.
func TestRefusedBeforePassphrase(t *testing.T) {
	t.Parallel()
	good := publicBlob(ssh.KeyAlgoED25519, testKey(t, 1).Public().Bytes())
	options := func(salt string, rounds uint32) string {
		return string(ssh.Marshal(struct {
			Salt   string
			Rounds uint32
		}{salt, rounds}))
	}
	fine := envelope{"aes256-ctr", "bcrypt", options("0123456789abcdef", 1), 1, good, make([]byte, 160), nil}
	change := func(f func(*envelope)) []byte {
		box := fine
		f(&box)
		return envelopeFile(box)
	}
	never := func(int) ([]byte, error) {
		t.Error("asked for a passphrase")
		return nil, errors.New("asked")
	}
	for what, c := range map[string]struct {
		file       []byte
		want, hint string
	}{
		"cipher":      {change(func(e *envelope) { e.Cipher = "chacha20-poly1305@openssh.com" }), `"chacha20-poly1305@openssh.com"`, "ssh-keygen -p -Z aes256-ctr"},
		"no cipher":   {change(func(e *envelope) { e.Cipher = "none" }), `"none"`, "ssh-keygen -p"},
		"no kdf":      {change(func(e *envelope) { e.KDF = "none" }), `"none"`, "ssh-keygen -p"},
		"kdf":         {change(func(e *envelope) { e.KDF = "md5" }), `"md5"`, "ssh-keygen -p"},
		"rounds":      {change(func(e *envelope) { e.Options = options("0123456789abcdef", 1<<31) }), "2147483648 rounds", "ssh-keygen -p -a"},
		"no rounds":   {change(func(e *envelope) { e.Options = options("0123456789abcdef", 0) }), "malformed", ""},
		"no salt":     {change(func(e *envelope) { e.Options = options("", 16) }), "malformed", ""},
		"no options":  {change(func(e *envelope) { e.Options = "" }), "malformed", ""},
		"tag":         {change(func(e *envelope) { e.Tag = make([]byte, 16) }), "16 bytes", ""},
		"its cipher":  {change(func(e *envelope) { e.Cipher, e.Tag = "aes256-gcm@openssh.com", make([]byte, 16) }), `"aes256-gcm@openssh.com"`, "ssh-keygen -p -Z aes256-ctr"},
		"two keys":    {change(func(e *envelope) { e.Keys = 2 }), "2 keys", ""},
		"no keys":     {change(func(e *envelope) { e.Keys = 0 }), "0 keys", ""},
		"rsa":         {change(func(e *envelope) { e.Public = publicBlob("ssh-rsa", []byte{1}) }), `"ssh-rsa"`, "ssh-keygen -t"},
		"weak key":    {change(func(e *envelope) { e.Public = publicBlob(ssh.KeyAlgoED25519, make([]byte, 32)) }), "weak public key", ""},
		"bad public":  {change(func(e *envelope) { e.Public = nil }), "malformed", ""},
		"second key":  {append(envelopeFile(fine), envelopeFile(fine)...), "more than one key", ""},
		"PEM headers": {bytes.Replace(envelopeFile(fine), []byte("-----\n"), []byte("-----\nProc-Type: 4,ENCRYPTED\n\n"), 1), "malformed", ""},
	} {
		key, err := parse("key", c.file, never)
		if err == nil || !key.IsZero() || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, %v, want an error with %q", what, key, err, c.want)
		}
		if hint := hintOf(err); !strings.HasPrefix(hint, c.hint) || (hint == "") != (c.hint == "") {
			t.Errorf("%s: got hint %q, want %q…", what, hint, c.hint)
		}
	}
	// And with nothing changed, it is asked for.
	ask, asked := answers(t, "a", "b", "c")
	if _, err := parse("key", envelopeFile(fine), ask); !errors.Is(err, ErrPassphrase) || *asked != 3 {
		t.Errorf("nothing changed: got %v after %d tries, want ErrPassphrase after 3", err, *asked)
	}
}

// mangled asserts that what parse says of a damaged file is an error, or the very key:
// bytes that carry nothing, such as the comment, may change.
func mangled(t *testing.T, text []byte, want keys.PublicKey, passphrase func(int) ([]byte, error)) (accepted bool) {
	t.Helper()
	key, err := parse("key", text, passphrase)
	if err != nil {
		if !key.IsZero() {
			t.Fatalf("a key together with error %v", err)
		}
		if strings.Contains(err.Error(), mark[:8]) {
			t.Fatalf("the error shows the seed: %v", err)
		}
		return false
	}
	if key.Public() != want {
		t.Fatalf("a damaged file gives another key: %q", text)
	}
	return true
}

// keyFiles returns the text of a plain and of an encrypted file of one key.
func keyFiles(t testing.TB) (key keys.PrivateKey, plain, encrypted []byte) {
	t.Helper()
	key, err := keys.FromSeed([]byte(mark))
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	mustWrite(t, filepath.Join(directory, "plain"), key, nil)
	mustWrite(t, filepath.Join(directory, "encrypted"), key, []byte("right"))
	plain, err = os.ReadFile(filepath.Join(directory, "plain"))
	if err != nil {
		t.Fatal(err)
	}
	encrypted, err = os.ReadFile(filepath.Join(directory, "encrypted"))
	if err != nil {
		t.Fatal(err)
	}
	return key, plain, encrypted
}

func giveUp(int) ([]byte, error) { return nil, errors.New("nobody there") }

func TestTruncated(t *testing.T) {
	t.Parallel()
	key, plain, encrypted := keyFiles(t)
	for _, text := range [][]byte{plain, encrypted} {
		ask := func(int) ([]byte, error) { return []byte("right"), nil }
		if _, err := parse("key", text, ask); err != nil {
			t.Fatalf("the whole file: %v", err)
		}
		for n := range len(text) - 1 { // all but the line feed at the end, which carries nothing
			if mangled(t, text[:n], key.Public(), ask) {
				t.Errorf("accepted cut to %d of %d bytes", n, len(text))
			}
			if n > 0 && mangled(t, text[n:], key.Public(), ask) {
				t.Errorf("accepted without its first %d bytes", n)
			}
		}
		block, _ := pem.Decode(text)
		for n := range block.Bytes {
			cut := pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: block.Bytes[:n]})
			if mangled(t, cut, key.Public(), ask) {
				t.Errorf("accepted with %d of the %d bytes in it", n, len(block.Bytes))
			}
		}
		if mangled(t, pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: append(block.Bytes, 0)}), key.Public(), ask) {
			t.Error("accepted with a byte too many")
		}
	}
}

// TestEveryByteChanged changes each byte of a plain file's content in each bit.
func TestEveryByteChanged(t *testing.T) {
	t.Parallel()
	key, plain, encrypted := keyFiles(t)
	block, _ := pem.Decode(plain)
	refused := 0
	for i := range block.Bytes {
		for bit := range 8 {
			block.Bytes[i] ^= 1 << bit
			if !mangled(t, pem.EncodeToMemory(block), key.Public(), giveUp) {
				refused++
			}
			block.Bytes[i] ^= 1 << bit
		}
	}
	// The comment (9 bytes, and 4 of its length), and the public key that stands there a
	// third time, are read by nobody.
	if unread := 8 * (4 + 9 + 32); refused < 8*len(block.Bytes)-unread {
		t.Errorf("%d of %d changes refused, want all but %d at most", refused, 8*len(block.Bytes), unread)
	}
	for _, text := range [][]byte{plain, encrypted} {
		for i := range text {
			changed := bytes.Clone(text)
			changed[i] ^= 0x05
			mangled(t, changed, key.Public(), giveUp)
		}
	}
}

func FuzzRead(f *testing.F) {
	_, plain, encrypted := keyFiles(f)
	f.Add(plain)
	f.Add(encrypted)
	f.Add([]byte("-----BEGIN OPENSSH PRIVATE KEY-----\n"))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		checkParsed(t, text)
	})
}

// FuzzReadBody puts what the fuzzer finds into PEM, which it would rarely get right.
func FuzzReadBody(f *testing.F) {
	_, plain, encrypted := keyFiles(f)
	for _, text := range [][]byte{plain, encrypted} {
		block, _ := pem.Decode(text)
		f.Add(block.Bytes)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		checkParsed(t, pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: body}))
	})
}

// checkParsed asserts that a key from a hostile file is sound: it signs, and what it
// signs verifies under the key that the file shows.
func checkParsed(t *testing.T, text []byte) {
	before := bytes.Clone(text)
	key, err := parse("key", text, giveUp)
	if !bytes.Equal(text, before) {
		t.Error("parse changed its input")
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
