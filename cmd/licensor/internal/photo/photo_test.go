package photo_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/photo"
	"github.com/offlicense/offlicense/cmd/licensor/internal/photo/phototest"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/format/qr"
)

// sample is what stands on the pictures in testdata.
var sample = format.EncodeText(format.RequestBody, bytes.Repeat([]byte("x"), 100))

func drawn(t *testing.T, text string, scale int) []byte {
	t.Helper()
	code, err := qr.Encode(text)
	if err != nil {
		t.Fatal(err)
	}
	data, err := code.PNG(scale)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// stamp draws a code with its border, of modules of any size.
func stamp(code *qr.Code, module float64) *image.Gray {
	side := int(float64(code.Size()+2*qr.Quiet) * module)
	img := image.NewGray(image.Rect(0, 0, side, side))
	const sub = 3 // looks at each pixel, in each direction
	for i := range img.Pix {
		for k := range sub * sub {
			x := (float64(i%side) + (float64(k%sub)+0.5)/sub) / module
			y := (float64(i/side) + (float64(k/sub)+0.5)/sub) / module
			if !code.Dark(int(x)-qr.Quiet, int(y)-qr.Quiet) {
				img.Pix[i] += 255 / (sub * sub)
			}
		}
	}
	return img
}

func stamped(t *testing.T, text string, module float64) *image.Gray {
	t.Helper()
	code, err := qr.Encode(text)
	if err != nil {
		t.Fatal(err)
	}
	return stamp(code, module)
}

func decoded(t *testing.T, data []byte) image.Image {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func encoded(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// converted draws a picture on one of another kind.
func converted(img image.Image, on draw.Image) image.Image {
	draw.Draw(on, on.Bounds(), img, img.Bounds().Min, draw.Src)
	return on
}

// turned draws a picture in the middle of one of 376 by 376 pixels, by an angle.
func turned(img *image.Gray, angle float64) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, 376, 376))
	sin, cos := math.Sincos(angle)
	for i := range out.Pix {
		x, y := float64(i%376-188), float64(i/376-188)
		at := image.Pt(int(cos*x+sin*y)+img.Rect.Dx()/2, int(cos*y-sin*x)+img.Rect.Dy()/2)
		out.Pix[i] = 128
		if at.In(img.Rect) {
			out.Pix[i] = img.GrayAt(at.X, at.Y).Y
		}
	}
	return out
}

func inverse(img *image.Gray) *image.Gray {
	out := image.NewGray(img.Rect)
	for i, v := range img.Pix {
		out.Pix[i] = 255 - v
	}
	return out
}

func asJPEG(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read reads without the limit of time, which a busy machine may need.
func read(t *testing.T, data []byte) ([]string, error) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	return photo.Read(ctx, data)
}

