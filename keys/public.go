package keys

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// PublicKeySize is the length of an Ed25519 public key in bytes (RFC 8032, section 5.1.5).
const PublicKeySize = ed25519.PublicKeySize

// IDSize is the length of a key id in bytes.
const IDSize = 8

// ErrWeakKey says that a public key would verify signatures that nobody made: it is
// one of the eight low-order points, or a second spelling of some point.
var ErrWeakKey = errors.New("weak public key")

// PublicKey is an Ed25519 public key that was checked when it was made. The zero
// value holds no key and verifies nothing. PublicKeys compare with ==.
type PublicKey struct {
	raw [PublicKeySize]byte
	set bool
}

// NewPublicKey returns the key whose 32 byte encoding is raw. It refuses another
// length, and with ErrWeakKey every low-order or non-canonical encoding. 32 bytes that
// are no point of the curve at all pass, and verify nothing.
func NewPublicKey(raw []byte) (PublicKey, error) {
	if len(raw) != PublicKeySize {
		return PublicKey{}, fmt.Errorf("malformed public key: got %d bytes, want %d", len(raw), PublicKeySize)
	}
	if err := refuseWeak(raw); err != nil {
		return PublicKey{}, err
	}
	return PublicKey{raw: [PublicKeySize]byte(raw), set: true}, nil
}

// IsZero reports whether p holds no key.
func (p PublicKey) IsZero() bool { return !p.set }

// Bytes returns a copy of the 32 byte encoding, nil for the zero value.
func (p PublicKey) Bytes() []byte {
	if !p.set {
		return nil
	}
	return p.raw[:]
}

// Verify reports whether signature is p's signature of message.
func (p PublicKey) Verify(message, signature []byte) bool {
	return p.set && len(signature) == ed25519.SignatureSize && ed25519.Verify(p.raw[:], message, signature)
}

// Thumbprint returns the key's COSE Key Thumbprint with SHA-256 (RFC 9679): the hash
// of the canonical map {1: 1, -1: 6, -2: key}.
func (p PublicKey) Thumbprint() [sha256.Size]byte {
	coseKey := make([]byte, 0, 8+PublicKeySize)
	coseKey = append(coseKey, 0xa3, 0x01, 0x01, 0x20, 0x06, 0x21, 0x58, PublicKeySize)
	return sha256.Sum256(append(coseKey, p.raw[:]...))
}

// ID returns the first 8 bytes of the thumbprint: the kid of a statement. It finds a
// key; it never decides anything, for 8 bytes can be made to collide.
func (p PublicKey) ID() [IDSize]byte {
	thumbprint := p.Thumbprint()
	return [IDSize]byte(thumbprint[:])
}

// Fingerprint returns the key's name as OpenSSH prints it, such as "SHA256:wXk…",
// for comparing with ssh-keygen -l and ssh-add -l.
func (p PublicKey) Fingerprint() string {
	sum := sha256.Sum256(p.sshBlob())
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// String returns the fingerprint, or "no key".
func (p PublicKey) String() string {
	if !p.set {
		return "no key"
	}
	return p.Fingerprint()
}
