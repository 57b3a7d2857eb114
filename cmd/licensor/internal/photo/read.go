package photo

import (
	"cmp"
	"context"
	"fmt"
	"image"

	"slices"
	"strings"
)

const (
	leastSide   = 21      // pixels: there is no code below
	firstPixels = 3 << 19 // of the level that is looked at first, at most
)

// reader reads one picture.
type reader struct {
	ctx     context.Context
	levels  []*gray  // each half as large as the one before
	finders []finder // that were seen so far, but for those of codes that were read
	texts   []string
	other   string // the text of a code that is not ours
	read    []code // those that were read
	missed  *code  // what looks most like a code of those that were not
	tried   map[string]int
	dark    []bool // of what is looked at, used again
}

// read returns the texts of all codes on img.
func read(ctx context.Context, img image.Image) ([]string, error) {
	g := grayOf(img)
	if min(g.w, g.h) < leastSide {
		return nil, &Unread{"too-small", fmt.Sprintf("the picture is too small: %d by %d pixels", g.w, g.h), takeAgain}
	}
	r := &reader{ctx: ctx, tried: make(map[string]int)}
	for ; g != nil; g = g.halved() {
		r.levels = append(r.levels, g)
	}
	r.climb()
	switch {
	case len(r.texts) > 0:
		return r.texts, nil
	case ctx.Err() != nil:
		return nil, overtime()
	}
	return nil, r.unread()
}

// climb tries one preparation of the picture after the other, the quick ones first, until
// all is read.
func (r *reader) climb() {
	first := 0 // the level that is looked at first
	for first+1 < len(r.levels) && r.pixels(first) > firstPixels {
		first++
	}
	small := min(first+1, len(r.levels)-1)
	mean := byMean(20)
	plain := func(level int, dark binarizer) func() bool {
		return func() bool {
			return 0 <= level && level < len(r.levels) && r.look(r.levels[level], sizeOf(level), dark)
		}
	}
	smoothed := func(level, radius int) func() bool {
		return func() bool { return r.look(r.levels[level].smoothed(radius), sizeOf(level), mean) }
	}
	doubled := func(dark binarizer, radius int) func() bool {
		return func() bool {
			return r.pixels(first) <= firstPixels && r.look(r.levels[first].doubled().smoothed(radius), sizeOf(first)/2, dark)
		}
	}
	r.look(r.levels[first], sizeOf(first), mean) // a finer look may find more
	for _, step := range []func() bool{
		plain(max(first-1, 0), mean), plain(first+1, mean), plain(first+2, mean), plain(first+3, mean),
		plain(first-2, mean), plain(first-3, mean),
		plain(first, byRange), plain(first+1, byRange), plain(first-1, byRange),
		smoothed(small, 1), smoothed(first, 1), smoothed(first, 2),
		doubled(mean, 0), doubled(byMean(10), 0), doubled(mean, 1), doubled(byMean(40), 2),
	} {
		if step() {
			return
		}
	}
}

// pixels is how many a level has.
func (r *reader) pixels(level int) int { return r.levels[level].w * r.levels[level].h }

// look reads what it finds on a picture that was made of a level, whose pixels have a size.
// It reports whether the reading is at its end.
func (r *reader) look(g *gray, size float64, dark binarizer) bool {
	if r.ctx.Err() != nil {
		return true
	}
	for _, f := range r.see(g, dark) {
		f.x, f.y, f.module = f.x*size, f.y*size, f.module*size
		r.add(f)
	}
	r.finders = slices.DeleteFunc(r.finders, func(f finder) bool { return r.covered(point{f.x, f.y}) })
	slices.SortStableFunc(r.finders, func(a, b finder) int { return cmp.Compare(b.hits, a.hits) })
	const most = 24
	missed := false
	tries := 0
	for _, t := range triples(r.finders[:min(len(r.finders), mostFinders)]) {
		if r.ctx.Err() != nil {
			return true
		}
		if r.covered(t.corner) || r.covered(t.right) || r.covered(t.below) {
			continue
		}
		key := fmt.Sprint(int(t.corner.x/t.module), int(t.corner.y/t.module), int(t.right.x/t.module), int(t.right.y/t.module), int(t.below.x/t.module), int(t.below.y/t.module))
		if r.tried[key]++; r.tried[key] > 1 {
			continue
		}
		if r.try(&t) {
			continue
		}
		missed = missed || r.missed != nil && r.missed.sure > 0.45
		if tries++; tries == most {
			break
		}
	}
	return !missed && complete(r.texts)
}

