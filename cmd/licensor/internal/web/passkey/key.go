package passkey

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"math/big"

	"github.com/offlicense/offlicense/keys"
)

// Algorithms are those of COSE that a passkey may have, the best first: ES256, EdDSA, RS256
// (RFC 9053, RFC 8812).
var Algorithms = []int{-7, -8, -257}

// What stands before each part of a key. A COSE_Key is in CTAP2 canonical CBOR and has its
// algorithm and no other optional parameter (section 6.5.1), so one key has one spelling.
var (
	headES256   = []byte{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32} // {1: 2, 3: -7, -1: 1, -2: x
	headY       = []byte{0x22, 0x58, 32}                               // -3: y}
	headEd25519 = []byte{0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32} // {1: 1, 3: -8, -1: 6, -2: x}
	headRS256   = []byte{0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x59}        // {1: 3, 3: -257, -1: n
	tailRS256   = []byte{0x21, 0x43, 1, 0, 1}                          // -2: 65537}
)

// publicKey checks a signature of a message.
type publicKey func(message, signature []byte) bool

// parseKey reads a COSE_Key. The point is on the curve, and of no low order; an RSA key has 2048
// to 4096 bits.
func parseKey(raw []byte) (publicKey, error) {
	if rest, ok := bytes.CutPrefix(raw, headES256); ok && len(rest) == 32+len(headY)+32 && bytes.HasPrefix(rest[32:], headY) {
		point := bytes.Join([][]byte{{4}, rest[:32], rest[32+len(headY):]}, nil)
		if public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point); err == nil {
			return func(message, signature []byte) bool {
				hash := sha256.Sum256(message)
				return ecdsa.VerifyASN1(public, hash[:], signature)
			}, nil
		}
	} else if rest, ok := bytes.CutPrefix(raw, headEd25519); ok {
		if public, err := keys.NewPublicKey(rest); err == nil {
			return public.Verify, nil
		}
	} else if rest, ok := bytes.CutPrefix(raw, headRS256); ok && len(rest) > 2 {
		text, ok := bytes.CutSuffix(rest[2:], tailRS256)
		n := new(big.Int).SetBytes(text)
		bits := n.BitLen()
		if ok && len(text) == int(binary.BigEndian.Uint16(rest)) && len(text) == (bits+7)/8 && bits >= 2048 && bits <= 4096 && n.Bit(0) == 1 {
			public := &rsa.PublicKey{N: n, E: 65537}
			return func(message, signature []byte) bool {
				hash := sha256.Sum256(message)
				return rsa.VerifyPKCS1v15(public, crypto.SHA256, hash[:], signature) == nil
			}, nil
		}
	}
	return nil, ErrKey
}
