package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

const (
	progressAfter = time.Second            // what is done sooner needs no bar
	progressEvery = 100 * time.Millisecond // between two drawings
)

// Progress is a bar on Stderr that says how far a long command is. It is drawn on a
// terminal alone, and once a second has passed. Its methods may be called by several
// goroutines at once.
type Progress struct {
	what  string
	total int

	mu      sync.Mutex
	out     io.Writer
	window  func() (columns, rows int, ok bool) // nil: no terminal
	started time.Time
	drawn   time.Time
	width   int // of what is on the screen
	done    int
}

// NewProgress begins to count to total; 0 if that is not known. what says in a word or
// two what is done, such as "importing". Done must be called when it ends.
func NewProgress(env *Env, what string, total int) *Progress {
	return &Progress{what: Clean(what), total: total, out: env.Stderr, window: env.ErrWindow, started: time.Now()}
}

// Add counts n more as done.
func (p *Progress) Add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += n
	now := time.Now()
	if p.window == nil || now.Sub(p.started) < progressAfter || now.Sub(p.drawn) < progressEvery {
		return
	}
	columns, _, ok := p.window()
	if !ok {
		p.window = nil
		return
	}
	p.drawn = now
	p.draw(p.line(columns, now))
}

// Write prints lines above the bar, as a command does on Stderr.
func (p *Progress) Write(lines []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draw("")
	p.drawn = time.Time{}
	return p.out.Write(lines)
}

// Done takes the bar away. What is added later is not shown.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draw("")
	p.window = nil
}

// line returns what is on the screen, in less than its columns: a full line would
// make some terminals go to the next.
func (p *Progress) line(columns int, now time.Time) string {
	if p.total <= 0 {
		return fmt.Sprintf("%.*s", columns-1, fmt.Sprintf("%s %d", p.what, p.done))
	}
	done := min(p.done, p.total)
	text := fmt.Sprintf(" %3d%% %d/%d", 100*done/p.total, done, p.total)
	if done > 0 {
		left := time.Duration(float64(now.Sub(p.started)) * float64(p.total-done) / float64(done))
		text += ", " + left.Round(time.Second).String() + " left"
	}
	bar := min(columns-1-len(p.what)-len(" []")-len(text), 40)
	if bar < 5 {
		return fmt.Sprintf("%.*s", columns-1, p.what+text)
	}
	full := bar * done / p.total
	return p.what + " [" + strings.Repeat("#", full) + strings.Repeat(".", bar-full) + "]" + text
}

// draw puts a line in the place of the last one. Spaces wipe it: not every terminal
// knows the escape sequence.
func (p *Progress) draw(line string) {
	if p.width == 0 && line == "" {
		return
	}
	text := "\r" + line + strings.Repeat(" ", max(p.width-len(line), 0))
	if line == "" {
		text += "\r"
	}
	io.WriteString(p.out, text)
	p.width = len(line)
}