// add keeps a finder. One that is there already is kept as it was seen best.
func (r *reader) add(f finder) {
	for i, other := range r.finders {
		if (point{f.x, f.y}).near(point{other.x, other.y}, f.module) && f.light == other.light {
			if f.hits > other.hits {
				r.finders[i] = f
			}
			return
		}
	}
	r.finders = append(r.finders, f)
}

// covered reports whether a place is on a code that was read.
func (r *reader) covered(at point) bool {
	return slices.ContainsFunc(r.read, func(c code) bool { return c.holds(at) })
}

// holds reports whether a place is inside of a code.
func (c *code) holds(at point) bool {
	side := float64(c.side)
	corners := [...]point{c.grid.at(0, 0), c.grid.at(side, 0), c.grid.at(side, side), c.grid.at(0, side)}
	for i, from := range corners {
		if cross(corners[(i+1)%4].minus(from), at.minus(from)) < 0 {
			return false
		}
	}
	return true
}

// try reads what three finders may be of.
func (r *reader) try(t *triple) bool {
	p := r.patch(t)
	if p == nil {
		return false
	}
	sign := float32(1)
	if t.light {
		sign = -1
	}
	for _, c := range t.fit(p) {
		const hopeless = 0.15
		if c.sure < hopeless {
			continue
		}
		text, ok := c.text(p, sign)
		switch {
		case !ok:
			if r.missed == nil || c.sure > r.missed.sure {
				r.missed = &c
			}
			continue
		case !isOurs(text):
			r.other = text
		case !slices.Contains(r.texts, bare(text)):
			r.texts = append(r.texts, bare(text))
		}
		r.read = append(r.read, c)
		return true
	}
	return false
}

// patch cuts out where the triple's code may be, of the level where a module has 3 to 6
// pixels. It is nil if there is none.
func (r *reader) patch(t *triple) *patch {
	level, size := 0, 1.0
	for level+1 < len(r.levels) && t.module/size >= 6 {
		level++
		size *= 2
	}
	if !t.plausible(r.levels[level], size) {
		return nil
	}
	far := t.right.plus(t.below).minus(t.corner)
	margin := 8*t.module + 0.15*far.minus(t.corner).length()
	from := point{min(t.corner.x, t.right.x, t.below.x, far.x) - margin, min(t.corner.y, t.right.y, t.below.y, far.y) - margin}
	to := point{max(t.corner.x, t.right.x, t.below.x, far.x) + margin, max(t.corner.y, t.right.y, t.below.y, far.y) + margin}
	return patchOf(r.levels[level], size, from, to, t.module)
}

// complete reports whether texts are whole: no part of a statement is missing.
func complete(texts []string) bool {
	parts := make(map[string]int)
	for _, text := range texts {
		if part.MatchString(text) {
			header, body, _ := strings.Cut(text, ":")
			_, count, _ := strings.Cut(header, "-")
			var n int
			fmt.Sscan(count, &n)
			key := header[:4] + body[:4] + count
			parts[key] = cmp.Or(parts[key], n)
			if parts[key]--; parts[key] == 0 {
				delete(parts, key)
			}
		}
	}
	return len(texts) > 0 && len(parts) == 0
}

// sizeOf is how large the pixels of a level are in the picture.
func sizeOf(level int) float64 { return float64(uint64(1) << level) }
