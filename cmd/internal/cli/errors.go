package cli

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
)

const (
	exitFailed      = 1
	exitUsage       = 2
	exitNotValid    = 3
	exitInterrupted = 130 // as a shell reports a command that Ctrl-C ended
)

// ErrNotValid ends a command that checked something and found it not valid.
// The command has printed why; nothing more is printed, and the exit is 3.
var ErrNotValid error = &Error{Exit: exitNotValid}

// Error is an error with what the user should do about it. A command may return any
// other error as well: its exit is 1, and where it, or one that it wraps, has a method
// Hint() string, that is the hint.
type Error = hint.Error

// Usagef returns an error in how the command was called: exit 2. Without a
// hint it points to the help text of the command.
func Usagef(format string, args ...any) *Error {
	return &Error{Err: fmt.Errorf(format, args...), Exit: exitUsage}
}

// Fail returns err, which must not be nil, as an Error with exit 1, to add a hint to:
// return cli.Fail(err).WithHint("run ...").
func Fail(err error) *Error { return hint.Wrap(err) }

// Failf is Fail for a text as fmt.Errorf makes it.
func Failf(format string, args ...any) *Error { return hint.Errorf(format, args...) }

// withoutAddress cuts the address of a database, which may hold a password and stands
// where none belongs, such as in an argument that an error quotes: up to the next quote.
func withoutAddress(text string) string {
	lower := strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		return c
	}, text)
	for _, begins := range [...]string{"postgres://", "postgresql://", "password=", "password ="} {
		for at := 0; ; {
			i := strings.Index(lower[at:], begins)
			if i < 0 {
				break
			}
			at += i + len(begins)
			end := len(text)
			if quote := strings.IndexByte(text[at:], '"'); quote >= 0 {
				end = at + quote
			}
			text, lower = text[:at]+"..."+text[end:], lower[:at]+"..."+lower[end:]
		}
	}
	return text
}

func silent(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Err == nil
}

// report prints err and returns the exit status.
func (e *Env) report(err error) int {
	if err == nil {
		return 0
	}
	exit := 0
	if known, ok := errors.AsType[*Error](err); ok {
		exit = known.Exit
	}
	exit = cmp.Or(exit, exitFailed)
	if silent(err) {
		return exit
	}
	e.tell("error", red, withoutAddress(Clean(err.Error())))
	if next := hint.Of(err); next != "" {
		e.tell("hint", "", next)
	}
	return exit
}
