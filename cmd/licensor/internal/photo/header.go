package photo

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"runtime/debug"
	"sync"

	"golang.org/x/image/webp"
)

// A picture of a few kilobytes may say that it has a billion pixels. So what decoding takes
// is known from its header, before anything is decoded.

const (
	// MaxSize is the most bytes of a picture: a photo of 50 megapixels has 10 to 30 MB.
	MaxSize = 32 << 20

	maxMemory = 256 << 20 // that reading a picture takes, with the picture itself
	looking   = 48 << 20  // of that for looking at it, and for what else is there
	large     = 64 << 20  // what takes more is collected more often
)

// header is what a picture says of itself.
type header struct {
	w, h      int
	perPixel  float64 // bytes that decoding a pixel takes
	whatCosts string  // why this is much, "" if it is not
}

// memory returns how many bytes reading the picture takes at most. The smaller sizes at
// which it is looked at take a third of a byte a pixel.
func (h header) memory(size int) float64 {
	return float64(h.w)*float64(h.h)*(h.perPixel+1./3) + float64(size) + looking
}

// headerOf reads the header.
func headerOf(f form, picture []byte) (header, error) {
	r := bytes.NewReader(picture)
	switch f {
	case isPNG:
		c, err := png.DecodeConfig(r)
		if err != nil {
			return header{}, err
		}
		h := header{c.Width, c.Height, 1, ""}
		switch c.ColorModel {
		case color.RGBAModel, color.NRGBAModel:
			h.perPixel, h.whatCosts = 5, "in color" // and 1 of gray, as with the others
		case color.RGBA64Model, color.NRGBA64Model:
			h.perPixel, h.whatCosts = 9, "in color of 16 bits"
		case color.Gray16Model:
			h.perPixel, h.whatCosts = 3, "of 16 bits"
		case color.GrayModel:
		default:
			h.perPixel = 2 // of a palette
		}
		pixels := bytes.Index(picture, []byte("IDAT"))
		if bytes.Contains(picture[:max(pixels, 0)], []byte("tRNS")) && h.perPixel < 5 {
			h.perPixel, h.whatCosts = max(5, 3*h.perPixel), "with transparency"
		}
		const interlaced = 28 // where a PNG says so
		if len(picture) > interlaced && picture[interlaced] != 0 {
			h.perPixel, h.whatCosts = 2*h.perPixel, "interlaced"
		}
		return h, nil
	case isJPEG:
		return jpegHeader(picture)
	default:
		c, err := webp.DecodeConfig(r)
		if err != nil {
			return header{}, err
		}
		h := header{c.Width, c.Height, 1.5, ""}
		if bytes.Contains(picture, []byte("VP8L")) || bytes.Contains(picture, []byte("ALPH")) {
			h.perPixel, h.whatCosts = 12, "without loss or with transparency"
		}
		return h, nil
	}
}

// jpegHeader looks for the frame of a JPEG as image/jpeg does, which does not tell how
// many samples there are nor whether all of them are kept until the end.
func jpegHeader(picture []byte) (header, error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return header{}, err
	}
	h := header{w: c.Width, h: c.Height}
	for at := 2; at+4 <= len(picture); {
		marker := picture[at+1]
		switch {
		case picture[at] != 0xff || marker == 0 || marker == 0xff || 0xd0 <= marker && marker <= 0xd7:
			at++ // what is not a marker, or one without a length
			continue
		case marker < 0xc0 || marker > 0xc2:
			at += 2 + int(picture[at+2])<<8 + int(picture[at+3])
			continue
		}
		frame := picture[at+4:]
		if len(frame) < 6 || len(frame) < 6+3*int(frame[5]) || int(frame[1])<<8+int(frame[2]) != h.h || int(frame[3])<<8+int(frame[4]) != h.w {
			break
		}
		first, samples := 0.0, 0.0
		for i := range int(frame[5]) {
			hv := frame[7+3*i]
			n := float64(hv>>4) * float64(hv&15)
			if i == 0 {
				first = max(n, 1)
			}
			samples += n / first
		}
		if frame[5] == 1 {
			samples = 1
		}
		h.perPixel = samples
		if marker == 0xc2 {
			h.perPixel, h.whatCosts = 5*samples, "progressive"
		}
		if frame[5] == 4 || isRGB(frame, picture) {
			h.perPixel, h.whatCosts = h.perPixel+5, "not in YCbCr"
		}
		return h, nil
	}
	return header{}, fmt.Errorf("its frame is damaged")
}

