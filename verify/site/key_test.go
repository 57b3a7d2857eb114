package site

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

func testKey(t testing.TB) keys.PrivateKey {
	t.Helper()
	key, err := keys.FromSeed(bytes.Repeat([]byte{7}, keys.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestKeyText(t *testing.T) {
	text := marshalKey(testKey(t))
	got, err := parseKey(text)
	if err != nil || got.Public() != testKey(t).Public() {
		t.Fatalf("got %v, %v", got, err)
	}
	for i := range text {
		for _, b := range []byte{text[i] ^ 1, text[i] ^ 0x20, '\n', 'A', '='} {
			if b == text[i] {
				continue
			}
			changed := bytes.Clone(text)
			changed[i] = b
			_, err := parseKey(changed)
			if err == nil {
				t.Fatalf("byte %d: %q passes for %q", i, b, text[i])
			}
			if strings.Contains(err.Error(), string(text[10:20])) {
				t.Fatalf("the error shows the key: %v", err)
			}
		}
		if _, err := parseKey(text[:i]); err == nil {
			t.Fatalf("the first %d bytes pass", i)
		}
	}
	for _, more := range []string{"\n", " ", "A"} {
		if _, err := parseKey(append(bytes.Clone(text), more...)); err == nil {
			t.Errorf("%q at the end passes", more)
		}
	}
}

func FuzzKey(f *testing.F) {
	f.Add(marshalKey(testKey(f)))
	f.Add([]byte(format.MachineKeyPrefix))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		key, err := parseKey(text)
		if err != nil {
			if !key.IsZero() {
				t.Error("a key and an error")
			}
			return
		}
		if !bytes.Equal(marshalKey(key), text) {
			t.Errorf("%q is a second spelling", text)
		}
	})
}

func TestKeyIsMadeOnce(t *testing.T) {
	s := At(filepath.Join(t.TempDir(), "S"))
	first := request(t, s, options(t))
	key := file(t, s, keyFile)
	info, err := os.Stat(s.path(keyFile))
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("machine key has the mode %o", info.Mode().Perm())
	}
	o := options(t)
	o.Now = o.Now.AddDate(1, 0, 0)
	if len(first.Warnings) != 0 {
		t.Errorf("got the warnings %q", first.Warnings)
	}
	if err := os.Chmod(s.path(keyFile), 0o644); err != nil {
		t.Fatal(err)
	}
	second := request(t, s, o)
	if runtime.GOOS != "windows" && (len(second.Warnings) != 1 || !strings.Contains(second.Warnings[0].Text, "chmod 600")) {
		t.Errorf("a key that all can read: got the warnings %q", second.Warnings)
	}
	if !bytes.Equal(first.Key, second.Key) || first.Hash == second.Hash {
		t.Error("want two requests by one key")
	}
	sameFile(t, s, keyFile, key)

	// A damaged key is never replaced: the license would be lost with it.
	put(t, s, keyFile, key[:20])
	if _, err := s.Request(options(t)); err == nil {
		t.Error("a request with a damaged key")
	}
	sameFile(t, s, keyFile, key[:20])
}
