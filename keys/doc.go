// Package keys holds Ed25519 keys and their text forms.
//
// A key is trusted because of where it came from, never because of what it says: a
// public key that a statement carries proves nothing until a key that was trusted
// before vouches for it. What this package adds is that a key of this type cannot be
// one under which forgeries verify. [NewPublicKey] is the only way in, and it refuses
// the low-order points and every non-canonical encoding; a PublicKey that nobody set
// verifies nothing.
//
// Public keys are OpenSSH lines, so that any administrator can read and compare them:
//
//	ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI… acme.example
//
// Inside a statement a key is named by the first 8 bytes of its COSE Key Thumbprint
// (RFC 9679). Private keys at rest, and in an ssh-agent, are package keyfile's subject.
//
// A [Signer] may be such an agent, which can answer anything: an implementation of Signer for a
// key that is kept elsewhere verifies each signature with Public before returning it, and
// who was given a Signer compares its Public with the key that should sign. A [PrivateKey]
// cannot be wiped: its secret stays in memory as long as something refers to it.
package keys
