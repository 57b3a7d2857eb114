package cli

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// Env is all that a command takes from the process it runs in.
type Env struct {
	Args   []string // without the name of the program
	Stdin  io.Reader
	Stdout io.Writer // results, nothing else
	Stderr io.Writer
	Getenv func(string) string
	Now    func() time.Time
	Past   bool // Now is set back on purpose, to make records of a year that has passed
	Rand   io.Reader
	// Terminal is where the user is asked. nil means that there is none.
	Terminal Terminal
	// Window returns the size of the terminal that shows Stdout, and whether
	// it is one at all. nil means that it is not.
	Window func() (columns, rows int, ok bool)
	// ErrWindow is Window for Stderr.
	ErrWindow func() (columns, rows int, ok bool)
	// Attended reports whether Stdin is a terminal, too: somebody sits there who presses
	// keys. nil means that nobody does.
	Attended func() bool

	program   string
	pictures  func([]byte) ([]string, error) // nil: the tool reads none
	again     func(text string) string       // nil: a command that is printed needs no options to be typed
	stdinRead bool
	answers   io.Writer // standard output, where the command was called with --json
	answered  bool
}

// System returns the process itself.
func System() *Env {
	return &Env{
		Args:      os.Args[1:],
		Stdin:     os.Stdin,
		Stdout:    os.Stdout,
		Stderr:    os.Stderr,
		Getenv:    os.Getenv,
		Now:       time.Now,
		Rand:      rand.Reader,
		Terminal:  console{},
		Window:    window(os.Stdout),
		ErrWindow: window(os.Stderr),
		Attended:  func() bool { return term.IsTerminal(int(os.Stdin.Fd())) },
	}
}

// window returns what asks a terminal for its size, nil if f is none.
func window(f *os.File) func() (columns, rows int, ok bool) {
	fd := int(f.Fd())
	if !term.IsTerminal(fd) {
		return nil
	}
	return func() (int, int, bool) {
		columns, rows, err := term.GetSize(fd)
		if err != nil || columns <= 0 || rows <= 0 {
			return 80, 24, true // a serial console knows no size
		}
		return columns, rows, true
	}
}

// OnTerminal reports whether Stdout is a terminal, and its size.
func (e *Env) OnTerminal() (columns, rows int, ok bool) {
	if e.Window == nil {
		return 0, 0, false
	}
	return e.Window()
}

// Warnf prints a warning line on Stderr.
func (e *Env) Warnf(format string, args ...any) {
	e.tell("warning", yellow, fmt.Sprintf(format, args...))
}

// tell prints a line of the tool itself on Stderr.
func (e *Env) tell(what, color, text string) {
	fmt.Fprintf(e.Stderr, "%s: %s: %s\n", e.program, paint(e.Stderr, what, color), Clean(e.Again(text)))
}

// Again returns a text with the options that the commands in it need to act on what this one
// acts on. What the tool says itself has them.
func (e *Env) Again(text string) string {
	if e.again == nil {
		return text
	}
	return e.again(text)
}
