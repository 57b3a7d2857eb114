package keyfile

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"fmt"

	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/internal/mistake"
)

const (
	pkcs8Type      = "PRIVATE KEY"
	pkcs8Encrypted = "ENCRYPTED PRIVATE KEY"
)

// ReadPKCS8 returns the private key in the file at path, which is as ParsePKCS8 wants it.
// A file that others than its owner can read gives a *PermissionError (not on Windows).
func ReadPKCS8(path string) (keys.PrivateKey, error) {
	text, err := loadPrivate(path)
	if err != nil {
		return keys.PrivateKey{}, err
	}
	defer clear(text)
	key, err := parsePKCS8(text, path)
	if err != nil {
		return keys.PrivateKey{}, fmt.Errorf("%q: %w", path, err)
	}
	return key, nil
}

// ParsePKCS8 returns the Ed25519 private key in text, one PEM block with the label
// "PRIVATE KEY" and white space around it, as openssl genpkey -algorithm ed25519 writes
// it (RFC 8410, section 7). What it holds is for crypto/x509 to read. A public key beside
// the private one is passed over: the private one makes its own.
//
// The text stays as it is: the caller clears it.
func ParsePKCS8(text []byte) (keys.PrivateKey, error) { return parsePKCS8(text, "FILE") }

// parsePKCS8 is ParsePKCS8 with the path for the commands in hints.
func parsePKCS8(text []byte, path string) (keys.PrivateKey, error) {
	if len(text) > MaxFile {
		return keys.PrivateKey{}, fmt.Errorf("this is not a private key: more than %d bytes", MaxFile)
	}
	body, err := onePEM(bytes.TrimSpace(text), pkcs8Type, func(label string) error {
		return mistake.New(fmt.Sprintf("this is PEM of type %.64q; want %q", label, pkcs8Type),
			importThrough(path), nil)
	})
	if err != nil {
		return keys.PrivateKey{}, err
	}
	defer clear(body)
	parsed, err := x509.ParsePKCS8PrivateKey(body)
	if err != nil {
		return keys.PrivateKey{}, fmt.Errorf("malformed private key: %w", err)
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return keys.PrivateKey{}, mistake.New("this is a key of another type; an Ed25519 key is wanted",
			"openssl genpkey -algorithm ed25519 makes an Ed25519 key", nil)
	}
	defer clear(private)
	seed := private.Seed()
	defer clear(seed)
	return keys.FromSeed(seed)
}

// importThrough is the command that imports a private key which openssl can read.
func importThrough(path string) string {
	return "openssl pkey -in " + shellWord(path) + " | licensor key import --name NAME -"
}
