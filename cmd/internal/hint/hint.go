// Package hint has the one error type of both tools: what went wrong, and one sentence
// that says what to do about it. A typed outcome that callers tell apart, such as a
// refusal, is its own type with a method Hint() string; everything else is an Error.
package hint

import (
	"errors"
	"fmt"
)

// Error is an error with its hint.
type Error struct {
	Err  error // its text is the error line; nil prints nothing
	Exit int   // the exit status, 0 means 1
	hint string
}

// Errorf returns an error with a text as fmt.Errorf makes it, to add a hint to:
// hint.Errorf("...").WithHint("run ...").
func Errorf(format string, args ...any) *Error { return Wrap(fmt.Errorf(format, args...)) }

// Wrap is Errorf for an error that is there already. err must not be nil.
func Wrap(err error) *Error { return &Error{Err: err} }

// WithHint sets the hint, one line, and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.hint = fmt.Sprintf(format, args...)
	return e
}

// Because keeps what lies beneath, for errors.Is and errors.As; its text is not printed.
func (e *Error) Because(cause error) *Error {
	e.Err = &caused{e.Err, cause}
	return e
}

type caused struct {
	error
	cause error
}

func (c *caused) Unwrap() []error { return []error{c.error, c.cause} }

func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprint("exit status ", e.Exit)
	}
	return e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Hint returns what to do next: that of e, or else of what it wraps; "" if neither has one.
func (e *Error) Hint() string {
	if e.hint != "" {
		return e.hint
	}
	return Of(e.Err)
}

// Of returns the hint of an error, or of one that it wraps, "" if there is none.
func Of(err error) string {
	if h, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok {
		return h.Hint()
	}
	return ""
}
