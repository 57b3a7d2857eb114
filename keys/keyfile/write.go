package keyfile

import (
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"

	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/internal/mistake"
)

// maxComment is the length in bytes of the longest comment; ssh-keygen's limit is near.
const maxComment = 1000

// Write makes the file path, readable by its owner alone, with key in it, encrypted with
// passphrase; nil leaves it plain, which is the caller's decision. The passphrase stays
// as it is, for the caller may have a second key to write.
//
// A file at path is never overwritten: the error wraps fs.ErrExist. When Write
// returns nil, file and directory are on the disk; when it fails, the file is gone again.
func Write(path string, key keys.PrivateKey, comment string, passphrase []byte) error {
	if key.IsZero() {
		return errors.New("no private key to write")
	}
	comment, err := cleanComment(key.Public(), comment)
	if err != nil {
		return err
	}
	seed := key.Seed()
	defer clear(seed)
	expanded := ed25519.NewKeyFromSeed(seed)
	defer clear(expanded)

	var block *pem.Block
	switch {
	case passphrase == nil:
		block, err = ssh.MarshalPrivateKey(expanded, comment)
	case len(passphrase) == 0:
		return errors.New("an empty passphrase does not protect a private key")
	default:
		block, err = ssh.MarshalPrivateKeyWithPassphrase(expanded, comment, passphrase)
	}
	if err != nil {
		return fmt.Errorf("encoding the private key: %w", err)
	}
	defer clear(block.Bytes)
	text := pem.EncodeToMemory(block)
	defer clear(text)
	return create(path, 0o600, text, "a private key never overwrites a file")
}

// WritePublic makes the file path with key's OpenSSH line in it. A file that holds the
// same key already is left as it is, whatever its comment; any other is never
// overwritten: the error wraps fs.ErrExist.
func WritePublic(path string, key keys.PublicKey, comment string) error {
	if key.IsZero() {
		return errors.New("no public key to write")
	}
	comment, err := cleanComment(key, comment)
	if err != nil {
		return err
	}
	err = create(path, 0o644, []byte(key.MarshalLine(comment)+"\n"), "does not hold this key alone")
	if errors.Is(err, fs.ErrExist) && holds(path, key) {
		return nil
	}
	return err
}

// holds reports whether the file at path has key in it and no other.
func holds(path string, key keys.PublicKey) bool {
	text, _, err := load(path)
	if err != nil {
		return false
	}
	found, err := keys.ParsePublicFile(text)
	return err == nil && len(found) == 1 && found[0].PublicKey == key
}

// cleanComment returns comment as a public key's line carries it: ssh-keygen -y prints
// the comment of a private key, and a line feed in it would make a second line.
func cleanComment(key keys.PublicKey, comment string) (string, error) {
	if len(comment) > maxComment {
		return "", fmt.Errorf("comment of a key: got %d bytes, want at most %d", len(comment), maxComment)
	}
	line, err := keys.ParsePublicLine(key.MarshalLine(comment))
	return line.Comment, err
}

// create makes a new file that holds text, and removes it again when that fails. If
// there is a file already, the error says why it stays.
func create(path string, mode fs.FileMode, text []byte, stays string) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return mistake.New(fmt.Sprintf("%q exists, and %s", path, stays), "give another path, or move the file away", err)
	}
	if err != nil {
		return err
	}
	defer func() {
		if err == nil {
			return
		}
		file.Close() // a second time does no harm, and Windows removes no open file
		if gone := os.Remove(path); gone != nil {
			err = fmt.Errorf("%w (and the file could not be removed: %w)", err, gone)
		}
	}()
	if mode == 0o600 {
		if err := refuseSharedDirectory(path, file); err != nil {
			return err
		}
	}
	if _, err := file.Write(text); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// refuseSharedDirectory fails where the file system gave the new file to everybody all the
// same, as FAT on a USB stick does. Read would refuse the file, and no chmod would help.
func refuseSharedDirectory(path string, file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !othersCanRead(info.Mode()) {
		return nil
	}
	return mistake.New(fmt.Sprintf("%q: this file system keeps no permissions, so others could read the private key", path),
		"mount it with the option umask=077, or use one that keeps permissions, such as ext4", nil)
}
