package keys

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"testing"
)

// cborInt and cborBytes write the shortest form (RFC 8949, section 4.2.1).
func cborInt(n int) []byte {
	if n < 0 {
		return cborHead(1, uint64(-1-n))
	}
	return cborHead(0, uint64(n))
}

func cborBytes(b []byte) []byte { return append(cborHead(2, uint64(len(b))), b...) }

func cborHead(major byte, n uint64) []byte {
	switch {
	case n < 24:
		return []byte{major<<5 | byte(n)}
	case n < 256:
		return []byte{major<<5 | 24, byte(n)}
	default:
		return binary.BigEndian.AppendUint16([]byte{major<<5 | 25}, uint16(n))
	}
}

// thumbprint hashes the deterministic encoding of a COSE_Key (RFC 9679, section 3).
func thumbprint(key map[int][]byte) string {
	var pairs [][]byte
	for label, value := range key {
		pairs = append(pairs, append(cborInt(label), value...))
	}
	slices.SortFunc(pairs, bytes.Compare)
	text := cborHead(5, uint64(len(pairs)))
	for _, pair := range pairs {
		text = append(text, pair...)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func TestThumbprint(t *testing.T) {
	// The example of RFC 9679, section 6, shows that the test itself computes what is meant.
	example := thumbprint(map[int][]byte{
		1: cborInt(2), -1: cborInt(1),
		-2: cborBytes(unhex(t, "65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d")),
		-3: cborBytes(unhex(t, "1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c")),
	})
	if want := "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"; example != want {
		t.Fatalf("the example of RFC 9679: got %s, want %s", example, want)
	}
	for _, vector := range rfc8032 {
		raw := unhex(t, vector.public)
		key, err := NewPublicKey(raw)
		if err != nil {
			t.Fatal(err)
		}
		want := thumbprint(map[int][]byte{1: cborInt(1), -1: cborInt(6), -2: cborBytes(raw)})
		got := key.Thumbprint()
		if hex.EncodeToString(got[:]) != want {
			t.Errorf("thumbprint: got %x, want %s", got, want)
		}
		if id := key.ID(); hex.EncodeToString(id[:]) != want[:16] {
			t.Errorf("id: got %x, want %s", id, want[:16])
		}
	}
}
