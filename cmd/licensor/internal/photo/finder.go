package photo

import (
	"cmp"
	"math"
	"slices"
)

// finder is one of the three squares at the corners of a code.
type finder struct {
	x, y, module float64
	hits         int  // lines on which it was seen
	light        bool // it is light on dark
}

const (
	bandPixels  = 8 << 20 // of a picture that are looked at together
	overlap     = 128     // rows that two bands share
	mostFinders = 96      // of a picture that are looked at
)

// binarizer says of each pixel of some rows whether it is dark, in dark.
type binarizer func(g *gray, top, bottom int, dark []bool)

// byMean calls dark what is below the mean of what is around it.
func byMean(radius int) binarizer {
	return func(g *gray, top, bottom int, dark []bool) {
		g.means(top, bottom, radius, func(y int, sums []uint32, n uint32) {
			out := dark[(y-top)*g.w:][:len(sums)]
			for x, v := range g.row(y) {
				out[x] = uint32(v)*n < sums[x]
			}
		})
	}
}

// byRange calls dark what is nearer to the darkest than to the lightest around it.
func byRange(g *gray, top, bottom int, dark []bool) {
	const block, around = 8, 3 // pixels a side; blocks to each side
	bw, bh := (g.w+block-1)/block, (bottom-top+block-1)/block
	low, high := make([]uint8, bw*bh), make([]uint8, bw*bh)
	for i := range low {
		low[i] = 255
	}
	for y := top; y < bottom; y++ {
		for x, v := range g.row(y) {
			i := (y-top)/block*bw + x/block
			low[i], high[i] = min(low[i], v), max(high[i], v)
		}
	}
	for by := range bh {
		for bx := range bw {
			lowest, highest := uint8(255), uint8(0)
			for y := max(by-around, 0); y <= min(by+around, bh-1); y++ {
				for x := max(bx-around, 0); x <= min(bx+around, bw-1); x++ {
					lowest, highest = min(lowest, low[y*bw+x]), max(highest, high[y*bw+x])
				}
			}
			middle := uint8((int(lowest) + int(highest)) / 2)
			for y := top + by*block; y < min(top+by*block+block, bottom); y++ {
				for x := bx * block; x < min(bx*block+block, g.w); x++ {
					dark[(y-top)*g.w+x] = g.pix[y*g.stride+x] < middle
				}
			}
		}
	}
}

// see returns what looks like one, what was seen most often first.
func (r *reader) see(g *gray, dark binarizer) []finder {
	var found []finder
	rows := max(bandPixels/g.w, 2*overlap)
	if need := g.w * min(rows, g.h); len(r.dark) < need {
		r.dark = make([]bool, need)
	}
	for top := 0; r.ctx.Err() == nil; top += rows - overlap {
		bottom := min(top+rows, g.h)
		s := scan{r.dark[:g.w*(bottom-top)], g.w, bottom - top}
		dark(g, top, bottom, s.dark)
		s.find(float64(top), &found)
		if bottom == g.h {
			break
		}
	}
	slices.SortStableFunc(found, func(a, b finder) int { return cmp.Compare(b.hits, a.hits) })
	return found[:min(len(found), mostFinders)]
}

// scan looks for finders in a band of a picture.
type scan struct {
	dark []bool
	w, h int
}

func (s *scan) find(top float64, found *[]finder) {
	step := 1
	if s.w*s.h > 1<<20 {
		step = 2
	}
	ends := make([]int, 0, s.w+1)
	for y := step / 2; y < s.h; y += step {
		row := s.dark[y*s.w:][:s.w]
		ends = ends[:0]
		last := row[0]
		for x, d := range row {
			if d != last {
				ends = append(ends, x)
				last = d
			}
		}
		ends = append(ends, s.w)
		for i := 4; i < len(ends); i++ {
			start, end := 0, ends[i]
			if i > 4 {
				start = ends[i-5]
			}
			r := [5]int{ends[i-4] - start, ends[i-3] - ends[i-4], ends[i-2] - ends[i-3], ends[i-1] - ends[i-2], end - ends[i-1]}
			if size := ratio(r); size > 0 {
				s.check(float64(ends[i-3]+ends[i-2])/2, y, size, top, found)
			}
		}
	}
}

// ratio returns the size of a module where five runs are 1:1:3:1:1, else 0. What is measured
// is from one edge to the next of its kind, for dark may have grown at the cost of light.
// One of the outer runs may be longer: a border is missing there.
func ratio(r [5]int) float64 {
	if r[1]+r[3] > 2*r[2] || r[2] > 4*(r[1]+r[3]) {
		return 0
	}
	m := float64(r[1]+2*r[2]+r[3]) / 8
	slack := 0.5*m + 0.7
	left, right := float64(r[0]), float64(r[4])
	switch {
	case m < 1.2, math.Abs(float64(r[1]-r[3])) > slack+0.3*m:
		return 0
	case min(left, right) < 0.3*m, min(left, right) > m+slack+0.5:
		return 0
	case math.Abs(float64(r[2])-3*m) > 1.2*m+0.5:
		return 0
	}
	return m
}

// check looks whether what was seen on a row is there on the column as well, and adds it.
func (s *scan) check(x float64, row int, size, top float64, found *[]finder) {
	light := !s.dark[row*s.w+int(x)]
	y, tall := s.cross(int(x), row, 0, 1, size)
	if tall == 0 || tall > 2*size || size > 2*tall {
		return
	}
	// Back to the row of its middle.
	x, wide := s.cross(int(x), int(y), 1, 0, size)
	if wide == 0 {
		return
	}
	one := finder{x, y + top, (wide + tall) / 2, 1, light}
	for i := len(*found) - 1; i >= 0; i-- {
		f := &(*found)[i]
		if near := 2 * f.module; f.light == light && math.Abs(f.x-one.x) < near && math.Abs(f.y-one.y) < near && one.module < 1.6*f.module && f.module < 1.6*one.module {
			n := float64(min(f.hits, 16))
			f.x, f.y, f.module = (f.x*n+one.x)/(n+1), (f.y*n+one.y)/(n+1), (f.module*n+one.module)/(n+1)
			f.hits++
			return
		}
	}
	const most = 1 << 12
	if len(*found) < most {
		*found = append(*found, one)
	}
}

// cross measures the runs through a place in a direction, and returns where the middle is
// on that axis and the size of a module, 0 if they are not those of a finder.
func (s *scan) cross(x, y, dx, dy int, size float64) (middle, module float64) {
	limit := int(4*size) + 2
	inside := func(i int) bool {
		px, py := x+i*dx, y+i*dy
		return px >= 0 && py >= 0 && px < s.w && py < s.h
	}
	at := func(i int) bool { return s.dark[(y+i*dy)*s.w+x+i*dx] }
	if !inside(0) {
		return 0, 0
	}
	color := at(0)
	var r [5]int
	run := func(i, sign int, color bool) int {
		n := 0
		for n <= limit && inside(i) && at(i) == color {
			i += sign
			n++
		}
		return n
	}
	up := run(0, -1, color)
	down := run(1, 1, color)
	r[2] = up + down
	r[1] = run(-up, -1, !color)
	r[0] = run(-up-r[1], -1, color)
	r[3] = run(1+down, 1, !color)
	r[4] = run(1+down+r[3], 1, color)
	module = ratio(r)
	return float64(x*dx+y*dy) + float64(down-up)/2 + 1, module
}