// isRGB reports whether a JPEG may be in RGB, which is put into one plane then.
func isRGB(frame, picture []byte) bool {
	if frame[5] == 3 && frame[6] == 'R' && frame[9] == 'G' && frame[12] == 'B' {
		return true
	}
	for rest := picture; ; {
		_, after, found := bytes.Cut(rest, []byte("Adobe"))
		if !found {
			return false
		}
		at := len(picture) - len(after) - len("Adobe")
		const transform = 6 // behind the name
		if at >= 4 && picture[at-4] == 0xff && picture[at-3] == 0xee && len(after) > transform && after[transform] == 0 {
			return true
		}
		rest = after
	}
}

// decode decodes a picture that its header does not forbid. done ends what was set for it.
func decode(ctx context.Context, picture []byte, pixels int) (img image.Image, done func(), err error) {
	f := formOf(picture)
	if no, known := refused[f]; known {
		return nil, nil, &no
	}
	const smaller = "send a smaller one: a screenshot, or the photo at half its size"
	if len(picture) > MaxSize {
		return nil, nil, &Unread{"too-large", fmt.Sprintf("the picture has %d MB, more than %d", len(picture)>>20, MaxSize>>20), smaller}
	}
	h, err := headerOf(f, picture)
	if err != nil {
		return nil, nil, damaged(err)
	}
	if h.w > pixels/max(h.h, 1) {
		return nil, nil, &Unread{"too-large", fmt.Sprintf("the picture has %d by %d pixels, more than %d million", h.w, h.h, pixels/1000_000), smaller}
	}
	memory := h.memory(len(picture))
	if memory > maxMemory {
		seen := fmt.Sprintf("the picture has %d by %d pixels", h.w, h.h)
		if h.whatCosts != "" {
			seen += ", " + h.whatCosts
		}
		return nil, nil, &Unread{"too-large", fmt.Sprintf("%s: reading it takes %.0f MB, more than %d", seen, memory/(1<<20), maxMemory>>20), smaller}
	}
	done = func() {}
	if memory > large+looking {
		done = collectOften()
	}
	r := &limited{ctx, picture}
	switch f {
	case isPNG:
		img, err = png.Decode(r)
	case isJPEG:
		img, err = jpeg.Decode(r)
	case isWebP:
		img, err = webp.Decode(r)
	}
	switch {
	case ctx.Err() != nil:
		err = overtime()
	case err != nil:
		err = damaged(err)
	case img.Bounds().Dx() > h.w || img.Bounds().Dy() > h.h:
		err = damaged(fmt.Errorf("its header and its pixels differ"))
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return img, done, nil
}

// collecting counts the large pictures that are read at the same time.
var collecting struct {
	sync.Mutex
	n, percent int // before the first of them
}

// collectOften has memory collected more often until done is called: else what is no longer
// needed would double it.
func collectOften() (done func()) {
	c := &collecting
	c.Lock()
	defer c.Unlock()
	if c.n++; c.n == 1 {
		const percent = 15
		c.percent = debug.SetGCPercent(percent)
	}
	return func() {
		c.Lock()
		defer c.Unlock()
		if c.n--; c.n == 0 {
			debug.SetGCPercent(c.percent)
		}
	}
}

func damaged(err error) *Unread {
	return &Unread{"damaged", "the picture is damaged or not whole: " + err.Error(), takeAgain}
}

// limited is a picture that ends when the time does: no decoder looks at a context.
type limited struct {
	ctx  context.Context
	rest []byte
}

func (l *limited) Read(p []byte) (int, error) {
	if err := l.ctx.Err(); err != nil {
		return 0, err
	}
	if len(l.rest) == 0 {
		return 0, io.EOF
	}
	const most = 1 << 10
	n := copy(p[:min(len(p), most)], l.rest)
	l.rest = l.rest[n:]
	return n, nil
}
