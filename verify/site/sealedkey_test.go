package site

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// sealedKey is a machine key that is in no file, such as one in a TPM.
type sealedKey struct {
	key    keys.PrivateKey
	faulty bool
}

func (k sealedKey) Public() keys.PublicKey { return k.key.Public() }

func (k sealedKey) Sign(message []byte) ([]byte, error) {
	signature, err := k.key.Sign(message)
	if k.faulty {
		signature[0] ^= 1
	}
	return signature, err
}

func sealed(t testing.TB) sealedKey {
	t.Helper()
	key, err := keys.FromSeed(bytes.Repeat([]byte{42}, keys.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return sealedKey{key: key}
}

// TestSealedKeyLeavesNoFile: a site whose key is kept elsewhere asks, runs, and gives up, and
// there is no key in its directory to steal.
func TestSealedKeyLeavesNoFile(t *testing.T) {
	s, key := At(filepath.Join(t.TempDir(), "S")), sealed(t)
	o := options(t)
	o.Key = key
	r := request(t, s, o)
	install(t, s, license(t, r, nil))
	if again := request(t, s, o); !bytes.Equal(again.Key, key.Public().Bytes()) {
		t.Error("another key")
	}
	if _, err := verifyAt(t, s, now); err != nil {
		t.Fatal(err)
	}
	give := releaseOptions(t)
	if _, err := s.Release(give); !errors.Is(err, ErrNoKey) {
		t.Errorf("without the key: got %v", err)
	}
	give.Key = sealedKey{key.key, true}
	if _, err := s.PreviewRelease(give); err != nil {
		t.Fatal(err)
	}
	give.Key = key
	first, err := s.Release(give)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verify.OpenRelease(first.Text, func(format.ID) (keys.PublicKey, error) { return key.Public(), nil }); err != nil {
		t.Error(err)
	}
	if again, err := s.Release(give); err != nil || !bytes.Equal(again.Text, first.Text) {
		t.Errorf("got %v, %v", again, err)
	}
	give.Key = sealedKey{key.key, true}
	if again, err := s.Release(give); again != nil || err == nil {
		t.Errorf("with a faulty signature: got %v, %v", again, err)
	}
	if _, err := os.Stat(s.path(keyFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key file: %v", err)
	}

	faulty := At(filepath.Join(t.TempDir(), "S"))
	o.Key = sealedKey{key.key, true}
	if r, err := faulty.Request(o); r != nil || err == nil {
		t.Errorf("with a faulty signature: got %v, %v", r, err)
	}
}
