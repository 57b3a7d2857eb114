package keys

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"testing"
)

var p25519 = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))

// point is an affine point of the curve -x² + y² = 1 + dx²y² (RFC 8032, section 5.1).
type point struct{ x, y *big.Int }

func mod(x *big.Int) *big.Int { return x.Mod(x, p25519) }

func mul(factors ...*big.Int) *big.Int {
	product := big.NewInt(1)
	for _, f := range factors {
		mod(product.Mul(product, f))
	}
	return product
}

func divide(a, b *big.Int) *big.Int { return mul(a, new(big.Int).ModInverse(mod(b), p25519)) }

func curveD() *big.Int { return divide(big.NewInt(-121665), big.NewInt(121666)) }

func (p point) add(q point) point {
	xy := mul(curveD(), p.x, q.x, p.y, q.y)
	one := big.NewInt(1)
	return point{
		divide(new(big.Int).Add(mul(p.x, q.y), mul(q.x, p.y)), new(big.Int).Add(one, xy)),
		divide(new(big.Int).Add(mul(p.y, q.y), mul(p.x, q.x)), new(big.Int).Sub(one, xy)),
	}
}

func (p point) encode() []byte { return encode(p.y, byte(p.x.Bit(0))) }

// encode writes a number of 255 bits little-endian with the sign on top.
func encode(y *big.Int, sign byte) []byte {
	b := y.FillBytes(make([]byte, PublicKeySize))
	slices.Reverse(b)
	b[PublicKeySize-1] |= sign << 7
	return b
}

// lowOrderPoints computes the multiples of a point of order 8, by the curve's addition
// and without the list that the package keeps. x² = (y²-1)/(dy²+1).
func lowOrderPoints(t *testing.T) []point {
	t.Helper()
	for y := big.NewInt(2); y.BitLen() < 10; y.Add(y, big.NewInt(1)) {
		yy := mul(y, y)
		one := big.NewInt(1)
		xx := divide(new(big.Int).Sub(yy, one), new(big.Int).Add(mul(curveD(), yy), one))
		x := new(big.Int).ModSqrt(xx, p25519)
		if x == nil {
			continue
		}
		// The group has 8·l points: l times any of them has an order that divides 8.
		l, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
		p := point{x, y}
		low := point{new(big.Int), big.NewInt(1)}
		for i := l.BitLen() - 1; i >= 0; i-- {
			if low = low.add(low); l.Bit(i) == 1 {
				low = low.add(p)
			}
		}
		multiples := []point{low}
		for last := low; last.x.Sign() != 0 || last.y.Cmp(one) != 0; {
			last = last.add(low)
			multiples = append(multiples, last)
		}
		if len(multiples) == 8 {
			return multiples
		}
	}
	t.Fatal("no point of order 8 found")
	return nil
}

// forge looks for a message under which the signature (R = identity, S = 0), that no key
// made, verifies.
func forge(raw []byte) bool {
	signature := make([]byte, ed25519.SignatureSize)
	signature[0] = 1
	for i := range uint32(400) {
		if ed25519.Verify(raw, binary.BigEndian.AppendUint32(nil, i), signature) {
			return true
		}
	}
	return false
}

func TestLowOrderRefused(t *testing.T) {
	points := lowOrderPoints(t)
	if len(points) != 8 {
		t.Fatalf("got %d low-order points, want 8", len(points))
	}
	for _, p := range points {
		if !forge(p.encode()) {
			t.Errorf("%x: no forgery found: is the reason for refusing it gone?", p.encode())
		}
		for _, sign := range []byte{0, 1} {
			raw := encode(p.y, sign)
			if key, err := NewPublicKey(raw); !errors.Is(err, ErrWeakKey) || !key.IsZero() {
				t.Errorf("NewPublicKey(%x) = %v, %v, want ErrWeakKey", raw, key, err)
			}
		}
	}
}

func TestIdentityVerifiesEverything(t *testing.T) {
	identity := append([]byte{1}, make([]byte, 31)...)
	signature := append([]byte{1}, make([]byte, 63)...)
	for _, message := range []string{"", "a license", "another"} {
		if !ed25519.Verify(identity, []byte(message), signature) {
			t.Errorf("crypto/ed25519 no longer verifies %q under the identity", message)
		}
	}
	if _, err := NewPublicKey(identity); !errors.Is(err, ErrWeakKey) {
		t.Errorf("NewPublicKey(identity): got %v, want ErrWeakKey", err)
	}
}

func TestNonCanonicalRefused(t *testing.T) {
	seen := 0
	for y := new(big.Int).Set(p25519); y.BitLen() <= 255; y.Add(y, big.NewInt(1)) {
		for _, sign := range []byte{0, 1} {
			raw := encode(y, sign)
			if key, err := NewPublicKey(raw); !errors.Is(err, ErrWeakKey) || !key.IsZero() {
				t.Errorf("NewPublicKey(%x) = %v, %v, want ErrWeakKey", raw, key, err)
			}
		}
		seen++
	}
	if seen != 19 {
		t.Errorf("got %d values from p to 2^255-1, want 19", seen)
	}
	if second := encode(new(big.Int).Add(p25519, big.NewInt(1)), 0); !forge(second) {
		t.Errorf("crypto/ed25519 no longer takes %x for the identity", second)
	}
}

// TestNeighboursAccepted makes sure that no good key is refused for being near a bad one.
func TestNeighboursAccepted(t *testing.T) {
	for _, p := range lowOrderPoints(t) {
		for _, step := range []int64{-1, 1} {
			y := new(big.Int).Add(p.y, big.NewInt(step))
			if y.Sign() <= 0 || y.Cmp(big.NewInt(2)) < 0 || new(big.Int).Sub(p25519, y).Cmp(big.NewInt(2)) < 0 {
				continue // next to 0, 1 and p-1 stand other low-order points
			}
			raw := encode(y, 0)
			if key, err := NewPublicKey(raw); err != nil || !bytes.Equal(key.Bytes(), raw) {
				t.Errorf("NewPublicKey(%x) = %v, %v", raw, key, err)
			}
		}
	}
}

func TestPublicKeyLength(t *testing.T) {
	good, _ := hex.DecodeString(rfc8032[0].public)
	for n := range 40 {
		raw := append(bytes.Clone(good), good...)[:n]
		key, err := NewPublicKey(raw)
		if accepted := err == nil && !key.IsZero(); accepted != (n == PublicKeySize) {
			t.Errorf("%d bytes: got %v, %v", n, key, err)
		}
	}
}