func file(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestReads reads one code from each form of picture.
func TestReads(t *testing.T) {
	picture := drawn(t, sample, 4)
	img := decoded(t, picture)
	r := img.Bounds()
	mirrored := image.NewGray(r)
	for i := range r.Dx() * r.Dy() {
		mirrored.Set(r.Dx()-1-i%r.Dx(), i/r.Dx(), img.At(i%r.Dx(), i/r.Dx()))
	}
	clear := image.NewNRGBA(r) // black on nothing
	for i := range r.Dx() * r.Dy() {
		if level, _, _, _ := img.At(i%r.Dx(), i/r.Dx()).RGBA(); level == 0 {
			clear.Set(i%r.Dx(), i/r.Dx(), color.Black)
		}
	}
	for name, data := range map[string][]byte{
		"PNG":                      picture,
		"PNG in color":             encoded(t, converted(img, image.NewRGBA(r))),
		"PNG of 16 bits":           encoded(t, converted(img, image.NewRGBA64(r))),
		"PNG, gray of 16 bits":     encoded(t, converted(img, image.NewGray16(r))),
		"PNG of a palette":         encoded(t, converted(img, image.NewPaletted(r, color.Palette{color.White, color.Black}))),
		"PNG with nothing behind":  encoded(t, clear),
		"PNG in a mirror":          encoded(t, mirrored),
		"JPEG":                     asJPEG(t, converted(img, image.NewRGBA(r))),
		"gray JPEG":                asJPEG(t, converted(img, image.NewGray(r))),
		"JPEG and something after": append(asJPEG(t, img), make([]byte, 1000)...),
		"WebP":                     file(t, "lossy.webp"),
		"WebP without loss":        file(t, "lossless.webp"),
		"WebP with transparency":   file(t, "alpha.webp"),
	} {
		if got, err := read(t, data); err != nil || !slices.Equal(got, []string{sample}) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	for _, text := range []string{"", sample, "BM", "RIFF\x00\x00\x00\x00WAVE", "\x89PNG"} {
		_, err := read(t, []byte(text))
		if unread, ok := errors.AsType[*photo.Unread](err); !ok || unread.Word != "form" {
			t.Errorf("%.10q: got %v, want that it is no picture", text, err)
		}
	}
}

// TestSharp: what was drawn and not photographed is read at each size, and each size of code.
func TestSharp(t *testing.T) {
	for _, version := range []int{1, 7, 20} {
		text := ("OLV1/1-2:" + strings.Repeat("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 40))[:qr.Capacity(version)]
		code, err := qr.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, module := range []float64{1.6, 2.3, 4.5} {
			img := stamp(code, module)
			if got, err := read(t, encoded(t, img)); err != nil || !slices.Equal(got, []string{text}) {
				t.Errorf("version %d, %.1f pixels: got %q, %v", version, module, got, err)
			}
		}
	}
}

// TestOtherHands: a code that was made of a file, with its lines, or typed.
func TestOtherHands(t *testing.T) {
	_, raw, err := format.DecodeText([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(format.EncodeFile(format.RequestBody, raw)), strings.ToLower(sample)} {
		if got, err := read(t, drawn(t, text, 4)); err != nil || !slices.Equal(got, []string{sample}) {
			t.Errorf("got %q, %v", got, err)
		}
	}
}

// TestAllCodes: of all codes on a picture the texts are returned, each once.
func TestAllCodes(t *testing.T) {
	raw := bytes.Repeat([]byte("12345"), 100)
	parts, err := format.EncodeParts(format.RevocationFile, raw, 50)
	if err != nil {
		t.Fatal(err)
	}
	page := image.NewGray(image.Rect(0, 0, 1260, 1050))
	draw.Draw(page, page.Rect, image.White, image.Point{}, draw.Src)
	for i, text := range append(parts, parts[0], sample, "https://vendor.example") {
		code := stamped(t, text, 4)
		draw.Draw(page, code.Rect.Add(image.Pt(210*(i%6), 210*(i/6))), code, image.Point{}, draw.Src)
	}
	got, err := read(t, encoded(t, page))
	want := append(slices.Clone(parts), sample)
	slices.Sort(got)
	slices.Sort(want)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %d texts, %v; want %d", len(got), err, len(want))
	}
}

// TestUnread: each picture that is not read has what was seen, and what to do.
func TestUnread(t *testing.T) {
	code := converted(stamped(t, sample, 5), image.NewGray(image.Rect(0, 0, 265, 265))).(*image.Gray)
	spoiled := func(spoil func(x, y int, v uint8) uint8) []byte {
		img := image.NewGray(code.Rect)
		for i, v := range code.Pix {
			img.Pix[i] = spoil(i%code.Stride, i/code.Stride, v)
		}
		return encoded(t, img)
	}
	cut := func(r image.Rectangle) []byte { return encoded(t, code.SubImage(r)) }
	large := drawn(t, sample, 4)
	binary.BigEndian.PutUint32(large[16:], 1<<15) // its width
	binary.BigEndian.PutUint32(large[20:], 1<<15)
	wrong := sample[:len(sample)-1] + "A"
	for name, c := range map[string]struct {
		data []byte
		seen string
	}{
		"empty":           {nil, "this is not a picture"},
		"HEIC":            {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), "this is a HEIC picture, which is not read"},
		"HEIC of a burst": {[]byte("\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00"), "this is a HEIC picture, which is not read"},
		"AVIF":            {[]byte("\x00\x00\x00\x18ftypavif\x00\x00\x00\x00"), "this is an AVIF picture, which is not read"},
		"GIF":             {[]byte("GIF89a"), "this is a GIF picture, which is not read"},
		"BMP":             {[]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00"), "this is a BMP picture, which is not read"},
		"TIFF":            {[]byte("II*\x00"), "this is a TIFF picture, which is not read"},
		"PDF":             {[]byte("%PDF-1.7"), "this is a PDF, which is not read"},
		"PNG, its start":  {large[:20], "the picture is damaged or not whole: unexpected EOF"},
		"32 MB":           {append([]byte("\xff\xd8\xff"), make([]byte, photo.MaxSize)...), "the picture has 32 MB, more than 32"},
		"a bomb":          {checked(large), "the picture has 32768 by 32768 pixels: reading it takes "},
		"a JPEG bomb":     {phototest.Flat(20000, 20000, false, 0x22)[:2000], "the picture has 20000 by 20000 pixels: reading it takes 747 MB, more than 256"},
		"progressive":     {phototest.Flat(8000, 6000, true, 0x22)[:2000], "the picture has 8000 by 6000 pixels, progressive: reading it takes 407 MB, more than 256"},
		"nothing on it":   {spoiled(func(x, y int, v uint8) uint8 { return 200 }), "found no code on the picture"},
		"one pixel":       {encoded(t, image.NewGray(image.Rect(0, 0, 1, 1))), "the picture is too small: 1 by 1 pixels"},
		"another code":    {drawn(t, "https://example.com", 4), "found a code, but it is not of a statement: it begins with \"https://example.\""},
		"a wrong sum":     {drawn(t, wrong, 4), "found a code, but it is not of a statement: it begins with \"OLQ1:"},
		"cut off":         {encoded(t, turned(code, 0.6).SubImage(image.Rect(0, 0, 376, 252))), "found a code, but its lower right corner is cut off"},
		"cut off, dark":   {encoded(t, turned(inverse(code), 3.58).SubImage(image.Rect(0, 131, 376, 376))), "found a code, but its upper left corner is cut off"},
		"a corner less":   {cut(image.Rect(0, 0, 265, 187)), "found a part of a code, but not all three of its corner squares"},
		"glare": {spoiled(func(x, y int, v uint8) uint8 {
			if (x-137)*(x-137)+(y-125)*(y-125) < 50*50 {
				return 255
			}
			return v
		}), "found a code, but light is reflected on it"},
		"a hand": {spoiled(func(x, y int, v uint8) uint8 {
			if x > 94 && y > 125 && x < 250 {
				return 90
			}
			return v
		}), "found a code, but a part of it is hidden or damaged"},
	} {
		texts, err := read(t, c.data)
		unread, ok := errors.AsType[*photo.Unread](err)
		if !ok || texts != nil || !strings.HasPrefix(unread.Seen, c.seen) {
			t.Errorf("%s: got %q, %v; want %q", name, texts, err, c.seen)
		} else if !slices.Contains(photo.Words, unread.Word) || unread.Do == "" || len(unread.Do) > 100 || strings.ContainsAny(unread.Seen+unread.Do, "\n") || unread.Hint() != unread.Do {
			t.Errorf("%s: %q (%d characters)", name, unread.Do, len(unread.Do))
		}
	}
}

// TestReadWithin: a picture may have as many pixels as are allowed, and none more.
func TestReadWithin(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	data := drawn(t, sample, 4)
	side := decoded(t, data).Bounds().Dx()
	if _, err := photo.ReadWithin(ctx, data, side*side); err != nil {
		t.Error(err)
	}
	_, err := photo.ReadWithin(ctx, data, side*side-1)
	if unread, ok := errors.AsType[*photo.Unread](err); !ok || unread.Word != "too-large" {
		t.Errorf("got %v", err)
	}
}

// checked gives the header of a PNG the checksum that it needs.
func checked(data []byte) []byte {
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

// TestNothingIsMadeUp: on pictures without a code, and with a code in which too much is
// wrong, nothing is read.
func TestNothingIsMadeUp(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	code := stamped(t, sample, 4)
	for _, share := range []float64{1, 0.5, 0.2} { // of modules that are anything
		img := converted(code, image.NewGray(code.Bounds())).(*image.Gray)
		for y := 0; y < img.Rect.Dy(); y += 4 {
			for x := 0; x < img.Rect.Dx(); x += 4 {
				if rnd.Float64() < share {
					draw.Draw(img, image.Rect(x, y, x+4, y+4), image.NewUniform(color.Gray{uint8(rnd.IntN(2) * 255)}), image.Point{}, draw.Src)
				}
			}
		}
		if texts, err := read(t, encoded(t, img)); err == nil {
			t.Errorf("%.0f %% random: got %q", 100*share, texts)
		}
	}
}

func TestEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, data := range map[string][]byte{"PNG": drawn(t, sample, 4), "JPEG": phototest.Flat(100, 100, false, 0x11), "WebP": file(t, "lossy.webp")} {
		if texts, err := photo.Read(ctx, data); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %q, %v", name, texts, err)
		}
	}
}

// TestMeasured measures how well pictures are read, how fast and in how much memory, in a
// program of its own that has no race detector.
func TestMeasured(t *testing.T) {
	if _, err := exec.LookPath("zbarimg"); err != nil {
		t.Skip("SKIPPED: zbarimg is not installed")
	}
	program := filepath.Join(t.TempDir(), "measure")
	if out, err := exec.Command("go", "build", "-o", program, "./measure").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.Command(program).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// FuzzRead: no picture makes a decoder or the reader fail, nor takes long.
func FuzzRead(f *testing.F) {
	code, err := qr.Encode(sample)
	if err != nil {
		f.Fatal(err)
	}
	data, err := code.PNG(1)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, progressive := range []bool{false, true} {
		f.Add(phototest.Flat(40, 40, progressive, 0x22))
	}
	f.Add(phototest.Make("noise", 1, 1).Data)
	for _, name := range []string{"lossy.webp", "lossless.webp", "alpha.webp"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		texts, err := read(t, data)
		unread, ok := errors.AsType[*photo.Unread](err)
		if ok == (len(texts) > 0) || ok && (unread.Do == "" || strings.Contains(unread.Seen, "\n")) {
			t.Errorf("got %q, %v", texts, err)
		}
	})
}
