package phototest

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"github.com/offlicense/offlicense/format/qr"
)

// plan says how a picture is made. Lengths are in modules if nothing else is said.
type plan struct {
	rnd      *rand.Rand
	version  int     // of the codes
	parts    int     // how many codes, 0 is one
	module   float64 // pixels at the center of the picture
	border   float64 // what is left of the light border at some sides
	gap      float64 // between two lines of a console
	terminal bool    // a console's whole screen, with text around
	inverted bool
	tilt     float64 // degrees out of the plane
	roll     float64 // degrees in the plane
	blur     float64 // sigma, pixels
	noise    float64 // sigma, of 255
	shade    float64 // of the light is missing at the dark side
	glare    float64 // added in the middle of the glare, of 255
	moire    float64 // of the light
	quality  int     // of the JPEG
	w, h     int     // pixels, 0 is as many as the scene takes
	samples  int     // of the scene a pixel, in each direction
}

// scene is what is photographed: a plane of light and dark.
type scene struct {
	codes        []*qr.Code
	columns      int     // of codes
	side, pitch  float64 // of a code; from one code to the next
	left, top    float64 // of the first code
	width, depth float64
	gap          float64 // between two lines of a console
	between      float64 // what is seen there: the console's ground
	terminal     bool
	borders      [4]float64 // at the left, top, right and bottom
	light, dark  float64
	desk         float64 // what lies around
	text         []bool  // letters around, one cell a bit
}

func (p *plan) scene(texts []string) *scene {
	s := &scene{gap: p.gap, terminal: p.terminal, light: 205 + 45*p.rnd.Float64(), dark: 10 + 50*p.rnd.Float64(), text: make([]bool, 1<<12)}
	s.desk = s.dark + (s.light-s.dark)*p.rnd.Float64()*0.6
	for i := range s.text {
		s.text[i] = p.rnd.IntN(3) == 0
	}
	for _, text := range texts {
		code, err := qr.Encode(text)
		if err != nil {
			panic(err)
		}
		s.codes = append(s.codes, code)
	}
	s.side = float64(s.codes[0].Size())
	for _, code := range s.codes {
		s.side = max(s.side, float64(code.Size()))
	}
	s.columns = min(2, len(s.codes))
	s.pitch = 2 * math.Round((s.side+qr.Quiet+4*p.rnd.Float64())/2) // lines of a console are two modules
	around := 6 + 6*p.rnd.Float64()
	s.left, s.top = 2*math.Floor(around/2), 2*math.Floor(around/2)
	rows := (len(s.codes) + s.columns - 1) / s.columns
	s.width = 2*around + s.pitch*float64(s.columns-1) + s.side
	s.depth = 2*around + (s.pitch*float64(rows-1)+s.side)*(1+s.gap/2)
	if p.terminal { // 80 columns and 24 lines of two modules
		s.desk = s.dark
		s.width, s.depth = math.Max(s.width, 80), math.Max(s.depth, 48*(1+s.gap/2))
		s.left, s.top = 2, 2
	}
	for i := range s.borders {
		s.borders[i] = qr.Quiet
		if p.terminal {
			s.borders[i] = 2
		}
	}
	if p.border < qr.Quiet {
		s.desk = s.dark
		for range 1 + p.rnd.IntN(2) {
			s.borders[p.rnd.IntN(4)] = p.border
		}
	}
	s.between = s.dark
	if p.rnd.IntN(3) == 0 {
		s.between = s.light
	}
	if p.inverted {
		s.light, s.dark, s.desk = s.dark, s.light, s.light-(s.desk-s.dark)
	}
	return s
}

// at is how bright the scene is at a place.
func (s *scene) at(x, y float64) float64 {
	if s.gap > 0 {
		line, within := math.Floor(y/(2+s.gap)), math.Mod(y, 2+s.gap)
		if within > 2 && y > 0 {
			return s.between
		}
		y = 2*line + within
	}
	for i, code := range s.codes {
		cx := x - s.left - s.pitch*float64(i%s.columns)
		cy := y - s.top - s.pitch*float64(i/s.columns)
		size := float64(code.Size())
		if cx < -s.borders[0] || cy < -s.borders[1] || cx >= size+s.borders[2] || cy >= size+s.borders[3] {
			continue
		}
		if code.Dark(int(math.Floor(cx)), int(math.Floor(cy))) {
			return s.dark
		}
		return s.light
	}
	// Letters: cells of a third of a module, in lines of two modules.
	if _, within := math.Modf(y / 2); s.terminal && within > 0.2 && within < 0.8 && x > 0 && y > 0 && x < s.width*0.8 {
		if s.text[(int(x*3)+101*int(y*3))&(len(s.text)-1)] {
			return s.light
		}
	}
	return s.desk
}

