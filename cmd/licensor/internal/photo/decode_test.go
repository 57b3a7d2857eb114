package photo

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	zxing "github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"
	"rsc.io/qr/coding"
	"rsc.io/qr/gf256"
)

var levels = []zxing.ErrorCorrectionLevel{zxing.ErrorCorrectionLevel_L, zxing.ErrorCorrectionLevel_M, zxing.ErrorCorrectionLevel_Q, zxing.ErrorCorrectionLevel_H}

// drawn is a code as the encoder of others draws it.
func drawn(t *testing.T, text string, level zxing.ErrorCorrectionLevel, hints map[gozxing.EncodeHintType]any) *dark {
	t.Helper()
	code, err := encoder.Encoder_encode(text, level, hints)
	if err != nil {
		t.Fatal(err)
	}
	m := code.GetMatrix()
	d := &dark{m.GetWidth(), make([]bool, m.GetWidth()*m.GetWidth())}
	for i := range d.v {
		d.v[i] = m.Get(i%d.side, i/d.side) == 1
	}
	return d
}

// Codes of each version and level, each with as many modules wrong as is safe, and from behind.
func TestDecode(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for version := 1; version <= 40; version++ {
		for _, level := range levels {
			want := strings.Repeat("OLL1:", version)[:min(5*version, 7+4*version)]
			d := drawn(t, want, level, map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_QR_VERSION: version})
			if d.side != 17+4*version {
				t.Fatalf("version %d has %d modules", version, d.side)
			}
			if got, ok := d.text(); !ok || got != want {
				t.Errorf("version %d %v: got %q, %v", version, level, got, ok)
			}
			if got, ok := d.mirrored().mirrored().text(); !ok || got != want {
				t.Errorf("version %d %v: mirrored twice it is %q, %v", version, level, got, ok)
			}
			for range 1 + version/4 { // a module in one byte, of which each block corrects some
				x, y := 9+random.IntN(d.side-17), 9+random.IntN(d.side-17)
				d.v[y*d.side+x] = !d.v[y*d.side+x]
			}
			if got, ok := d.text(); !ok || got != want {
				t.Errorf("version %d %v, damaged: got %q, %v", version, level, got, ok)
			}
			for i := range d.v {
				if random.IntN(2) == 0 {
					d.v[i] = !d.v[i]
				}
			}
			if got, ok := d.text(); ok && got != "" {
				t.Errorf("version %d %v: noise is %q", version, level, got)
			}
		}
	}
}

// What a code may carry.
func TestSegments(t *testing.T) {
	latin := map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_CHARACTER_SET: "ISO-8859-1"}
	utf := map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_CHARACTER_SET: "UTF-8"} // says so, too
	for text, hints := range map[string]map[gozxing.EncodeHintType]any{
		"1": nil, "12": nil, "123": nil, "0001234567890": nil, "A": nil, "AB": nil, "OLL1:$%*+-./: 09AZ": nil, "https://example.com/?a=b": nil, "Grüße": latin, "名前 é": utf,
	} {
		if got, ok := drawn(t, text, levels[1], hints).text(); !ok || got != text {
			t.Errorf("%q: got %q, %v", text, got, ok)
		}
	}
	for name, c := range map[string]struct {
		data []byte
		want string
		ok   bool
	}{
		"nothing":               {nil, "", true},
		"an end":                {[]byte{0}, "", true},
		"a count beyond it":     {[]byte{0x4f, 0xf0}, "", false},
		"bytes that are cut":    {[]byte{0x40, 0x3a, 0xa0}, "", false},
		"a mode that is none":   {[]byte{0xf0}, "", false},
		"digits above 999":      {[]byte{0x10, 0x0f, 0xff}, "", false},
		"signs above 45 * 45":   {[]byte{0x20, 0x17, 0xff}, "", false},
		"a sign above 45":       {[]byte{0x20, 0x0f, 0xf0}, "", false},
		"a mode of China":       {[]byte{0xd1, 0x04, 0x00}, "", false},
		"goods":                 {[]byte{0x52, 0x00, 0x8c, 0x00}, "6", true},
		"goods of a branch":     {[]byte{0x91, 0x12, 0x00, 0x8c, 0x00}, "6", true},
		"kanji":                 {[]byte{0x80, 0x10, 0x00, 0x00}, "\ufffd", true},
		"a long encoding's":     {[]byte{0x7c, 0x00, 0x00, 0x04, 0x01, 0xa0}, "\u00a0", true},
		"a part of a structure": {[]byte{0x30, 0x00, 0x04, 0x01, 0x41, 0x00}, "A", true},
	} {
		if got, ok := segments(c.data, coding.Version(1)); got != c.want || ok != c.ok {
			t.Errorf("%s: got %q, %v", name, got, ok)
		}
	}
}

// As many mistakes as the check bytes correct, wherever they are; one more is not corrected to
// what was meant.
func TestCorrect(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		n, check := 1+random.IntN(100), 2*(1+random.IntN(15))
		clean := make([]byte, n+check)
		for i := range n {
			clean[i] = byte(random.IntN(256))
		}
		gf256.NewRSEncoder(coding.Field, check).ECC(clean[:n], clean[n:])
		for mistakes := range check/2 + 2 {
			block := slices.Clone(clean)
			for _, at := range random.Perm(len(block))[:min(mistakes, len(block))] {
				block[at] ^= byte(1 + random.IntN(255))
			}
			if ok := correct(block, check, check/2); mistakes <= check/2 && (!ok || !slices.Equal(block, clean)) || mistakes > check/2 && ok && slices.Equal(block, clean) {
				t.Fatalf("%d mistakes in %d bytes with %d that check: %v", mistakes, n, check, ok)
			}
		}
	}
}
