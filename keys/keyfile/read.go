package keyfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/internal/mistake"
)

// MaxFile is the size in bytes of the largest private key file that Read accepts.
const MaxFile = 64 << 10

// Read returns the private key in the file at path.
//
// When the file is encrypted, Read calls passphrase with attempt 1, 2 and 3 until what
// it returns opens the key, and overwrites each returned slice; then it fails with
// ErrPassphrase. An error from passphrase ends Read and is wrapped, so a passphrase that
// will not change should come with an error on attempt 2. A nil passphrase means
// nobody to ask.
//
// A file that others than its owner can read gives a *PermissionError (not on Windows).
func Read(path string, passphrase func(attempt int) ([]byte, error)) (keys.PrivateKey, error) {
	text, err := loadPrivate(path)
	if err != nil {
		return keys.PrivateKey{}, err
	}
	defer clear(text)
	return parse(path, text, passphrase)
}

// loadPrivate returns the text of a file that may hold a private key, and that nobody but
// its owner can read. All that reads private keys from files reads them here.
func loadPrivate(path string) ([]byte, error) {
	text, mode, err := load(path)
	if err != nil {
		return nil, err
	}
	// Which file this is comes before who may read it: nobody should chmod a license.
	err = refuseOther(path, text)
	switch {
	case err != nil:
	case len(text) > MaxFile:
		err = fmt.Errorf("%q is not a private key: more than %d bytes", path, MaxFile)
	case othersCanRead(mode):
		err = &PermissionError{Path: path, Mode: mode.Perm()}
	default:
		return text, nil
	}
	clear(text)
	return nil, err
}

// load returns the first MaxFile+1 bytes of a regular file.
func load(path string) ([]byte, fs.FileMode, error) {
	// Before opening, which may do something to a device.
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%q is not a regular file", path)
	}
	file, err := os.OpenFile(path, os.O_RDONLY|noWait, 0)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	// Again, for the file that was opened: a pipe may have taken the name meanwhile.
	if info, err = file.Stat(); err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%q is not a regular file", path)
	}
	// One buffer of full size, for growing ones would leave copies behind.
	text := make([]byte, MaxFile+1)
	n, err := io.ReadFull(file, text)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		clear(text)
		return nil, 0, err
	}
	return text[:n], info.Mode(), nil
}

// refuseOther names the file when it is one that people give for a private key.
func refuseOther(path string, text []byte) error {
	switch what := mistake.Name(string(text[:min(len(text), 128)])); what {
	case "", "a private key":
		return nil
	case "a public key":
		hint := "give the private key, which is in the file of the same name without .pub"
		if private, ok := strings.CutSuffix(path, ".pub"); ok {
			hint = "give " + shellWord(private)
		}
		return mistake.New(fmt.Sprintf("%q: this is a public key; a private key is wanted", path), hint, nil)
	case "a PuTTY private key":
		return mistake.New(fmt.Sprintf("%q: this is a PuTTY key; an OpenSSH private key is wanted", path),
			puttyHint(path), nil)
	default:
		return fmt.Errorf("%q: this is %s, not a key", path, what)
	}
}

func puttyHint(path string) string {
	return "puttygen " + shellWord(path) + " -O private-openssh-new -o NEW"
}
