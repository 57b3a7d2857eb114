package keys

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
)

// SeedSize is the length of a private key's seed in bytes (RFC 8032, section 5.1.5).
const SeedSize = ed25519.SeedSize

// Signer signs with a key that it may keep elsewhere, such as in an agent.
type Signer interface {
	Public() PublicKey
	// Sign returns the 64 byte Ed25519 signature of message.
	Sign(message []byte) ([]byte, error)
}

// PrivateKey is an Ed25519 private key in memory. The zero value signs nothing.
// Printing one, in whatever format, shows no more than its public fingerprint.
type PrivateKey struct {
	// A function, for fmt never calls Format under %p and %w, nor on an unexported field
	// of another struct; it prints what it finds there, through pointers too, but of a
	// function the address alone.
	secret func() ed25519.PrivateKey
}

// Generate makes a key from 32 bytes of random.
func Generate(random io.Reader) (PrivateKey, error) {
	seed := make([]byte, SeedSize)
	defer clear(seed)
	if _, err := io.ReadFull(random, seed); err != nil {
		return PrivateKey{}, fmt.Errorf("making a key: %w", err)
	}
	return FromSeed(seed)
}

// FromSeed returns the key with the given 32 byte seed.
func FromSeed(seed []byte) (PrivateKey, error) {
	if len(seed) != SeedSize {
		return PrivateKey{}, fmt.Errorf("malformed private key: got a seed of %d bytes, want %d", len(seed), SeedSize)
	}
	key := ed25519.NewKeyFromSeed(seed)
	return PrivateKey{secret: func() ed25519.PrivateKey { return key }}, nil
}

// Seed returns a copy of the secret that makes the key, nil for a zero key. Only what
// stores keys calls it, and wipes the copy when it is done.
func (k PrivateKey) Seed() []byte {
	if k.secret == nil {
		return nil
	}
	return k.secret().Seed()
}

// IsZero reports whether k holds no key.
func (k PrivateKey) IsZero() bool { return k.secret == nil }

// Public returns the public half, the zero value for a zero key.
func (k PrivateKey) Public() PublicKey {
	if k.secret == nil {
		return PublicKey{}
	}
	return PublicKey{raw: [PublicKeySize]byte(k.secret()[SeedSize:]), set: true}
}

// Sign implements Signer.
func (k PrivateKey) Sign(message []byte) ([]byte, error) {
	if k.secret == nil {
		return nil, errors.New("no private key")
	}
	return ed25519.Sign(k.secret(), message), nil
}

// Format prints the public fingerprint whatever the verb, so that no log shows a secret.
func (k PrivateKey) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "private key of %s", k.Public())
}
