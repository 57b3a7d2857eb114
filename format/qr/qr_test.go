package qr_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/format/qr"
	"github.com/offlicense/offlicense/format/qr/qrtest"
)

const maxVersion = 40

// filled is a text that fills a version to the last character.
func filled(version int) string {
	return ("OLQ1:" + strings.Repeat("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 140))[:qr.Capacity(version)]
}

// TestEachVersionDecodes from the PNG and from the SVG. The tools draw no larger ones than
// qr.Readable; above it gozxing misses some that zbar reads.
func TestEachVersionDecodes(t *testing.T) {
	for version := 1; version <= maxVersion; version++ {
		text := filled(version)
		code := encode(t, text)
		if want := 17 + 4*version; code.Size() != want {
			t.Fatalf("version %d has %d modules, want %d", version, code.Size(), want)
		}
		check := qrtest.Want
		if version > qr.Readable {
			check = qrtest.WantZbar
		}
		t.Run(fmt.Sprint("png", version), func(t *testing.T) { check(t, pngOf(t, code, 0), text) })
		t.Run(fmt.Sprint("svg", version), func(t *testing.T) { check(t, rasterized(t, code.SVG()), text) })
	}
}

func TestOtherTexts(t *testing.T) {
	for _, text := range []string{"lower case", "123", "https://vendor.example/a?b=c"} {
		code := encode(t, text)
		qrtest.Want(t, pngOf(t, code, 3), text)
		qrtest.Want(t, rasterized(t, code.SVG()), text)
	}
}

// TestDrawingHoldsText: whoever gets the file needs no camera, and the text is no markup.
func TestDrawingHoldsText(t *testing.T) {
	if svg := string(encode(t, "a<b>&c").SVG()); !strings.Contains(svg, "\n<desc>a&lt;b&gt;&amp;c</desc>\n") {
		t.Errorf("got %.300s", svg)
	}
}

// TestScales: a picture has a white border of 4 modules and square modules of one size.
func TestScales(t *testing.T) {
	code := encode(t, filled(6))
	side := code.Size() + 2*qr.Quiet
	for _, scale := range []int{0, 1, 10, qr.MaxScale} {
		img := pngOf(t, code, scale)
		width := img.Bounds().Dx()
		if width < 400 || width < side*scale || width%side != 0 {
			t.Fatalf("scale %d: %d pixels for %d modules", scale, width, side)
		}
		each := width / side
		for y := range side {
			for x := range side {
				r, _, _, _ := img.At(x*each+each/2, y*each+each/2).RGBA()
				if dark := r == 0; dark != code.Dark(x-qr.Quiet, y-qr.Quiet) {
					t.Fatalf("scale %d: the module at %d,%d is dark: %v", scale, x, y, dark)
				}
			}
		}
	}
	for _, scale := range []int{-1, qr.MaxScale + 1} {
		if _, err := code.PNG(scale); err == nil {
			t.Errorf("PNG took the scale %d", scale)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, text := range []string{filled(maxVersion) + "A", "\u00e9", "\xff"} {
		if _, err := qr.Encode(text); err == nil {
			t.Errorf("Encode took %.10q", text)
		}
	}
}

// TestCapacity: as many characters as it says fit, and not one more.
func TestCapacity(t *testing.T) {
	for version, want := range map[int]int{-1: 0, 0: 0, 1: 25, 6: 195, 40: 4296, 41: 4296} {
		if got := qr.Capacity(version); got != want {
			t.Errorf("version %d holds %d characters, want %d", version, got, want)
		}
	}
	for version := 1; version < maxVersion; version++ {
		if size := encode(t, filled(version)+"A").Size(); size != 17+4*version+4 {
			t.Errorf("one more than version %d holds is a code of %d modules", version, size)
		}
	}
}

func TestCut(t *testing.T) {
	text := format.EncodeText(format.RevocationFile, bytes.Repeat([]byte("x"), 300))
	parts, err := qr.Cut(text, 195, 16)
	if err != nil || len(parts) != 3 {
		t.Fatalf("got %q, %v", parts, err)
	}
	slices.Reverse(parts)
	if _, raw, err := format.DecodeText([]byte(strings.Join(parts, "\n"))); err != nil || len(raw) != 300 {
		t.Errorf("got %d bytes, %v", len(raw), err)
	}
	if whole, err := qr.Cut(text, len(text), 1); err != nil || !slices.Equal(whole, []string{text}) {
		t.Errorf("got %q, %v", whole, err)
	}
	for name, c := range map[string]struct {
		text             string
		characters, most int
	}{
		"more than are wanted": {text, 195, 2},
		"no room":              {text, 0, 16},
		"no statement":         {strings.Repeat("A", 200), 195, 16},
	} {
		if parts, err := qr.Cut(c.text, c.characters, c.most); err == nil {
			t.Errorf("%s: got %q", name, parts)
		}
	}
}

// TestFormatDoesNotDraw: what only reads and checks statements links no drawing, and what
// draws links nothing but rsc.io/qr and no decoder of pictures.
func TestFormatDoesNotDraw(t *testing.T) {
	const ours = "github.com/offlicense/offlicense/"
	deps := func(path string) []string {
		out, err := exec.Command("go", "list", "-deps", path).Output()
		if err != nil {
			t.Fatalf("go list %s: %v", path, err)
		}
		return strings.Fields(string(out))
	}
	for _, path := range []string{"format", "verify", "verify/site", "keys"} {
		got := deps(ours + path)
		if !slices.Contains(got, ours+path) {
			t.Fatalf("go list does not name what is linked: %q", got)
		}
		for _, p := range got {
			if strings.HasPrefix(p, "rsc.io/") || p == ours+"format/qr" || p == "image" {
				t.Errorf("%s links %s", path, p)
			}
		}
	}
	for _, p := range deps(ours + "format/qr") {
		domain, _, slash := strings.Cut(p, "/")
		foreign := slash && strings.Contains(domain, ".") && !strings.HasPrefix(p, "rsc.io/qr")
		if foreign && p != ours+"format" && p != ours+"format/qr" || strings.HasPrefix(p, "image/") && p != "image/color" {
			t.Errorf("format/qr links %s", p)
		}
	}
}

func encode(t *testing.T, text string) *qr.Code {
	t.Helper()
	code, err := qr.Encode(text)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func pngOf(t *testing.T, code *qr.Code, scale int) image.Image {
	t.Helper()
	data, err := code.PNG(scale)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

var (
	viewBox = regexp.MustCompile(`^<svg [^>]*viewBox="0 0 (\d+) (\d+)"`)
	path    = regexp.MustCompile(`<path fill="#(fff|000)" d="([^"]*)"/>`)
	command = regexp.MustCompile(`^(?:M(\d+) (\d+)|h(-?\d+)|v(-?\d+)|z)`)
)

// rasterized draws the path commands of an SVG, one module 5 pixels wide.
func rasterized(t *testing.T, svg []byte) image.Image {
	t.Helper()
	const scale = 5
	number := func(text string) (n int) {
		if text != "" {
			if _, err := fmt.Sscan(text, &n); err != nil {
				t.Fatal(err)
			}
		}
		return n
	}
	box := viewBox.FindStringSubmatch(string(svg))
	paths := path.FindAllStringSubmatch(string(svg), -1)
	if box == nil || len(paths) != 2 {
		t.Fatalf("got %d paths in %q, %.200s", len(paths), box, svg)
	}
	img := image.NewGray(image.Rect(0, 0, number(box[1])*scale, number(box[2])*scale))
	for i := range img.Pix {
		img.Pix[i] = 128 // what nothing was drawn on
	}
	for _, p := range paths {
		shade := color.Gray{Y: 255}
		if p[1] == "000" {
			shade.Y = 0
		}
		var at image.Point
		var around image.Rectangle // of the lines since M
		for d := p[2]; d != ""; {
			c := command.FindStringSubmatch(d)
			if c == nil {
				t.Fatalf("no command of a path: %.20q", d)
			}
			d = d[len(c[0]):]
			switch c[0][0] {
			case 'M':
				at = image.Pt(number(c[1]), number(c[2]))
				around = image.Rectangle{Min: at, Max: at}
			case 'h', 'v':
				at = at.Add(image.Pt(number(c[3]), number(c[4])))
				around.Max = image.Pt(max(around.Max.X, at.X), max(around.Max.Y, at.Y))
			case 'z':
				for y := around.Min.Y * scale; y < around.Max.Y*scale; y++ {
					for x := around.Min.X * scale; x < around.Max.X*scale; x++ {
						img.SetGray(x, y, shade)
					}
				}
			}
		}
	}
	if slices.Contains(img.Pix, 128) {
		t.Fatal("not all of the picture is drawn")
	}
	return img
}
