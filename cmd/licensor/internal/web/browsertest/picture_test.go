package browsertest

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

// The pictures of README.md: what a newcomer sees first, and a request that waits. Where
// BROWSERTEST_PICTURES names a directory they are kept there.
func TestPicturesOfReadme(t *testing.T) {
	d, b := newDemo(t), open(t)
	b.signIn(d.link)
	for range 100 { // the customers of today hand their requests in
		if value[int](b, `document.querySelectorAll("a[href^='/queue/']").length`) > 2 {
			break
		}
		b.visit(d.staff)
	}
	b.want("requests wait", "Ends within 30 days", "Sold, active, ending")
	b.picture("desk-overview.png")
	b.press("a[href^='/queue/']")
	b.want("comparison code", "Bought", "Sign this license")
	b.picture("desk-request.png")
}

// picture keeps a picture of the whole page, which is small.
func (b *tab) picture(name string) {
	b.Helper()
	const most = 150_000 // bytes
	b.do(chromedp.EmulateViewport(1000, 800))
	b.do(chromedp.EmulateViewport(1000, value[int64](b, "document.documentElement.scrollHeight")))
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.Fatal(err)
	}
	seen, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		b.Fatal(err)
	}
	var small bytes.Buffer
	drawn := image.NewPaletted(seen.Bounds(), colors(seen))
	draw.Draw(drawn, drawn.Rect, seen, image.Point{}, draw.Src)
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, drawn); err != nil || small.Len() > most {
		b.Errorf("%s: %d bytes, %v", name, small.Len(), err)
	}
	if dir := os.Getenv("BROWSERTEST_PICTURES"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), small.Bytes(), 0o644); err != nil {
			b.Fatal(err)
		}
	}
}

// colors are the most frequent colors of a picture.
func colors(m image.Image) color.Palette {
	count := make(map[color.Color]int)
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			count[m.At(x, y)]++
		}
	}
	all := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return count[b] - count[a] })
	return all[:min(len(all), 64)]
}
