package cli

import (
	"io"
	"runtime"
	"strings"
)

// The colors: codes of a terminal.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
)

// Color reports whether Stdout takes colors: it is a terminal that knows
// them, and NO_COLOR is not set.
func (e *Env) Color() bool { return e.colors(e.Window) }

// ErrColor is Color for Stderr.
func (e *Env) ErrColor() bool { return e.colors(e.ErrWindow) }

func (e *Env) colors(window func() (columns, rows int, ok bool)) bool {
	if window == nil {
		return false
	}
	if _, _, ok := window(); !ok || e.Getenv("NO_COLOR") != "" || e.Getenv("TERM") == "dumb" {
		return false
	}
	// The old Windows console prints escape sequences as text.
	return runtime.GOOS != "windows" || e.Getenv("WT_SESSION") != "" || e.Getenv("TERM") != ""
}

// stateColors are the colors of the words for a state. A longer text is of the color of
// what stands before its first comma.
var stateColors = map[string]string{
	"active": green, "valid": green, "signed": green, "standby": green,
	"in grace": yellow, "grace": yellow, "bridge": yellow, "suspended": yellow,
	"ended": red, "revoked": red, "canceled": red, "void": red, "refused": red, "unreadable": red,
}

// State returns a word for a state in its color, if what shows w takes colors.
func State(w io.Writer, word string) string {
	state, _, _ := strings.Cut(word, ",")
	return paint(w, word, stateColors[state])
}

// Bad returns a word for what went wrong in its color, if what shows w takes colors.
func Bad(w io.Writer, word string) string { return paint(w, word, red) }

func paint(w io.Writer, word, color string) string {
	if s, ok := w.(*screen); !ok || !s.color || color == "" || word == "" {
		return word
	}
	return "\x1b[" + color + "m" + word + "\x1b[0m"
}
