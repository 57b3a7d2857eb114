package site

import (
	"bytes"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

var keyEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// marshalKey returns the text of a machine key:
//
//	"OLK1:" Base32(seed || sha256(seed)[:4]) LF
func marshalKey(key keys.PrivateKey) []byte {
	seed := key.Seed()
	defer clear(seed)
	checked := append(seed[:len(seed):len(seed)], checksum(seed)...)
	defer clear(checked)
	text := []byte(format.MachineKeyPrefix)
	text = keyEncoding.AppendEncode(text, checked)
	return append(text, '\n')
}

// parseKey reads exactly what marshalKey wrote. Its errors show nothing of the text.
func parseKey(text []byte) (keys.PrivateKey, error) {
	if len(text) == 0 {
		return keys.PrivateKey{}, errors.New("the machine key is empty, as after a crash: remove the file if no license is installed here, else restore it")
	}
	encoded, ok := bytes.CutPrefix(text, []byte(format.MachineKeyPrefix))
	if !ok || len(encoded) != keyEncoding.EncodedLen(keys.SeedSize+checksumSize)+1 {
		return keys.PrivateKey{}, fmt.Errorf("malformed machine key: want one line that starts with %s", format.MachineKeyPrefix)
	}
	checked := make([]byte, keys.SeedSize+checksumSize)
	defer clear(checked)
	if _, err := keyEncoding.Decode(checked, encoded[:len(encoded)-1]); err != nil {
		return keys.PrivateKey{}, errors.New("malformed machine key: it is not Base32")
	}
	seed := checked[:keys.SeedSize]
	if !bytes.Equal(checked[keys.SeedSize:], checksum(seed)) {
		return keys.PrivateKey{}, errors.New("malformed machine key: the checksum does not match")
	}
	key, err := keys.FromSeed(seed)
	if err != nil {
		return keys.PrivateKey{}, err
	}
	// Base32 decoders accept spare bits and line breaks.
	if again := marshalKey(key); !bytes.Equal(again, text) {
		return keys.PrivateKey{}, errors.New("malformed machine key: it is not in its one form")
	}
	return key, nil
}

// Key is the machine key of a site. The one in the directory is a file; one that is sealed
// in another place, such as a TPM, implements this and leaves no file behind.
type Key interface {
	Public() keys.PublicKey

	// Sign returns the Ed25519 signature of a message (RFC 8032), which is always the same.
	Sign(message []byte) ([]byte, error)
}

// seal signs a statement, and checks it: a faulty signature would cost a trip.
func seal(kind format.Kind, payload []byte, key Key) ([]byte, error) {
	public := key.Public()
	return format.Seal(kind, public.ID(), payload, func(message []byte) ([]byte, error) {
		signature, err := key.Sign(message)
		if err == nil && !public.Verify(message, signature) {
			err = errors.New("the machine key has made a signature that does not hold")
		}
		return signature, err
	})
}

// key returns the given machine key, or that of the directory, which is made if there is none.
func (s *State) key(given Key, random io.Reader) (Key, error) {
	if given != nil {
		return given, nil
	}
	return s.fileKey(random)
}

// ErrNoKey says that the machine key is missing. The vendor can free the seat without it.
var ErrNoKey = errors.New("the machine key of this site is missing, and only it can sign")

// madeKey returns the key that was given, or the one of the directory, which is not made anew.
func (s *State) madeKey(given Key) (Key, error) {
	if given != nil {
		return given, nil
	}
	key, err := s.readKey()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %q", ErrNoKey, s.path(keyFile))
	case err != nil:
		return nil, err
	}
	return key, nil
}

func (s *State) fileKey(random io.Reader) (keys.PrivateKey, error) {
	key, err := s.readKey()
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = keys.Generate(random); err != nil {
		return keys.PrivateKey{}, err
	}
	path := s.path(keyFile)
	err = atomicfile.Create(path, marshalKey(key), privateMode)
	switch {
	case err == nil:
		return key, nil
	case errors.Is(err, fs.ErrExist): // another process was first: there is one key
		return s.readKey()
	}
	return keys.PrivateKey{}, &fs.PathError{Op: "create", Path: path, Err: cause(err)}
}

// keyWarnings warns of a machine key that other users can read.
func (s *State) keyWarnings() []verify.Warning {
	path := s.path(keyFile)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 == 0 || runtime.GOOS == "windows" { // which has no such modes
		return nil
	}
	return []verify.Warning{verify.Warning{Code: KeyReadable, Value: path}.Says(
		"other users can read the machine key and sign in this site's name: chmod 600 %q", path)}
}

func (s *State) readKey() (keys.PrivateKey, error) {
	text, err := s.read(keyFile)
	if err != nil {
		return keys.PrivateKey{}, err
	}
	defer clear(text)
	key, err := parseKey(text)
	if err != nil {
		return keys.PrivateKey{}, fmt.Errorf("%s: %w", s.path(keyFile), err)
	}
	return key, nil
}
