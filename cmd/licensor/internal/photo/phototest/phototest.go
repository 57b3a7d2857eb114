// Package phototest makes damaged pictures of codes, the same ones from the same seed. How
// bad a damage is at its worst is fixed here; a reader of pictures is measured with it.
package phototest

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"image"
	"image/jpeg"
	"image/png"
	"math/rand/v2"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/format/qr"
)

// Each is how many pictures of a kind are measured.
const Each = 20

// Picture is a picture with what stands on it.
type Picture struct {
	Kind  string
	Name  string
	Data  []byte // JPEG or PNG
	Texts []string
}

// damage is a way to spoil a picture. by is how much, 0 to 1, of the worst.
type damage struct {
	name string
	do   func(p *plan, by float64)
}

// damages, with the worst that they do.
var damages = []damage{
	{"small modules", func(p *plan, by float64) { p.module = 4 - 1.5*by }}, // 2.5 pixels; without it 4 to 8
	{"blur", func(p *plan, by float64) { p.blur = 2.2 * by }},              // sigma in pixels
	{"noise", func(p *plan, by float64) { p.noise = 12 * by }},             // sigma of 255
	{"perspective", func(p *plan, by float64) { p.tilt = 25 * by }},        // degrees
	{"rotation", func(p *plan, by float64) { p.roll = 360 * p.rnd.Float64() }},
	{"uneven light", func(p *plan, by float64) { p.shade = 0.75 * by }}, // of the light is missing at the dark side
	{"glare", func(p *plan, by float64) { p.glare = 220 * by }},         // of 255 is added at its center
	{"JPEG", func(p *plan, by float64) { p.quality = 60 }},
	{"moire", func(p *plan, by float64) { p.moire = 0.2 * by }},   // of the light
	{"line gaps", func(p *plan, by float64) { p.gap = 0.4 * by }}, // of a module, between two lines of text
	{"inverted", func(p *plan, by float64) { p.inverted = true }},
	{"border missing", func(p *plan, by float64) { p.border = 1 - 0.9*by }}, // modules that are left of it at one or two sides
}

// combined are kinds of pictures that are not one damage.
var combined = []damage{
	{"terminal", func(p *plan, by float64) {
		p.terminal, p.gap, p.module = true, 0.15*p.rnd.Float64(), 4+4*p.rnd.Float64()
	}},
	{"parts", func(p *plan, by float64) { p.parts = 2 + p.rnd.IntN(3) }},
	{"large code", func(p *plan, by float64) { p.version = 12 + p.rnd.IntN(9) }},
}

// Kinds returns the names of all kinds: one damage that is worst, or a combination.
func Kinds() []string {
	var names []string
	for _, d := range append(damages[:len(damages):len(damages)], combined...) {
		names = append(names, d.name)
	}
	return names
}

// Make makes a picture of a kind, from a seed and its number. It has two to four damages:
// that of its kind, at 60 to 100 % of its worst, and others at 30 to 100 %.
func Make(kind string, seed uint64, number int) Picture {
	h := fnv.New64a()
	fmt.Fprint(h, kind, number)
	rnd := rand.New(rand.NewPCG(seed, h.Sum64()))
	p := &plan{rnd: rnd, module: 2.5 + 5.5*rnd.Float64(), quality: 90, border: qr.Quiet, version: 4 + rnd.IntN(6), samples: 3}
	order := rnd.Perm(len(damages))
	name := kind
	for left, i := 1+rnd.IntN(3), 0; left > 0; i++ {
		if d := damages[order[i]]; d.name != kind {
			d.do(p, 0.3+0.7*rnd.Float64())
			name += ", " + d.name
			left--
		}
	}
	for _, d := range append(damages[:len(damages):len(damages)], combined...) {
		if d.name == kind {
			d.do(p, 0.6+0.4*rnd.Float64())
		}
	}
	texts := p.texts()
	return Picture{Kind: kind, Name: name, Data: p.encode(p.render(texts)), Texts: texts}
}

// texts are statements that fill a code of the version, or parts of one.
func (p *plan) texts() []string {
	most := qr.Capacity(p.version)
	bytesOf := func(characters int) []byte {
		raw := make([]byte, (characters-5)*5/8-4)
		for i := range raw {
			raw[i] = byte(p.rnd.Uint32())
		}
		return raw
	}
	if p.parts == 0 {
		return []string{format.EncodeText(format.RequestBody, bytesOf(most))}
	}
	parts, err := format.EncodeParts(format.RevocationFile, bytesOf(most*p.parts-most/2), most)
	if err != nil {
		panic(err)
	}
	return parts
}

// encode writes the picture as JPEG, or one in four that is not to be JPEG 60 as PNG.
func (p *plan) encode(img image.Image) []byte {
	var b bytes.Buffer
	var err error
	if p.quality == 90 && p.w == 0 && p.rnd.IntN(4) == 0 {
		err = png.Encode(&b, img)
	} else {
		err = jpeg.Encode(&b, img, &jpeg.Options{Quality: p.quality})
	}
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}
