package photo

// modules is how light each module of a code is, by row.
type modules struct {
	side int
	v    []float32
}

// sample looks at the modules of a code, nine times at each, up to a distance from its middle.
func (c *code) sample(p *patch, sign float32, reach float64) *modules {
	m := &modules{c.side, make([]float32, c.side*c.side)}
	for y := range c.side {
		for x := range c.side {
			sum := float32(0)
			for i := range 9 {
				sum += p.at(c.grid.at(float64(x)+0.5+reach*float64(i%3-1), float64(y)+0.5+reach*float64(i/3-1)))
			}
			m.v[y*c.side+x] = sum * sign / 9
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
func (m *modules) bits(near int) *dark {
	d := &dark{m.side, make([]bool, len(m.v))}
	for y := range m.side {
		for x := range m.side {
			level := float32(0)
			if near > 0 {
				level = m.around(x, y, near, true)
			}
			d.v[y*m.side+x] = m.v[y*m.side+x] < level
		}
	}
	return d
}

// text returns the text of a code.
func (c *code) text(p *patch, sign float32) (string, bool) {
	for _, reach := range [...]float64{0.17, 0.33} {
		m := c.sample(p, sign, reach)
		for _, by := range [...]float32{0, 0.4, 0.8} {
			s := m
			if by > 0 {
				s = m.sharpened(by)
			}
			for _, near := range [...]int{0, 3} {
				d := s.bits(near)
				for _, d := range []*dark{d, d.mirrored()} {
					if text, ok := d.text(); ok {
						return text, true
					}
				}
			}
		}
	}
	return "", false
}
