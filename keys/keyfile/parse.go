package keyfile

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"

	"github.com/offlicense/offlicense/keys"
)

// maxTries is how often Read asks for the passphrase.
const maxTries = 3

const pemType = "OPENSSH PRIVATE KEY"

// parse reads the private key in text. The path is for errors and hints.
func parse(path string, text []byte, passphrase func(int) ([]byte, error)) (keys.PrivateKey, error) {
	body, err := onePEM(text, pemType, func(label string) error { return otherPEM(path, label) })
	if err != nil {
		return keys.PrivateKey{}, fmt.Errorf("%q: %w", path, err)
	}
	defer clear(body)
	box, err := parseEnvelope(body)
	if err != nil {
		return keys.PrivateKey{}, fmt.Errorf("%q: %w", path, err)
	}
	// All of this before the passphrase: nobody should type one for a key that cannot be used.
	public, err := box.publicKey()
	if err != nil {
		return keys.PrivateKey{}, fmt.Errorf("%q: %w", path, err)
	}
	if err := box.readable(path); err != nil {
		return keys.PrivateKey{}, err
	}
	opened, err := open(path, text, box.encrypted(), passphrase)
	if err != nil {
		return keys.PrivateKey{}, err
	}
	raw, ok := opened.(*ed25519.PrivateKey)
	if !ok {
		return keys.PrivateKey{}, fmt.Errorf("%q: the private part is a key of another type than the public part", path)
	}
	defer clear(*raw)
	// The public half is computed anew, never taken from the file: signing with a public
	// half that is not the private one's gives the private one away.
	seed := raw.Seed()
	defer clear(seed)
	key, err := keys.FromSeed(seed)
	if err != nil {
		return keys.PrivateKey{}, err
	}
	if key.Public() != public || !bytes.Equal((*raw)[ed25519.SeedSize:], public.Bytes()) {
		return keys.PrivateKey{}, fmt.Errorf("%q: the public part does not match the private part", path)
	}
	return key, nil
}

// open lets the library take the private part out of text.
func open(path string, text []byte, encrypted bool, passphrase func(int) ([]byte, error)) (any, error) {
	// What the library says of a private part is not passed on: it may quote from it.
	malformed := fmt.Errorf("%q: malformed private key: the private part does not decode", path)
	if !encrypted {
		opened, err := ssh.ParseRawPrivateKey(text)
		if err != nil {
			return nil, malformed
		}
		return opened, nil
	}
	if passphrase == nil {
		return nil, fmt.Errorf("%q is encrypted: %w", path, errNoPassphrase)
	}
	for attempt := 1; attempt <= maxTries; attempt++ {
		phrase, err := passphrase(attempt)
		if err != nil {
			clear(phrase)
			return nil, fmt.Errorf("passphrase of %q: %w", path, err)
		}
		if len(phrase) == 0 {
			continue // the format has no empty passphrase, so it is a wrong one
		}
		opened, err := ssh.ParseRawPrivateKeyWithPassphrase(text, phrase)
		clear(phrase)
		if err == nil {
			return opened, nil
		}
		if !errors.Is(err, x509.IncorrectPasswordError) {
			return nil, malformed
		}
	}
	return nil, fmt.Errorf("%q: %w, %d times", path, ErrPassphrase, maxTries)
}
