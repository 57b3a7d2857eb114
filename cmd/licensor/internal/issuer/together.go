package issuer

import (
	"crypto/sha512"
	"io"

	"filippo.io/edwards25519"
	"github.com/offlicense/offlicense/keys"
)

// verifyTogether reports whether all signatures are by one key, in a quarter of the time
// that it takes to verify each. It asks whether a random sum of the verification
// equations holds,
//
//	z1 s1 B + z2 s2 B + ... = z1 (R1 + k1 A) + z2 (R2 + k2 A) + ...
//
// so that a wrong signature passes with a probability of 2^-127. True is what
// ed25519.Verify says of each. False is no answer: a signature may be wrong, or spelt in
// a way that no signer does.
//
// It is for signatures that were just made with the own key, and not for those of
// strangers: who has a private key can make two whose errors, points of low order, add
// up to nothing.
func verifyTogether(key keys.PublicKey, messages, signatures [][]byte, random io.Reader) bool {
	const size, half = 32, 16
	public := key.Bytes()
	a, err := new(edwards25519.Point).SetBytes(public)
	if err != nil {
		return false
	}
	coefficients := make([]byte, half*len(messages))
	if _, err := io.ReadFull(random, coefficients); err != nil {
		return false
	}
	var points []*edwards25519.Point
	var factors []*edwards25519.Scalar
	ofA, ofB := edwards25519.NewScalar(), edwards25519.NewScalar()
	hash := sha512.New()
	for i, signature := range signatures {
		if len(signature) != 2*size {
			return false
		}
		// Of a public key, and so of R, package keys refuses all but the one spelling.
		if _, err := keys.NewPublicKey(signature[:size]); err != nil {
			return false
		}
		r, err := new(edwards25519.Point).SetBytes(signature[:size])
		if err != nil {
			return false
		}
		s, err := edwards25519.NewScalar().SetCanonicalBytes(signature[size:])
		if err != nil {
			return false
		}
		hash.Reset()
		hash.Write(signature[:size])
		hash.Write(public)
		hash.Write(messages[i])
		k, err := edwards25519.NewScalar().SetUniformBytes(hash.Sum(nil))
		if err != nil {
			return false
		}
		var coefficient [size]byte
		copy(coefficient[:], coefficients[i*half:][:half])
		coefficient[0] |= 1 // odd: no multiple of it makes a point of low order vanish
		z, err := edwards25519.NewScalar().SetCanonicalBytes(coefficient[:])
		if err != nil {
			return false
		}
		points, factors = append(points, r), append(factors, z)
		ofA.MultiplyAdd(z, k, ofA)
		ofB.MultiplyAdd(z, s, ofB)
	}
	points = append(points, a, edwards25519.NewGeneratorPoint())
	factors = append(factors, ofA, ofB.Negate(ofB))
	sum := new(edwards25519.Point).VarTimeMultiScalarMult(factors, points)
	return sum.Equal(edwards25519.NewIdentityPoint()) == 1
}
