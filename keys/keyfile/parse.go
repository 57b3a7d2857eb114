package keyfile

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"

	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/internal/mistake"
)

// maxTries is how often Read asks for the passphrase.
const maxTries = 3

const pemType = "OPENSSH PRIVATE KEY"

// parse reads the private key in text. The path stands in errors and hints.
func parse(path string, text []byte, passphrase func(int) ([]byte, error)) (keys.PrivateKey, error) {
	body, err := unwrapPEM(path, text)
	if err != nil {
		return keys.PrivateKey{}, err
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

// unwrapPEM returns what the one PEM block of text holds.
func unwrapPEM(path string, text []byte) ([]byte, error) {
	if !bytes.HasPrefix(text, []byte("-----BEGIN ")) {
		return nil, fmt.Errorf("%q: malformed private key: it does not start with %q", path, "-----BEGIN "+pemType+"-----")
	}
	block, rest := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%q: malformed private key: a line is damaged or missing", path)
	}
	if block.Type != pemType {
		clear(block.Bytes)
		return nil, otherPEM(path, block.Type)
	}
	if len(block.Headers) > 0 || len(bytes.TrimSpace(rest)) > 0 {
		clear(block.Bytes)
		return nil, fmt.Errorf("%q: malformed private key: more than one key stands in the file", path)
	}
	return block.Bytes, nil
}

// otherPEM says which other kind of private key a PEM block holds.
func otherPEM(path, label string) error {
	kinds := map[string]string{
		"RSA PRIVATE KEY": "an RSA",
		"EC PRIVATE KEY":  "an ECDSA",
		"DSA PRIVATE KEY": "a DSA",
	}
	switch label {
	case "PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
		return &mistake.Error{
			Text: fmt.Sprintf("%q: this is a PKCS#8 key, as openssl writes it; an OpenSSH private key is wanted", path),
			Mend: "ssh-keygen -p -f " + shellWord(path) + " rewrites an Ed25519 key as OpenSSH writes it (OpenSSH 9.6 or later)",
		}
	case "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY":
		return &mistake.Error{
			Text: fmt.Sprintf("%q: this is %s key; an Ed25519 key is wanted", path, kinds[label]),
			Mend: makeOne,
		}
	default:
		return fmt.Errorf("%q: this is PEM of type %.64q; want %q", path, label, pemType)
	}
}

const makeOne = "ssh-keygen -t ed25519 makes an Ed25519 key"
