package keys

import (
	"bytes"
	"encoding/hex"
	"fmt"
)

// lowOrder lists the y coordinates of the eight points whose order divides 8. The
// points come in pairs that differ in the sign bit alone, which is masked before comparing.
// crypto/ed25519 accepts them: under the identity point one signature "verifies"
// every message.
var lowOrder = [...][]byte{
	fromHex("0000000000000000000000000000000000000000000000000000000000000000"), // order 4
	fromHex("0100000000000000000000000000000000000000000000000000000000000000"), // order 1
	fromHex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), // order 2
	fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), // order 8
	fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), // order 8
}

// fieldPrime is p = 2^255 - 19, little-endian. A y coordinate of p or more is a
// second spelling of y - p (RFC 8032, section 5.1.3, refuses it; crypto/ed25519 does not).
var fieldPrime = fromHex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")

func refuseWeak(raw []byte) error {
	var y [PublicKeySize]byte
	copy(y[:], raw)
	y[PublicKeySize-1] &= 0x7f
	if !less(y[:], fieldPrime) {
		return fmt.Errorf("%w: the encoding is not canonical", ErrWeakKey)
	}
	for _, low := range lowOrder {
		if bytes.Equal(y[:], low) {
			return fmt.Errorf("%w: the point has low order", ErrWeakKey)
		}
	}
	return nil
}

// less reports whether the little-endian number a is smaller than b.
func less(a, b []byte) bool {
	for i := len(a) - 1; i >= 0; i-- {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

func fromHex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}
