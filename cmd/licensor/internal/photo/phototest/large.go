package phototest

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/format/qr"
)

// Photo makes an easy JPEG of a size in pixels, as a phone takes it of a screen: the code
// takes a third of its height.
func Photo(seed uint64, w, h int) Picture {
	p := &plan{rnd: rand.New(rand.NewPCG(seed, 0)), quality: 90, border: qr.Quiet, version: 6, samples: 1, w: w, h: h,
		module: float64(h) / 3 / 41, blur: 1.5, noise: 4, tilt: 12, roll: 10, shade: 0.3}
	texts := p.texts()
	return Picture{Kind: "photo", Name: "photo", Data: p.encode(p.render(texts)), Texts: texts}
}

// Blank makes a white JPEG of a size in pixels with a small code at its lower right.
func Blank(w, h int) Picture {
	text := format.EncodeText(format.RequestBody, bytes.Repeat([]byte("x"), 100))
	code, err := qr.Encode(text)
	if err != nil {
		panic(err)
	}
	const module = 5
	img := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	for i := range img.Y {
		img.Y[i] = 255
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = 128, 128
	}
	for i := range code.Size() * code.Size() * module * module {
		x, y := i%(code.Size()*module), i/(code.Size()*module)
		if code.Dark(x/module, y/module) {
			img.Y[img.YOffset(w-400+x, h-400+y)] = 0
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	return Picture{Kind: "large", Name: "large", Data: b.Bytes(), Texts: []string{text}}
}

// Flat makes a gray JPEG of a size in pixels, whose file is small: each of its blocks takes
// one or two bits. sampling is that of the brightness, 0x11 or 0x22; the colors have 0x11.
func Flat(w, h int, progressive bool, sampling byte) []byte {
	var b bytes.Buffer
	segment := func(marker byte, data ...byte) {
		b.Write([]byte{0xff, marker})
		b.Write(binary.BigEndian.AppendUint16(nil, uint16(len(data)+2)))
		b.Write(data)
	}
	b.Write([]byte{0xff, 0xd8})
	segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)...)
	frame, last, bits := byte(0xc0), byte(63), 2
	if progressive {
		frame, last, bits = 0xc2, 0, 1
	}
	segment(frame, 8, byte(h>>8), byte(h), byte(w>>8), byte(w), 3, 1, sampling, 0, 2, 0x11, 0, 3, 0x11, 0)
	for _, table := range []byte{0x00, 0x10} { // of one code, of one bit
		segment(0xc4, append([]byte{table, 1}, make([]byte, 16)...)...)
	}
	segment(0xda, 3, 1, 0, 2, 0, 3, 0, 0, last, 0)
	side := 8 * int(sampling>>4)
	units := ((w + side - 1) / side) * ((h + side - 1) / side)
	blocks := units * (int(sampling>>4)*int(sampling&15) + 2)
	b.Write(make([]byte, (blocks*bits+7)/8))
	b.Write([]byte{0xff, 0xd9})
	return b.Bytes()
}

// Colored makes an RGB picture of one color.
func Colored(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Rect, image.NewUniform(color.RGBA{200, 180, 160, 255}), image.Point{}, draw.Src)
	return img
}
