// Package passkeytest has an authenticator for tests, with the browser before it.
package passkeytest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"maps"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// Authenticator has one passkey. What it says can be changed, for what is no good.
type Authenticator struct {
	testing.TB
	RP      string // whose it is
	ID      []byte
	Handle  []byte
	Flags   byte
	Counter uint32
	Client  map[string]any                      // what the browser says: type, challenge, origin
	Said    func(kind, challenge string) []byte // all of it, if not as Client says
	Public  map[int]any                         // COSE_Key
	Raw     []byte                              // the key as it is written, if not as Public says
	Behind  []byte                              // what comes behind it, or behind what is signed
	Object  map[string]any                      // of the attestation: fmt, attStmt, authData
	private crypto.Signer
}

// The flags that a good one has: somebody is there, and is verified.
const (
	Good     = 1 | 1<<2
	Backable = 1 << 3
	attested = 1 << 6
)

// New makes an authenticator with a key of an algorithm, at a browser that shows a site.
func New(t testing.TB, algorithm int, rp, origin string) *Authenticator {
	t.Helper()
	a := &Authenticator{TB: t, RP: rp, ID: make([]byte, 32), Flags: Good, Client: map[string]any{"origin": origin, "crossOrigin": false}}
	rand.Read(a.ID)
	switch algorithm {
	case -7:
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		a.ok(err)
		point, err := key.PublicKey.Bytes()
		a.ok(err)
		a.private, a.Public = key, map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]}
	case -8:
		public, key, err := ed25519.GenerateKey(rand.Reader)
		a.ok(err)
		a.private, a.Public = key, map[int]any{1: 1, 3: -8, -1: 6, -2: []byte(public)}
	case -257:
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		a.ok(err)
		a.private, a.Public = key, map[int]any{1: 3, 3: -257, -1: key.N.Bytes(), -2: []byte{1, 0, 1}}
	}
	return a
}

func (a *Authenticator) ok(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

func (a *Authenticator) client(kind, challenge string) []byte {
	if a.Said != nil {
		return a.Said(kind, challenge)
	}
	said := map[string]any{"type": kind, "challenge": challenge}
	maps.Copy(said, a.Client)
	raw, err := json.Marshal(said)
	a.ok(err)
	return raw
}

func (a *Authenticator) data(flags byte) []byte {
	hash := sha256.Sum256([]byte(a.RP))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), a.Counter)
}

// Create answers navigator.credentials.create.
func (a *Authenticator) Create(challenge string) (client, attestation []byte) {
	a.Helper()
	key := a.Raw
	if key == nil {
		key = a.canonical(a.Public)
	}
	data := append(a.data(a.Flags|attested), make([]byte, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.ID)))
	data = append(append(append(data, a.ID...), key...), a.Behind...)
	object := map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data}
	maps.Copy(object, a.Object)
	return a.client("webauthn.create", challenge), a.canonical(object)
}

// canonical is CBOR as CTAP2 wants it.
func (a *Authenticator) canonical(v any) []byte {
	a.Helper()
	mode, err := cbor.CTAP2EncOptions().EncMode()
	a.ok(err)
	raw, err := mode.Marshal(v)
	a.ok(err)
	return raw
}

// Get answers navigator.credentials.get.
func (a *Authenticator) Get(challenge string) (client, data, signature []byte) {
	a.Helper()
	client, data = a.client("webauthn.get", challenge), append(a.data(a.Flags), a.Behind...)
	hash := sha256.Sum256(client)
	message, options := append(data[:len(data):len(data)], hash[:]...), crypto.SignerOpts(crypto.SHA256)
	if _, plain := a.private.(ed25519.PrivateKey); plain {
		options = crypto.Hash(0)
	} else {
		digest := sha256.Sum256(message)
		message = digest[:]
	}
	signature, err := a.private.Sign(rand.Reader, message, options)
	a.ok(err)
	return client, data, signature
}
