package photo

import (
	"cmp"
	"math"
	"slices"
)

// triple is three finders that may be of one code.
type triple struct {
	corner, right, below point // the middle of each; right and below are seen from the corner
	module               float64
	light                bool
	worth                float64 // the less, the more it looks like a code
}

// triples returns what may be codes, the likeliest first.
func triples(all []finder) []triple {
	var found []triple
	for i, c := range all {
		for j, r := range all {
			for k, b := range all {
				if i == j || i == k || j == k || r.light != c.light || b.light != c.light {
					continue
				}
				t := triple{corner: point{c.x, c.y}, right: point{r.x, r.y}, below: point{b.x, b.y}, light: c.light}
				u, v := t.right.minus(t.corner), t.below.minus(t.corner)
				lu, lv := u.length(), v.length()
				low, high := min(c.module, r.module, b.module), max(c.module, r.module, b.module)
				if cross(u, v) <= 0 || high > 1.8*low || max(lu, lv) > 1.6*min(lu, lv) || math.Abs(dot(u, v)) > 0.4*lu*lv {
					continue
				}
				// On a line at an angle a module is longer.
				slope := max(math.Abs(u.x), math.Abs(u.y)) / lu
				t.module = (c.module + r.module + b.module) / 3 * slope
				modules := (lu + lv) / 2 / t.module
				if modules < 11 || modules > 190 {
					continue
				}
				hits := float64(min(c.hits, r.hits, b.hits))
				t.worth = math.Abs(dot(u, v))/(lu*lv) + math.Abs(math.Log(lu/lv)) + 0.5*math.Log(high/low) + 0.5/hits + modules/400
				found = append(found, t)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b triple) int { return cmp.Compare(a.worth, b.worth) })
	return found
}

// code is where a code is thought to be.
type code struct {
	side  int      // modules
	seen  [4]point // in the picture, of the places in marks
	grid  grid
	score float64 // how well it looks like one, 0 to about 1
	sure  float64 // the same, of the worst of its finders
}

// marks are the places of a code that its grid is laid through: the middle of the finders,
// and that of the alignment pattern, or where it would be.
func marks(side int) [4]point {
	far := float64(side) - 3.5
	return [4]point{{3.5, 3.5}, {far, 3.5}, {far - 3, far - 3}, {3.5, far}}
}

// known is a module that is the same in each code of a size.
type known struct {
	x, y  float64
	light float32 // 1 or -1
}

// squareOf returns the modules of a finder or an alignment pattern, whose lightest rings are
// at given distances from its middle.
func squareOf(side, cx, cy, r, ring1, ring2 int) (all []known) {
	for y := max(cy-r, 0); y <= min(cy+r, side-1); y++ {
		for x := max(cx-r, 0); x <= min(cx+r, side-1); x++ {
			light := float32(-1)
			if ring := ringOf(x-cx, y-cy); ring == ring1 || ring == ring2 {
				light = 1
			}
			all = append(all, known{float64(x) + 0.5, float64(y) + 0.5, light})
		}
	}
	return all
}

// findersOf returns the modules of the three finders, with the light line around them.
func findersOf(side int) [3][]known {
	return [...][]known{squareOf(side, 3, 3, 4, 2, 4), squareOf(side, side-4, 3, 4, 2, 4), squareOf(side, 3, side-4, 4, 2, 4)}
}

// knownOf returns the finders, the lines between them and the alignment patterns.
func knownOf(side int) []known {
	squares := findersOf(side)
	all := slices.Concat(squares[:]...)
	for i := 8; i < side-8; i++ {
		light := float32(i%2)*2 - 1
		all = append(all, known{float64(i) + 0.5, 6.5, light}, known{6.5, float64(i) + 0.5, light})
	}
	places := alignments(side)
	for _, y := range places {
		for _, x := range places {
			if far := side - 7; !(x == 6 && y == 6 || x == 6 && y == far || x == far && y == 6) {
				all = append(all, squareOf(side, x, y, 2, 1, 1)...)
			}
		}
	}
	return all
}

// alignments returns the rows and columns of alignment patterns (ISO/IEC 18004, annex E).
func alignments(side int) []int {
	version := (side - 17) / 4
	if version < 2 {
		return nil
	}
	n := version/7 + 2
	step := (4*version + 2*n + 1) / (2*n - 2) * 2
	if version == 32 {
		step = 26
	}
	places := make([]int, n)
	places[0] = 6
	for i := n - 1; i > 0; i-- {
		places[i] = side - 7 - (n-1-i)*step
	}
	return places
}

// score says how well a patch looks like a code of a size at a place. It looks at two
// corners of each module, for in a sharp picture its middle may be anywhere in it.
func score(p *patch, g *grid, all []known, sign float32) float64 {
	const reach = 0.28
	sum := float32(0)
	for i, k := range all {
		slant := reach * float64(1-2*(i&1))
		a, b := p.at(g.at(k.x-reach, k.y-slant)), p.at(g.at(k.x+reach, k.y+slant))
		sum += k.light * (min(max(a, -1), 1) + min(max(b, -1), 1))
	}
	return float64(sum*sign) / float64(2*len(all))
}

// fit returns the codes that the triple may be, of several sizes, the best first.
func (t *triple) fit(p *patch) []code {
	sign := float32(1)
	if t.light {
		sign = -1
	}
	estimate := (t.right.minus(t.corner).length()+t.below.minus(t.corner).length())/2/t.module + 7
	slack := max(4, 0.14*estimate)
	nearest := int(math.Round((estimate-17)/4))*4 + 17
	if nearest < 21 {
		return nil
	}
	corners := t.corners(p, nearest, sign)
	var found []code
	for side := 21; side <= 177; side += 4 {
		if math.Abs(float64(side)-estimate) > slack {
			continue
		}
		all := knownOf(side)
		best := code{score: -1}
		there := corners
		if side == 21 { // it has no alignment pattern
			there = corners[:1]
		}
		for _, corner := range there {
			c := code{side: side, seen: [4]point{t.corner, t.right, corner, t.below}}
			var ok bool
			if c.grid, ok = gridOf(marks(side), c.seen); !ok {
				continue
			}
			if c.score = score(p, &c.grid, all, sign); c.score > best.score {
				best = c
			}
		}
		if best.score > 0.15 {
			found = append(found, best)
		}
	}
	slices.SortStableFunc(found, func(a, b code) int { return cmp.Compare(b.score, a.score) })
	found = found[:min(len(found), 3)]
	for i := range found {
		found[i].refine(p, sign, t.module)
	}
	slices.SortStableFunc(found, func(a, b code) int { return cmp.Compare(b.score, a.score) })
	return found
}

// plausible reports whether what is at the three places looks like finders, roughly. Most
// of what a picture has by chance ends here. size is that of g's pixels in the picture.
func (t *triple) plausible(g *gray, size float64) bool {
	u, v := t.right.minus(t.corner), t.below.minus(t.corner)
	u, v = u.times(t.module/u.length()/size), v.times(t.module/v.length()/size)
	total := float32(0)
	for _, center := range [...]point{t.corner, t.right, t.below} {
		center = center.times(1 / size)
		var sum, n [2]float32 // of the dark and the light
		var at [49]float32
		for i := range at {
			x, y := i%7-3, i/7-3
			q := center.plus(u.times(float64(x))).plus(v.times(float64(y)))
			at[i] = float32(g.pix[min(max(int(q.y), 0), g.h-1)*g.stride+min(max(int(q.x), 0), g.w-1)])
			light := ringOf(x, y) == 2
			sum[index(light)] += at[i]
			n[index(light)]++
		}
		middle := (sum[0]/n[0] + sum[1]/n[1]) / 2
		right, off := float32(0), float32(1)
		for i, v := range at {
			if (ringOf(i%7-3, i/7-3) == 2) != t.light {
				right += v - middle
			} else {
				right += middle - v
			}
			off += max(v-middle, middle-v)
		}
		if right < 0.1*off {
			return false
		}
		total += right / off
	}
	return total > 0.8
}

// ringOf is how far a module is from the middle of its finder.
func ringOf(x, y int) int { return max(x, -x, y, -y) }

func index(b bool) int {
	if b {
		return 1
	}
	return 0
}

// corners returns where the alignment pattern at the lower right may be.
func (t *triple) corners(p *patch, side int, sign float32) []point {
	u, v := t.right.minus(t.corner).times(1/float64(side-7)), t.below.minus(t.corner).times(1/float64(side-7))
	far := float64(side - 10)
	guess := t.corner.plus(u.times(far)).plus(v.times(far))
	type peak struct {
		at    point
		worth float32
	}
	var peaks []peak
	reach := 3 + 0.14*float64(side)
	for dy := -reach; dy <= reach; dy += 0.5 {
		for dx := -reach; dx <= reach; dx += 0.5 {
			at := guess.plus(u.times(dx)).plus(v.times(dy))
			sum := float32(0)
			for y := -2.0; y <= 2; y++ {
				for x := -2.0; x <= 2; x++ {
					v := min(max(p.at(at.plus(u.times(x)).plus(v.times(y))), -1), 1)
					if max(math.Abs(x), math.Abs(y)) == 1 {
						sum += v
					} else {
						sum -= v
					}
				}
			}
			if sum *= sign; sum > 5 { // of 25
				peaks = append(peaks, peak{at, sum})
			}
		}
	}
	slices.SortFunc(peaks, func(a, b peak) int { return cmp.Compare(b.worth, a.worth) })
	places := []point{guess}
	for _, peak := range peaks {
		if !slices.ContainsFunc(places[1:], func(q point) bool { return q.near(peak.at, 1.5*t.module) }) {
			places = append(places, peak.at)
		}
		if len(places) == 7 {
			break
		}
	}
	return places
}

// refine moves the four places to where the known modules fit best.
func (c *code) refine(p *patch, sign float32, module float64) {
	all, places := knownOf(c.side), marks(c.side)
	for step := 0.6 * module; step > 0.07*module; step *= 0.6 {
		for better, round := true, 0; better && round < 4; round++ {
			better = false
			for i := range c.seen {
				for _, d := range [...]point{{step, 0}, {-step, 0}, {0, step}, {0, -step}} {
					seen := c.seen
					seen[i] = seen[i].plus(d)
					g, ok := gridOf(places, seen)
					if !ok {
						continue
					}
					if s := score(p, &g, all, sign); s > c.score {
						c.seen, c.grid, c.score, better = seen, g, s, true
					}
				}
			}
		}
	}
	c.sure = c.score
	for _, square := range findersOf(c.side) {
		c.sure = min(c.sure, score(p, &c.grid, square, sign))
	}
}