// render photographs the scene.
func (p *plan) render(texts []string) image.Image {
	s := p.scene(texts)
	view, w, h := p.view(s)
	pix := make([]float64, w*h)
	sub := p.samples
	for y := range h {
		for x := range w {
			sum := 0.0
			for i := range sub * sub {
				sum += s.at(view.at(float64(x)+(float64(i%sub)+0.5)/float64(sub), float64(y)+(float64(i/sub)+0.5)/float64(sub)))
			}
			pix[y*w+x] = sum / float64(sub*sub)
		}
	}
	p.light(pix, w, h)
	if p.blur > 0 {
		blurred(pix, w, h, p.blur)
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i, v := range pix {
		if p.noise > 0 {
			v += p.rnd.NormFloat64() * p.noise
		}
		level := func(v float64) uint8 { return uint8(min(max(v+0.5, 0), 255)) }
		img.SetRGBA(i%w, i/w, color.RGBA{level(v), level(v * 0.98), level(v * 0.92), 255})
	}
	return img
}

// light is what light does: it is uneven, it is reflected, and the camera's grid and that
// of the screen beat.
func (p *plan) light(pix []float64, w, h int) {
	angle, phase := 2*math.Pi*p.rnd.Float64(), 2*math.Pi*p.rnd.Float64()
	dx, dy := math.Cos(angle), math.Sin(angle)
	size := math.Hypot(float64(w), float64(h))
	gx, gy := float64(w)*(0.2+0.6*p.rnd.Float64()), float64(h)*(0.2+0.6*p.rnd.Float64())
	radius := size * (0.05 + 0.1*p.rnd.Float64())
	period := 2.2 + 4*p.rnd.Float64()
	beat := 15 + 40*p.rnd.Float64()
	for i := range pix {
		x, y := float64(i%w), float64(i/w)
		if p.shade > 0 {
			along := ((x-float64(w)/2)*dx+(y-float64(h)/2)*dy)/size + 0.5
			pix[i] *= 1 - p.shade*along
		}
		if p.moire > 0 {
			pix[i] *= 1 + p.moire*(0.6*math.Sin(2*math.Pi*(x*dx+y*dy)/period+phase)+0.4*math.Sin(2*math.Pi*(y*dx-x*dy)/beat))
		}
		if p.glare > 0 {
			d := math.Hypot(x-gx, y-gy) / radius
			pix[i] += p.glare * math.Exp(-d*d/2)
		}
	}
}

// blurred blurs with a Gauss filter.
func blurred(pix []float64, w, h int, sigma float64) {
	r := int(math.Ceil(3 * sigma))
	kernel := make([]float64, 2*r+1)
	sum := 0.0
	for i := range kernel {
		kernel[i] = math.Exp(-float64((i-r)*(i-r)) / (2 * sigma * sigma))
		sum += kernel[i]
	}
	line := make([]float64, max(w, h))
	filter := func(at func(i int) *float64, n int) {
		for i := range n {
			v := 0.0
			for k, weight := range kernel {
				v += weight * *at(min(max(i+k-r, 0), n-1))
			}
			line[i] = v / sum
		}
		for i := range n {
			*at(i) = line[i]
		}
	}
	for y := range h {
		filter(func(i int) *float64 { return &pix[y*w+i] }, w)
	}
	for x := range w {
		filter(func(i int) *float64 { return &pix[i*w+x] }, h)
	}
}

// projection maps a pixel to a place of the scene.
type projection [9]float64

func (m *projection) at(x, y float64) (float64, float64) {
	w := m[6]*x + m[7]*y + m[8]
	return (m[0]*x + m[1]*y + m[2]) / w, (m[3]*x + m[4]*y + m[5]) / w
}

// view puts up the camera, and returns how large its picture is.
func (p *plan) view(s *scene) (*projection, int, int) {
	axis, tilt, roll := 2*math.Pi*p.rnd.Float64(), p.tilt*math.Pi/180, p.roll*math.Pi/180
	ca, sa, ct, st, cr, sr := math.Cos(axis), math.Sin(axis), math.Cos(tilt), math.Sin(tilt), math.Cos(roll), math.Sin(roll)
	// The plane's x and y, tilted around the axis, then rolled.
	x := [3]float64{ca*ca + sa*sa*ct, ca * sa * (1 - ct), -sa * st}
	y := [3]float64{ca * sa * (1 - ct), sa*sa + ca*ca*ct, ca * st}
	for _, v := range []*[3]float64{&x, &y} {
		v[0], v[1] = cr*v[0]-sr*v[1], sr*v[0]+cr*v[1]
	}
	distance := 2.5 * math.Max(s.width, s.depth)
	project := func(u, v, cx, cy float64) (float64, float64) {
		u, v = u-s.width/2, v-s.depth/2
		scale := p.module * distance / (distance + x[2]*u + y[2]*v)
		return scale*(x[0]*u+y[0]*v) + cx, scale*(x[1]*u+y[1]*v) + cy
	}
	left, top, right, bottom := 0.0, 0.0, 0.0, 0.0
	for i := range 4 {
		px, py := project(s.width*float64(i%2), s.depth*float64(i/2), 0, 0)
		left, top, right, bottom = min(left, px), min(top, py), max(right, px), max(bottom, py)
	}
	w, h := int(right-left), int(bottom-top)
	if p.w > 0 {
		w, h = p.w, p.h
	}
	cx, cy := (float64(w)-left-right)/2, (float64(h)-top-bottom)/2
	md := p.module * distance
	// From the plane, around its center, to the picture; its inverse is the view.
	m := [9]float64{
		md*x[0] + cx*x[2], md*y[0] + cx*y[2], cx * distance,
		md*x[1] + cy*x[2], md*y[1] + cy*y[2], cy * distance,
		x[2], y[2], distance,
	}
	inv := projection{
		m[4]*m[8] - m[5]*m[7], m[2]*m[7] - m[1]*m[8], m[1]*m[5] - m[2]*m[4],
		m[5]*m[6] - m[3]*m[8], m[0]*m[8] - m[2]*m[6], m[2]*m[3] - m[0]*m[5],
		m[3]*m[7] - m[4]*m[6], m[1]*m[6] - m[0]*m[7], m[0]*m[4] - m[1]*m[3],
	}
	for i := range 3 { // back from the center to the corner
		inv[i] += s.width / 2 * inv[6+i]
		inv[3+i] += s.depth / 2 * inv[6+i]
	}
	return &inv, w, h
}
