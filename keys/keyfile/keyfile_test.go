package keyfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/keys"
)

// testKey returns a key that is the same in every run.
func testKey(t testing.TB, b byte) keys.PrivateKey {
	t.Helper()
	key, err := keys.FromSeed(bytes.Repeat([]byte{b}, keys.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// answers returns a passphrase function that gives one answer after the other, and a
// count of how often it was asked.
func answers(t testing.TB, phrases ...string) (func(int) ([]byte, error), *int) {
	t.Helper()
	asked := new(int)
	return func(attempt int) ([]byte, error) {
		*asked++
		if attempt != *asked {
			t.Errorf("got attempt %d, want %d", attempt, *asked)
		}
		if attempt > len(phrases) {
			t.Fatalf("asked %d times for a passphrase", attempt)
		}
		return []byte(phrases[attempt-1]), nil
	}, asked
}

func mustWrite(t testing.TB, path string, key keys.PrivateKey, passphrase []byte) {
	t.Helper()
	if err := Write(path, key, "a comment", passphrase); err != nil {
		t.Fatal(err)
	}
}

// hintOf returns what the command line would print below err.
func hintOf(err error) string {
	var hint interface{ Hint() string }
	if errors.As(err, &hint) {
		return hint.Hint()
	}
	return ""
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, passphrase := range []string{"", "correct horse", strings.Repeat("x", 200), "ÿ\x00\n"} {
		path := filepath.Join(t.TempDir(), "key")
		key := testKey(t, 1)
		var phrase []byte
		if passphrase != "" {
			phrase = []byte(passphrase)
		}
		mustWrite(t, path, key, phrase)
		if string(phrase) != passphrase {
			t.Errorf("Write changed the caller's passphrase to %q", phrase)
		}
		ask, asked := answers(t, passphrase)
		got, err := Read(path, ask)
		if err != nil || got.Public() != key.Public() || !bytes.Equal(got.Seed(), key.Seed()) {
			t.Errorf("passphrase %q: got %v, %v, want %v", passphrase, got, err, key)
		}
		if want := min(len(passphrase), 1); *asked != want {
			t.Errorf("passphrase %q: asked %d times, want %d", passphrase, *asked, want)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// The check bytes, and with a passphrase the salt, are new each time.
		second := filepath.Join(t.TempDir(), "key")
		mustWrite(t, second, key, phrase)
		if again, err := os.ReadFile(second); err != nil || bytes.Equal(again, text) {
			t.Errorf("passphrase %q: the same file twice, %v", passphrase, err)
		}
	}
}

func TestWrittenMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: Windows has no file modes")
	}
	directory := t.TempDir()
	mustWrite(t, filepath.Join(directory, "key"), testKey(t, 1), nil)
	if err := WritePublic(filepath.Join(directory, "key.pub"), testKey(t, 1).Public(), "c"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"key": 0o600, "key.pub": 0o644} {
		info, err := os.Stat(filepath.Join(directory, name))
		if err != nil {
			t.Fatal(err)
		}
		// The umask of whoever runs the test may take bits away.
		if got := info.Mode().Perm(); got&^want != 0 || got&0o600 != 0o600 {
			t.Errorf("%s: got mode %04o, want %04o", name, got, want)
		}
	}
}

func TestWriteNeverOverwrites(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "key")
	mustWrite(t, path, testKey(t, 1), nil)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dangling := filepath.Join(directory, "link")
	if err := os.Symlink(filepath.Join(directory, "nowhere"), dangling); err != nil && runtime.GOOS != "windows" {
		t.Fatal(err)
	}
	for _, existing := range []string{path, directory, dangling} {
		for _, key := range []keys.PrivateKey{testKey(t, 1), testKey(t, 2)} {
			if err := Write(existing, key, "", nil); !errors.Is(err, fs.ErrExist) || hintOf(err) == "" {
				t.Errorf("Write over %s: got %v, hint %q, want fs.ErrExist and a hint", existing, err, hintOf(err))
			}
		}
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the key that stood there changed: %v", err)
	}
	if _, err := os.Stat(filepath.Join(directory, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key was written through a dangling link: %v", err)
	}
}

func TestWriteRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	key := testKey(t, 1)
	for what, err := range map[string]error{
		"zero private key":  Write(path, keys.PrivateKey{}, "", nil),
		"empty passphrase":  Write(path, key, "", []byte{}),
		"long comment":      Write(path, key, strings.Repeat("x", maxComment+1), nil),
		"zero public key":   WritePublic(path, keys.PublicKey{}, ""),
		"long comment too":  WritePublic(path, key.Public(), strings.Repeat("x", maxComment+1)),
		"no such directory": Write(filepath.Join(path, "in", "there"), key, "", nil),
	} {
		if err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a refused Write left a file: %v", err)
	}
}

func TestWritePublic(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key.pub")
	one, two := testKey(t, 1).Public(), testKey(t, 2).Public()
	if err := WritePublic(path, one, "first\nsecond"); err != nil {
		t.Fatal(err)
	}
	want := one.MarshalLine("first second") + "\n"
	check := func() {
		t.Helper()
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	check()
	if err := WritePublic(path, one, "another comment"); err != nil {
		t.Errorf("the same key again: %v", err)
	}
	if err := WritePublic(path, two, ""); !errors.Is(err, fs.ErrExist) {
		t.Errorf("another key: got %v, want fs.ErrExist", err)
	}
	check()
	for _, text := range []string{"", "notes", want + two.MarshalLine("") + "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := WritePublic(path, one, ""); !errors.Is(err, fs.ErrExist) {
			t.Errorf("over %.20q: got %v, want fs.ErrExist", text, err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("got %q, %v, want %q", got, err, text)
		}
	}
}

func TestPassphrase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	key := testKey(t, 1)
	mustWrite(t, path, key, []byte("right"))

	ask, asked := answers(t, "wrong", "", "right")
	if got, err := Read(path, ask); err != nil || got.Public() != key.Public() || *asked != 3 {
		t.Errorf("right the third time: got %v, %v after %d tries", got, err, *asked)
	}

	ask, asked = answers(t, "secret one", "Right", "right ")
	got, err := Read(path, ask)
	if !errors.Is(err, ErrPassphrase) || !got.IsZero() || *asked != 3 {
		t.Errorf("wrong three times: got %v, %v after %d tries, want ErrPassphrase after 3", got, err, *asked)
	}
	if err != nil && strings.Contains(err.Error(), "secret one") {
		t.Errorf("the error shows a passphrase: %v", err)
	}

	if got, err := Read(path, nil); !errors.Is(err, ErrPassphrase) || !got.IsZero() {
		t.Errorf("nobody to ask: got %v, %v, want ErrPassphrase", got, err)
	}

	gaveUp := errors.New("gave up")
	times := 0
	got, err = Read(path, func(int) ([]byte, error) { times++; return nil, gaveUp })
	if !errors.Is(err, gaveUp) || errors.Is(err, ErrPassphrase) || !got.IsZero() || times != 1 {
		t.Errorf("gave up: got %v, %v after %d tries", got, err, times)
	}
}

func TestPassphraseIsWiped(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	mustWrite(t, path, testKey(t, 1), []byte("right"))
	given := [][]byte{[]byte("wrong"), []byte("right")}
	if _, err := Read(path, func(attempt int) ([]byte, error) { return given[attempt-1], nil }); err != nil {
		t.Fatal(err)
	}
	for _, phrase := range given {
		if !bytes.Equal(phrase, make([]byte, len(phrase))) {
			t.Errorf("passphrase %q was left in memory", phrase)
		}
	}
}

// TestNotAPrivateKey gives Read what people give it by mistake. All of these can be read
// by everybody, and the mistake is named all the same.
func TestNotAPrivateKey(t *testing.T) {
	directory := t.TempDir()
	public := testKey(t, 1).Public().MarshalLine("me")
	pemText := func(label string) string {
		return fmt.Sprintf("-----BEGIN %[1]s-----\nAAAA\n-----END %[1]s-----\n", label)
	}
	for i, c := range []struct{ text, want, hint string }{
		{public, "this is a public key", "give "},
		{"ssh-rsa AAAA me", "this is a public key", "give "},
		{"sk-ssh-ed25519@openssh.com AAAA me", "this is a public key", "give "},
		{pemText("PUBLIC KEY"), "this is a public key", "give "},
		{"---- BEGIN SSH2 PUBLIC KEY ----\nAAAA", "this is a public key", "give "},
		{"OLL1:MZXW6", "this is a license, not a key", ""},
		{"\n oll1:mzxw6", "this is a license, not a key", ""},
		{"OLL1/2-5:MZXW6", "this is a license, not a key", ""},
		{"OLL2:" + strings.Repeat("A", 2*MaxFile), "this is a license, not a key", ""},
		{"OLQ1:MZXW6", "this is a request, not a key", ""},
		{"OLS1:MZXW6", "this is a request, not a key", ""},
		{"OLR1:MZXW6", "this is a release, not a key", ""},
		{"OLD1:MZXW6", "this is a delegation, not a key", ""},
		{"OLV1:MZXW6", "this is a revocation list, not a key", ""},
		{pemText("CERTIFICATE"), "this is a certificate, not a key", ""},
		{"PuTTY-User-Key-File-3: ssh-ed25519\n", "this is a PuTTY key", "puttygen "},
		{strings.Repeat("x", MaxFile+1), "more than 65536 bytes", ""},
	} {
		path := filepath.Join(directory, fmt.Sprintf("%d.pub", i))
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		key, err := Read(path, nil)
		if err == nil || !key.IsZero() || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: got %v, %v, want an error with %q", c.text, key, err, c.want)
		}
		if hint := hintOf(err); !strings.HasPrefix(hint, c.hint) || (hint == "") != (c.hint == "") {
			t.Errorf("%.40q: got hint %q, want %q…", c.text, hint, c.hint)
		}
	}
	for _, c := range []struct{ text, want, hint string }{
		{"", "malformed private key", ""},
		{"OLX1:AAAA", "malformed private key", ""},
		{"\x00\x01\x02", "malformed private key", ""},
		{pemText("PRIVATE KEY"), "a PKCS#8 key", "licensor key import --name NAME key"},
		{pemText("ENCRYPTED PRIVATE KEY"), "an encrypted PKCS#8 key", "openssl pkey -in key | licensor key import --name NAME -"},
		{pemText("RSA PRIVATE KEY"), "an RSA key", "ssh-keygen -t"},
		{pemText("EC PRIVATE KEY"), "an ECDSA key", "ssh-keygen -t"},
		{pemText("DSA PRIVATE KEY"), "a DSA key", "ssh-keygen -t"},
		{pemText("X PRIVATE KEY"), `"X PRIVATE KEY"`, ""},
		{pemText("OPENSSH PRIVATE KEY"), "not in OpenSSH's format", ""},
	} {
		key, err := parse("key", []byte(c.text), nil)
		if err == nil || !key.IsZero() || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: got %v, %v, want an error with %q", c.text, key, err, c.want)
		}
		if hint := hintOf(err); !strings.HasPrefix(hint, c.hint) || (hint == "") != (c.hint == "") {
			t.Errorf("%.40q: got hint %q, want %q…", c.text, hint, c.hint)
		}
	}
	if _, err := Read(filepath.Join(directory, "none"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: got %v, want fs.ErrNotExist", err)
	}
	if _, err := Read(directory, nil); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a directory: got %v", err)
	}
}

func TestShellWord(t *testing.T) {
	for path, want := range map[string]string{
		"/home/anna/.keys/root": "/home/anna/.keys/root",
		"-rf":                   "./-rf",
		"":                      "''",
		"my key":                "'my key'",
		"it's":                  `'it'\''s'`,
		"$(reboot)":             "'$(reboot)'",
		"a\nb":                  "'a\nb'",
	} {
		if got := shellWord(path); got != want {
			t.Errorf("shellWord(%q) = %s, want %s", path, got, want)
		}
	}
}
