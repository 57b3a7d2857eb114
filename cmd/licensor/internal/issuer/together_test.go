package issuer

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"filippo.io/edwards25519"
	"github.com/offlicense/offlicense/keys"
)

// signedMessages are n messages with the signatures of one key.
func signedMessages(t testing.TB, n int) (key keys.PrivateKey, messages, signatures [][]byte) {
	t.Helper()
	key, err := keys.FromSeed(bytes.Repeat([]byte{5}, keys.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		message := fmt.Appendf(nil, "license %d", i)
		signature, err := key.Sign(message)
		if err != nil {
			t.Fatal(err)
		}
		messages, signatures = append(messages, message), append(signatures, signature)
	}
	return key, messages, signatures
}

func TestTogetherIsAsOneByOne(t *testing.T) {
	const n = 70
	key, messages, signatures := signedMessages(t, n)
	for _, some := range []int{0, 1, 2, 3, n} {
		if !verifyTogether(key.Public(), messages[:some], signatures[:some], rand.Reader) {
			t.Errorf("%d good signatures do not verify", some)
		}
	}
	other, err := keys.FromSeed(bytes.Repeat([]byte{6}, keys.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	if verifyTogether(other.Public(), messages, signatures, rand.Reader) {
		t.Error("the signatures verify under another key")
	}
	swapped := slices.Clone(signatures)
	swapped[1], swapped[2] = swapped[2], swapped[1]
	if verifyTogether(key.Public(), messages, swapped, rand.Reader) {
		t.Error("two signatures verify in each other's place")
	}
}

// One wrong signature among good ones is found, wherever it is wrong.
func TestTogetherFindsTheWrongOne(t *testing.T) {
	const n, wrong = 5, 3
	key, messages, signatures := signedMessages(t, n)
	good := signatures[wrong]
	try := func(what string, signature []byte) {
		t.Helper()
		if key.Public().Verify(messages[wrong], signature) {
			t.Fatalf("%s: a good signature", what)
		}
		all := slices.Clone(signatures)
		all[wrong] = signature
		if verifyTogether(key.Public(), messages, all, rand.Reader) {
			t.Errorf("%s: not found", what)
		}
	}
	for bit := range 8 * len(good) {
		flipped := slices.Clone(good)
		flipped[bit/8] ^= 1 << (bit % 8)
		try(fmt.Sprint("bit ", bit), flipped)
	}
	for _, length := range []int{0, 1, 32, 63} {
		try(fmt.Sprint(length, " bytes"), good[:length])
	}
	try("a byte too many", append(slices.Clone(good), 0))
	try("S + L", plusOrder(good))
	try("nothing", make([]byte, ed25519.SignatureSize))
}

// plusOrder is the second spelling of a signature's S, which RFC 8032 refuses.
func plusOrder(signature []byte) []byte {
	order, err := hex.DecodeString("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	if err != nil {
		panic(err)
	}
	signature = slices.Clone(signature)
	carry := 0
	for i, b := range order {
		carry += int(signature[32+i]) + int(b)
		signature[32+i] = byte(carry)
		carry >>= 8
	}
	return signature
}

// A signature that is wrong by a point of low order, which only who has the key can
// make, does not vanish in the sum.
func TestTogetherFindsPointsOfLowOrder(t *testing.T) {
	seed := bytes.Repeat([]byte{5}, keys.SeedSize)
	digest := sha512.Sum512(seed)
	secret, err := edwards25519.NewScalar().SetBytesWithClamping(digest[:32])
	if err != nil {
		t.Fatal(err)
	}
	ofOrder8, err := hex.DecodeString("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
	if err != nil {
		t.Fatal(err)
	}
	low, err := new(edwards25519.Point).SetBytes(ofOrder8)
	if err != nil {
		t.Fatal(err)
	}
	key, messages, signatures := signedMessages(t, 4)
	wrongBy := edwards25519.NewIdentityPoint()
	for multiple := 1; multiple < 8; multiple++ {
		wrongBy.Add(wrongBy, low)
		random, err := edwards25519.NewScalar().SetUniformBytes(bytes.Repeat([]byte{byte(multiple)}, 64))
		if err != nil {
			t.Fatal(err)
		}
		r := new(edwards25519.Point).ScalarBaseMult(random)
		encoded := r.Add(r, wrongBy).Bytes()
		hash := sha512.Sum512(slices.Concat(encoded, key.Public().Bytes(), messages[2]))
		k, err := edwards25519.NewScalar().SetUniformBytes(hash[:])
		if err != nil {
			t.Fatal(err)
		}
		signatures[2] = append(encoded, k.MultiplyAdd(k, secret, random).Bytes()...)
		if key.Public().Verify(messages[2], signatures[2]) {
			t.Fatalf("%d: a good signature", multiple)
		}
		for range 50 {
			if verifyTogether(key.Public(), messages, signatures, rand.Reader) {
				t.Fatalf("%d times a point of order 8: not found", multiple)
			}
		}
	}
}

// BenchmarkVerifyTogether: µs/signature is to be compared with that of "one by one".
func BenchmarkVerifyTogether(b *testing.B) {
	key, messages, signatures := signedMessages(b, 256)
	for _, n := range []int{2, 16, 64, 256} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if !verifyTogether(key.Public(), messages[:n], signatures[:n], rand.Reader) {
					b.Fatal("good signatures do not verify")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1e3/float64(b.N*n), "µs/signature")
		})
	}
	b.Run("one by one", func(b *testing.B) {
		for b.Loop() {
			if !key.Public().Verify(messages[0], signatures[0]) {
				b.Fatal("a good signature does not verify")
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1e3/float64(b.N), "µs/signature")
	})
}
