package cli

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"time"
)

// Terminal is the screen and the keyboard of the user. It is never standard
// input, which may carry data.
type Terminal interface {
	// ReadLine shows the prompt and returns the line typed, without its end.
	// Without a terminal the error is ErrNoTerminal; at its end, io.EOF.
	ReadLine(prompt string) (string, error)
	// ReadSecret is ReadLine without echo. After Ctrl-C the terminal echoes
	// again and the error is ErrInterrupted.
	ReadSecret(prompt string) ([]byte, error)
	// Every calls step at once and again each time that d has passed, until a key is
	// pressed, Ctrl-C among them, or step fails. Meanwhile nothing is echoed, and a line
	// that step writes ends in "\r\n".
	Every(d time.Duration, step func() error) error
	// Keys passes on what is pressed at standard input, a terminal: some bytes, or none at the
	// start and when no key was pressed for a moment, until take returns false. Nothing is echoed. Ctrl-C
	// is ErrInterrupted.
	Keys(take func(keys []byte) (more bool)) error
}

// ErrNoTerminal means that there is nobody to ask, as in a script or a service.
var ErrNoTerminal = errors.New("no terminal to ask on")

// ErrInterrupted means that the user pressed Ctrl-C at a passphrase: exit 130.
var ErrInterrupted error = &Error{Err: errors.New("interrupted"), Exit: exitInterrupted}

// passphraseTries is how often NewPassphrase asks.
const passphraseTries = 3

// Confirm asks a question of one line and reports whether the answer is yes;
// just Enter is no. Without a terminal the error is ErrNoTerminal, with a hint
// to use --yes.
func (e *Env) Confirm(question string) (bool, error) {
	answer, err := e.terminal().ReadLine(Fold(e.Stderr, Clean(question)+" [y/N] "))
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, noTerminal(err, "--yes to go on without being asked")
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}

// ReadPassphrase asks for a passphrase, once. It may be empty. Without a
// terminal the error is ErrNoTerminal, with a hint to use --passphrase-file.
func (e *Env) ReadPassphrase(prompt string) ([]byte, error) {
	secret, err := e.terminal().ReadSecret(Clean(prompt) + ": ")
	if errors.Is(err, io.EOF) {
		return nil, Fail(errors.New("no passphrase was typed"))
	}
	if err != nil {
		return nil, noTerminal(err, "--passphrase-file")
	}
	return secret, nil
}

// NewPassphrase asks for a passphrase twice, until both are the same and not
// empty, at most three times.
func (e *Env) NewPassphrase(prompt string) ([]byte, error) {
	ask := prompt
	for range passphraseTries {
		first, err := e.ReadPassphrase(ask)
		if err != nil {
			return nil, err
		}
		if len(first) == 0 {
			ask = "It is empty. " + prompt
			continue
		}
		second, err := e.ReadPassphrase("The same again")
		if err != nil {
			return nil, err
		}
		if bytes.Equal(first, second) {
			return first, nil
		}
		ask = "The two differ. " + prompt
	}
	return nil, Failf("the two passphrases did not match").WithHint("run the command again, or use --passphrase-file")
}

func (e *Env) terminal() Terminal {
	if e.Terminal == nil {
		return nobody{}
	}
	return e.Terminal
}

// nobody replaces a terminal where there is none.
type nobody struct{}

func (nobody) ReadLine(string) (string, error)   { return "", ErrNoTerminal }
func (nobody) ReadSecret(string) ([]byte, error) { return nil, ErrNoTerminal }

func (nobody) Every(time.Duration, func() error) error { return ErrNoTerminal }

func (nobody) Keys(func([]byte) bool) error { return ErrNoTerminal }

func noTerminal(err error, option string) error {
	if errors.Is(err, ErrNoTerminal) {
		return Fail(err).WithHint("use %s", option)
	}
	return err
}
