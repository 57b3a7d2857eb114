package browsertest

import (
	"bytes"
	"fmt"
	"image"
	_ "image/png"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

// film makes a video of a screen that shows a picture, as a hand holds a camera before it: not
// straight, gray and noisy. The browser takes it for what its camera sees.
func (h *house) film(picture, name string) {
	h.Helper()
	file, err := os.Open(h.path(picture))
	if err != nil {
		h.Fatal(err)
	}
	defer file.Close()
	code, _, err := image.Decode(file)
	if err != nil {
		h.Fatal(err)
	}
	const width, height, side, frames = 1280, 720, 620.0, 5
	random := rand.New(rand.NewPCG(1, 2))
	var film bytes.Buffer
	fmt.Fprintf(&film, "YUV4MPEG2 W%d H%d F5:1 Ip A1:1 C420mpeg2\n", width, height)
	for frame := range frames {
		film.WriteString("FRAME\n")
		sin, cos := math.Sincos(0.06 + 0.02*float64(frame))
		for y := range height {
			for x := range width {
				dx, dy := float64(x)-width/2, float64(y)-height/2
				// Where on the screen that is: its far side is a little smaller.
				u, v := dx*cos+dy*sin, -dx*sin+dy*cos
				w := 1 + 0.0002*v
				u, v = u/w, v/w
				shade := 90.0 // the wall behind it
				if math.Abs(u) < side/2 && math.Abs(v) < side/2 {
					at := code.Bounds().Size()
					r, _, _, _ := code.At(int((u/side+0.5)*float64(at.X)), int((v/side+0.5)*float64(at.Y))).RGBA()
					shade = 50 + float64(r>>8)*0.6
				}
				film.WriteByte(byte(min(max(shade+random.NormFloat64()*8, 16), 235)))
			}
		}
		film.Write(bytes.Repeat([]byte{128}, width*height/2))
	}
	if err := os.WriteFile(h.path(name), film.Bytes(), 0o600); err != nil {
		h.Fatal(err)
	}
}

// The code of a console through a camera, and as a photo that is chosen as a file: both get the
// license, from whose picture the server could read it back.
func TestPhotograph(t *testing.T) {
	h := newHouse(t)
	h.sell("INV0042-1", "--seats", "2", "--binding", "operator", "--expires", lastDay)
	s := h.serve("--public", "127.0.0.1:0")
	h.request("S", "INV0042-1", "--component", "inventory=rack-7-left", "--qr-png", "code.png")
	h.film("code.png", "film.y4m")

	b := open(t, chromedp.Flag("use-fake-ui-for-media-stream", true), chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", h.path("film.y4m")))
	b.narrow()
	b.visit(s.public)
	b.press("[data-scan] button")
	b.want("Your license", "Comparison code")
	b.accessible()
	b.narrow()
	b.shot("license")
	scanned := value[string](b, `document.querySelector("#license").value`)

	b.visit(s.public)
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{h.path("code.png")}))
	b.press("#statement-form button:not([type])")
	b.want("Your license")
	if sent := value[string](b, `document.querySelector("#license").value`); sent != scanned {
		t.Error("a photo of the same request got another license")
	}
	h.write("license.lic", scanned)
	h.run(offlicense, "install", "--state", "S", "--roots", "roots.pub", "--component", "inventory=rack-7-left", "license.lic")
}
