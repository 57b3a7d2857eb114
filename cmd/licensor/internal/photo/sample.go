package photo

import (
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// modules is how light each module of a code is, by row.
type modules struct {
	side int
	v    []float32
}

// sample looks at the modules of a code, five times at each.
func (c *code) sample(p *patch, sign float32) *modules {
	m := &modules{c.side, make([]float32, c.side*c.side)}
	for y := range c.side {
		for x := range c.side {
			sum := float32(0)
			for _, d := range [...]point{{0.5, 0.5}, {0.3, 0.5}, {0.7, 0.5}, {0.5, 0.3}, {0.5, 0.7}} {
				sum += p.at(c.grid.at(float64(x)+d.x, float64(y)+d.y))
			}
			m.v[y*c.side+x] = sum * sign / 5
		}
	}
	return m
}

// around returns the mean of the modules around one, up to a distance, with it or without.
func (m *modules) around(cx, cy, r int, with bool) float32 {
	sum, n := float32(0), float32(0)
	for y := max(cy-r, 0); y <= min(cy+r, m.side-1); y++ {
		for x := max(cx-r, 0); x <= min(cx+r, m.side-1); x++ {
			if with || x != cx || y != cy {
				sum += m.v[y*m.side+x]
				n++
			}
		}
	}
	return sum / n
}

// sharpened returns the modules with less of their neighbors in each.
func (m *modules) sharpened(by float32) *modules {
	out := &modules{m.side, make([]float32, len(m.v))}
	for y := range m.side {
		for x := range m.side {
			out.v[y*m.side+x] = m.v[y*m.side+x] - by*m.around(x, y, 1, false)
		}
	}
	return out
}

// bits says which modules are dark: those below 0, or below the mean of what is near.
func (m *modules) bits(near int) *gozxing.BitMatrix {
	bits, _ := gozxing.NewSquareBitMatrix(m.side)
	for y := range m.side {
		for x := range m.side {
			level := float32(0)
			if near > 0 {
				level = m.around(x, y, near, true)
			}
			if m.v[y*m.side+x] < level {
				bits.Set(x, y)
			}
		}
	}
	return bits
}

// decode returns the text of a code.
func (m *modules) decode() (string, bool) {
	d := decoder.NewDecoder()
	for _, by := range [...]float32{0, 0.4, 0.8} {
		s := m
		if by > 0 {
			s = m.sharpened(by)
		}
		for _, near := range [...]int{0, 3} {
			result, err := d.DecodeWithoutHint(s.bits(near))
			if err == nil {
				return result.GetText(), true
			}
		}
	}
	return "", false
}
