package photo

import (
	"image"
	"image/color"
	"image/draw"
)

// gray is a picture of bytes, 0 is black. A place is in pixels, and the middle of the first
// one is at 0.5.
type gray struct {
	pix          []uint8
	w, h, stride int
}

func newGray(w, h int) *gray { return &gray{make([]uint8, w*h), w, h, w} }

func (g *gray) row(y int) []uint8 { return g.pix[y*g.stride : y*g.stride+g.w] }

// grayOf returns how bright img is. What a JPEG or WebP has of that is used as it is;
// everything else is put on white, 16 rows at a time.
func grayOf(img image.Image) *gray {
	r := img.Bounds()
	switch img := img.(type) {
	case *image.YCbCr:
		return &gray{img.Y, r.Dx(), r.Dy(), img.YStride}
	case *image.Gray:
		return &gray{img.Pix, r.Dx(), r.Dy(), img.Stride}
	}
	const rows = 16
	g := newGray(r.Dx(), r.Dy())
	strip := image.NewRGBA(image.Rect(0, 0, g.w, rows))
	for y := 0; y < g.h; y += rows {
		draw.Draw(strip, strip.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
		draw.Draw(strip, strip.Bounds(), img, r.Min.Add(image.Pt(0, y)), draw.Over)
		for i := range min(rows, g.h-y) {
			in, out := strip.Pix[i*strip.Stride:], g.row(y+i)
			for x := range out {
				p := in[4*x : 4*x+3]
				out[x] = uint8((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 1<<15) >> 16)
			}
		}
	}
	return g
}

// halved returns g at half its size, nil if it is too small for a code then.
func (g *gray) halved() *gray {
	if min(g.w, g.h) < 2*leastSide {
		return nil
	}
	half := newGray(g.w/2, g.h/2)
	for y := range half.h {
		a, b, out := g.row(2*y), g.row(2*y+1), half.row(y)
		a, b = a[:2*len(out)], b[:2*len(out)]
		for x := range out {
			out[x] = uint8((uint(a[2*x]) + uint(a[2*x+1]) + uint(b[2*x]) + uint(b[2*x+1]) + 2) >> 2)
		}
	}
	return half
}

// doubled returns g at twice its size.
func (g *gray) doubled() *gray {
	twice := newGray(2*g.w, 2*g.h)
	for y := range twice.h {
		// A pixel of twice the picture is 3/4 of the nearest one and 1/4 of the next.
		near, next := g.row(y/2), g.row(min(max(y/2-1+y%2*2, 0), g.h-1))
		out := twice.row(y)
		mixed := func(x int) uint { return 3*uint(near[x]) + uint(next[x]) }
		for x := range near {
			m := 3 * mixed(x)
			out[2*x] = uint8((m + mixed(max(x-1, 0)) + 8) >> 4)
			out[2*x+1] = uint8((m + mixed(min(x+1, g.w-1)) + 8) >> 4)
		}
	}
	return twice
}

// smoothed returns g, each pixel of it the mean of those around it up to radius.
func (g *gray) smoothed(radius int) *gray {
	out := newGray(g.w, g.h)
	g.means(0, g.h, radius, func(y int, sums []uint32, n uint32) {
		for x, sum := range sums {
			out.pix[y*g.w+x] = uint8((sum + n/2) / n)
		}
	})
	return out
}

// means calls row for the rows from top to bottom with the sum of what is around each pixel
// up to radius; outside of the picture is what is at its edge. n is of how many pixels.
func (g *gray) means(top, bottom, radius int, row func(y int, sums []uint32, n uint32)) {
	columns, sums := make([]uint32, g.w), make([]uint32, g.w)
	at := func(y int) []uint8 { return g.row(min(max(y, 0), g.h-1)) }
	for y := top - radius; y < top+radius; y++ {
		for x, v := range at(y) {
			columns[x] += uint32(v)
		}
	}
	n := uint32(2*radius + 1)
	for y := top; y < bottom; y++ {
		in, out := at(y+radius), at(y-radius)
		for x, v := range in {
			columns[x] += uint32(v)
		}
		first, last := columns[0], columns[g.w-1]
		sum := first * uint32(radius+1)
		for x := range radius {
			sum += columns[min(x, g.w-1)]
		}
		for x := range sums {
			add, sub := last, first
			if x+radius < g.w {
				add = columns[x+radius]
			}
			sum += add
			sums[x] = sum
			if x-radius >= 0 {
				sub = columns[x-radius]
			}
			sum -= sub
		}
		row(y, sums, n*n)
		for x, v := range out {
			columns[x] -= uint32(v)
		}
	}
}
