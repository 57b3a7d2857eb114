package staff

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// To count the months reads all activations: in a large ledger nobody waits for that. Where it
// takes long it is done behind the pages, one at a time and for a hundredth of the time at most,
// and they show what was counted last.

const (
	monthsBack, monthsAhead = 12, 12

	quickCount = 20 * time.Millisecond  // what a page waits for
	firstCount = 300 * time.Millisecond // likewise, where nothing was counted yet
	rareCount  = 100                    // a count comes so many times its own length after the one before
	mostCount  = 5 * time.Minute        // one that takes longer is given up
)

// counting counts the months.
type counting struct {
	mu     sync.Mutex
	months []ledger.Month
	at     time.Time     // of the page for which they were counted
	begun  time.Time     // when the last count began, on this machine
	took   time.Duration // how long
	runs   chan struct{} // closed when the count that runs is done; nil: none runs
	err    error         // of the last count
}

// count returns what was counted last, nil for nothing yet.
func (c *counting) count(now time.Time, do func(context.Context) ([]ledger.Month, error)) ([]ledger.Month, time.Time, error) {
	c.mu.Lock()
	if c.runs == nil && (c.months == nil || c.took < quickCount || time.Since(c.begun) > rareCount*c.took) {
		runs := make(chan struct{})
		begun := time.Now()
		c.runs, c.begun = runs, begun
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), mostCount)
			defer cancel()
			months, err := do(ctx)
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.err = err; err == nil {
				c.months, c.at = months, now
			}
			c.took, c.runs = time.Since(begun), nil
			close(runs)
		}()
	}
	runs, wait := c.runs, firstCount-time.Since(c.begun) // pages that come later wait no more
	if c.months != nil && c.took >= quickCount {
		wait = 0
	}
	c.mu.Unlock()
	if runs != nil && wait > 0 {
		select {
		case <-runs:
		case <-time.After(wait):
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.months == nil && c.runs == nil {
		return nil, c.at, c.err
	}
	return c.months, c.at, nil
}

// drawing is a picture of the months, with the figures that it is made of.
type drawing struct {
	At     time.Time
	Months []drawnMonth
	Width  int
	Active string // the points of a line
	Past   string // the same up to now
	Now    int    // where this month ends
	Tops   [2]uint64
}

// drawnMonth is a month with its place in the drawing.
type drawnMonth struct {
	ledger.Month
	Name               string // 2026-11
	Label              string // where there is room for one
	Coming             bool
	X, Left, Right     int
	Sold, Ending       bar
	SoldText, EndsText string
}

type bar struct{ Y, Height int }

// The drawing, in its own units: the line above, the bars below.
const (
	monthWide         = 24
	lineTop, lineHigh = 24, 96
	barsTop, barsHigh = 156, 96
	barWide           = 8
	marginLeft        = 6
)

// months returns the picture, nil while it is counted for the first time.
func (v *visit) months() (*drawing, error) {
	months, at, err := v.counting.count(v.by.Now, func(ctx context.Context) ([]ledger.Month, error) {
		return v.Service.Months(ctx, v.by.Now, monthsBack, monthsAhead)
	})
	if err != nil || months == nil {
		return nil, err
	}
	return draw(months, at), nil
}

func draw(months []ledger.Month, at time.Time) *drawing {
	p := &drawing{At: at, Width: marginLeft + monthWide*len(months)}
	for _, m := range months {
		p.Tops[0] = max(p.Tops[0], m.Active)
		p.Tops[1] = max(p.Tops[1], m.Sold, m.Ending)
	}
	high := func(n, top uint64, height int) int {
		if top == 0 {
			return 0
		}
		return int(float64(n) / float64(top) * float64(height))
	}
	for i, m := range months {
		d := drawnMonth{Month: m, Name: m.Begin.Format("2006-01"), Coming: i > monthsBack, X: marginLeft + i*monthWide}
		d.Left, d.Right = d.X+3, d.X+3+barWide+1
		if m.Begin.Month()%3 == 1 {
			d.Label = m.Begin.Format("Jan")
			if m.Begin.Month() == time.January {
				d.Label = m.Begin.Format("2006")
			}
		}
		sold, ending := high(m.Sold, p.Tops[1], barsHigh), high(m.Ending, p.Tops[1], barsHigh)
		d.Sold, d.Ending = bar{barsTop + barsHigh - sold, sold}, bar{barsTop + barsHigh - ending, ending}
		point := fmt.Sprintf("%d,%d ", d.X+monthWide/2, lineTop+lineHigh-high(m.Active, p.Tops[0], lineHigh))
		if p.Active += point; i <= monthsBack {
			p.Past += point
			p.Now = d.X + monthWide
		}
		p.Months = append(p.Months, d)
	}
	return p
}
