package photo

import (
	"fmt"
	"math"
)

// unread says what was seen on a picture of which nothing was read.
func (r *reader) unread() *Unread {
	const wholeBorder = "photograph the code straight, with its whole white border"
	if r.other != "" {
		return &Unread{"other-code", fmt.Sprintf("found a code, but it is not of a statement: it begins with %.16q", r.other),
			"photograph the code that the command shows"}
	}
	c := r.missed
	if c == nil || c.sure < 0.4 {
		if r.two() {
			return &Unread{"cut-off", "found a part of a code, but not all three of its corner squares", wholeBorder}
		}
		return &Unread{"no-code", "found no code on the picture", "photograph the code from near, straight and sharp, with its whole white border"}
	}
	if corner := r.cutOff(c); corner != "" {
		return &Unread{"cut-off", "found a code, but its " + corner + " corner is cut off", wholeBorder}
	}
	if module := c.module(); module < 2.5 {
		return &Unread{"too-small", fmt.Sprintf("found a code, but it is too small: %.1f pixels for each of its squares", module),
			"take the photo from nearer, or send the picture at its full size"}
	}
	bright, sharp := r.quality(c)
	switch {
	case bright > 0.04:
		return &Unread{"reflection", "found a code, but light is reflected on it", "take the photo from the side, without a flash and without a lamp in it"}
	case sharp < 0.5:
		return &Unread{"blurred", "found a code, but it is blurred", "hold the camera still, tap the code to focus, and take the photo from a little further away"}
	}
	return &Unread{"hidden", "found a code, but a part of it is hidden or damaged", wholeBorder}
}

// module is how many pixels a module has.
func (c *code) module() float64 {
	return math.Sqrt(c.seen[1].minus(c.seen[0]).length()*c.seen[3].minus(c.seen[0]).length()) / float64(c.side-7)
}

// cutOff returns which corner of a code is not on the picture, "" if all are.
func (r *reader) cutOff(c *code) string {
	side := float64(c.side)
	middle, slack := c.grid.at(side/2, side/2), c.module()/2
	w, h := float64(r.levels[0].w), float64(r.levels[0].h)
	for _, at := range [...]point{c.grid.at(0, 0), c.grid.at(side, 0), c.grid.at(side, side), c.grid.at(0, side)} {
		if at.x < -slack || at.y < -slack || at.x > w+slack || at.y > h+slack {
			vertical, horizontal := "upper", "left"
			if at.y > middle.y {
				vertical = "lower"
			}
			if at.x > middle.x {
				horizontal = "right"
			}
			return vertical + " " + horizontal
		}
	}
	return ""
}

// two reports whether two finders were seen well that may be of one code.
func (r *reader) two() bool {
	const well = 6 // lines on which one was seen
	for i, a := range r.finders {
		for _, b := range r.finders[:i] {
			apart := point{a.x - b.x, a.y - b.y}.length() / max(a.module, b.module)
			if a.hits >= well && b.hits >= well && a.light == b.light && max(a.module, b.module) < 1.3*min(a.module, b.module) && 13 < apart && apart < 240 {
				return true
			}
		}
	}
	return false
}

// quality returns the share of a code that is so bright that nothing is seen there, and how
// much of the contrast of a finder's middle the single modules between the finders have.
func (r *reader) quality(c *code) (bright, sharp float64) {
	g := r.levels[0]
	at := func(x, y int) float64 {
		q := c.grid.at(float64(x)+0.5, float64(y)+0.5)
		return float64(g.pix[min(max(int(q.y), 0), g.h-1)*g.stride+min(max(int(q.x), 0), g.w-1)])
	}
	for y := 1; y < c.side-1; y++ {
		for x := 1; x < c.side-1; x++ {
			darkest := 255.0
			for i := range 9 {
				darkest = min(darkest, at(x+i%3-1, y+i/3-1))
			}
			if darkest > 235 {
				bright += 1 / float64(c.side*c.side)
			}
		}
	}
	var sum, n [2]float64
	for i := 8; i < c.side-8; i++ {
		sum[i%2] += at(i, 6) + at(6, i)
		n[i%2] += 2
	}
	single := math.Abs(sum[1]/n[1] - sum[0]/n[0])
	middle := at(3, 3) + at(c.side-4, 3) + at(3, c.side-4)
	around := at(1, 1) + at(c.side-2, 1) + at(1, c.side-2)
	return bright, single / max(math.Abs(around-middle)/3, single, 1)
}
