package passkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"

	"github.com/fxamacker/cbor/v2"
)

// Algorithms are those of COSE that a passkey may have, the best first: ES256, EdDSA, RS256
// (RFC 9053, RFC 8812).
var Algorithms = []int{-7, -8, -257}

// decoding is strict: authenticators write CTAP2 canonical CBOR.
var decoding = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		MaxNestedLevels: 8, MaxArrayElements: 64, MaxMapPairs: 64,
	}.DecMode()
	if err != nil {
		panic(err) // the options
	}
	return mode
}()

// coseKey has the parameters of all three kinds; -1, -2 and -3 are another thing in each.
type coseKey struct {
	Kind      int             `cbor:"1,keyasint"`
	Algorithm int             `cbor:"3,keyasint"`
	Minus1    cbor.RawMessage `cbor:"-1,keyasint"`
	Minus2    []byte          `cbor:"-2,keyasint"`
	Minus3    []byte          `cbor:"-3,keyasint"`
}

type publicKey struct{ crypto.PublicKey }

// parseKey reads a COSE_Key. The point is on the curve; an RSA key has 2048 to 4096 bits.
func parseKey(raw []byte) (*publicKey, error) {
	var k coseKey
	if len(raw) > maxData || decoding.Unmarshal(raw, &k) != nil {
		return nil, ErrKey
	}
	curve, modulus := 0, []byte(nil)
	if k.Algorithm == -257 {
		if decoding.Unmarshal(k.Minus1, &modulus) != nil {
			return nil, ErrKey
		}
	} else if decoding.Unmarshal(k.Minus1, &curve) != nil {
		return nil, ErrKey
	}
	switch {
	case k.Kind == 2 && k.Algorithm == -7 && curve == 1 && len(k.Minus2) == 32 && len(k.Minus3) == 32:
		point := append(append([]byte{4}, k.Minus2...), k.Minus3...)
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		if err != nil {
			return nil, ErrKey
		}
		return &publicKey{public}, nil
	case k.Kind == 1 && k.Algorithm == -8 && curve == 6 && len(k.Minus2) == ed25519.PublicKeySize:
		return &publicKey{ed25519.PublicKey(k.Minus2)}, nil
	case k.Kind == 3 && k.Algorithm == -257:
		n, e := new(big.Int).SetBytes(modulus), new(big.Int).SetBytes(k.Minus2)
		if n.BitLen() < 2048 || n.BitLen() > 4096 || n.Bit(0) == 0 || !e.IsInt64() || e.Int64() != 65537 {
			return nil, ErrKey
		}
		return &publicKey{&rsa.PublicKey{N: n, E: 65537}}, nil
	}
	return nil, ErrKey
}

func (k *publicKey) verify(message, signature []byte) bool {
	hash := sha256.Sum256(message)
	switch public := k.PublicKey.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(public, hash[:], signature)
	case ed25519.PublicKey:
		return ed25519.Verify(public, message, signature)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, hash[:], signature) == nil
	}
	return false
}
