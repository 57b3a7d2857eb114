package photo

import "math"

// point is a place.
type point struct{ x, y float64 }

func (p point) plus(q point) point           { return point{p.x + q.x, p.y + q.y} }
func (p point) minus(q point) point          { return point{p.x - q.x, p.y - q.y} }
func (p point) times(f float64) point        { return point{p.x * f, p.y * f} }
func (p point) length() float64              { return math.Hypot(p.x, p.y) }
func cross(p, q point) float64               { return p.x*q.y - p.y*q.x }
func dot(p, q point) float64                 { return p.x*q.x + p.y*q.y }
func (p point) near(q point, r float64) bool { return p.minus(q).length() < r }

// patch is what is around a code, evened out: of each pixel, by how many standard
// deviations it is lighter than what is around it. Uneven light is gone then.
type patch struct {
	pix  []float32
	w, h int
	from point   // of its corner in the picture
	size float64 // of its pixels in the picture's
}

// patchOf cuts the patch out of one level of a picture whose pixels have that size.
func patchOf(g *gray, size float64, from, to point, module float64) *patch {
	left, top := max(int(from.x/size), 0), max(int(from.y/size), 0)
	right, bottom := min(int(to.x/size)+1, g.w), min(int(to.y/size)+1, g.h)
	if right-left < leastSide || bottom-top < leastSide {
		return nil
	}
	p := &patch{w: right - left, h: bottom - top, from: point{float64(left) * size, float64(top) * size}, size: size}
	p.pix = make([]float32, p.w*p.h)
	cut := &gray{g.pix[top*g.stride+left:], p.w, p.h, g.stride}
	radius := max(int(4.5*module/size), 4)
	cut.means(0, p.h, radius, func(y int, sums []uint32, n uint32) {
		for x, v := range cut.row(y) {
			p.pix[y*p.w+x] = float32(v) - float32(sums[x])/float32(n)
		}
	})
	// The deviation, of the picture of how far each is off.
	off := newGray(p.w, p.h)
	for i, v := range p.pix {
		off.pix[i] = uint8(min(max(v, -v), 255))
	}
	off.means(0, p.h, radius, func(y int, sums []uint32, n uint32) {
		for x := range sums {
			p.pix[y*p.w+x] /= float32(sums[x])/float32(n) + 2
		}
	})
	return p
}

// at returns what is at a place of the picture, between four pixels; outside it is 0.
func (p *patch) at(q point) float32 {
	x, y := (q.x-p.from.x)/p.size-0.5, (q.y-p.from.y)/p.size-0.5
	if !(x >= 0 && y >= 0 && x < float64(p.w-1) && y < float64(p.h-1)) { // or NaN
		return 0
	}
	ix, iy := int(x), int(y)
	fx, fy := float32(x-float64(ix)), float32(y-float64(iy))
	i := iy*p.w + ix
	a, b := p.pix[i:i+2], p.pix[i+p.w:i+p.w+2]
	upper, lower := a[0]+fx*(a[1]-a[0]), b[0]+fx*(b[1]-b[0])
	return upper + fy*(lower-upper)
}

// grid says where in a picture each module of a code is.
type grid [9]float64

func (m *grid) at(x, y float64) point {
	w := m[6]*x + m[7]*y + m[8]
	return point{(m[0]*x + m[1]*y + m[2]) / w, (m[3]*x + m[4]*y + m[5]) / w}
}

// gridOf returns the projection that maps four places of a code to four of a picture, in
// the order of top left, top right, bottom right, bottom left. ok is false if there is none.
func gridOf(code, seen [4]point) (g grid, ok bool) {
	a, b := squareTo(code), squareTo(seen)
	// seen of the unit square of code: b times the inverse of a.
	inv := grid{
		a[4]*a[8] - a[5]*a[7], a[2]*a[7] - a[1]*a[8], a[1]*a[5] - a[2]*a[4],
		a[5]*a[6] - a[3]*a[8], a[0]*a[8] - a[2]*a[6], a[2]*a[3] - a[0]*a[5],
		a[3]*a[7] - a[4]*a[6], a[1]*a[6] - a[0]*a[7], a[0]*a[4] - a[1]*a[3],
	}
	for i := range 3 {
		for j := range 3 {
			g[3*i+j] = b[3*i]*inv[j] + b[3*i+1]*inv[3+j] + b[3*i+2]*inv[6+j]
		}
	}
	for _, v := range g {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return g, false
		}
	}
	return g, true
}

// squareTo returns the projection of the unit square to four points (Heckbert, Fundamentals
// of Texture Mapping and Image Warping, 1989).
func squareTo(q [4]point) grid {
	d1, d2 := q[1].minus(q[2]), q[3].minus(q[2])
	s := q[0].minus(q[1]).plus(q[2].minus(q[3]))
	den := cross(d1, d2)
	gx, gy := cross(s, d2)/den, cross(d1, s)/den
	return grid{
		q[1].x - q[0].x + gx*q[1].x, q[3].x - q[0].x + gy*q[3].x, q[0].x,
		q[1].y - q[0].y + gx*q[1].y, q[3].y - q[0].y + gy*q[3].y, q[0].y,
		gx, gy, 1,
	}
}
