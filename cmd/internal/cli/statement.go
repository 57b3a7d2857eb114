package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/envelope"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// ReadStatement reads a statement from what carried it, as package envelope does; the path
// "-" is standard input, where a terminal takes what a scanner types. Of several that are of a wanted kind, a person chooses; without a
// terminal they are refused. Where there is none, it returns the text as it is, and whoever
// decodes it says what is wrong with it.
func (e *Env) ReadStatement(path string, want ...format.Kind) ([]byte, error) {
	data, err := e.readCarrier(path, want...)
	if err != nil {
		return nil, err
	}
	text, err := envelope.Pick(data, want...)
	return e.chosen(path, text, err)
}

// ReadPublicKey reads the line of a public key as ReadStatement reads a statement.
func (e *Env) ReadPublicKey(path string) ([]byte, error) {
	data, err := e.ReadFile(path, envelope.MaxSize)
	if err != nil {
		return nil, err
	}
	text, err := envelope.PickPublic(data)
	return e.chosen(path, text, err)
}

// ReadDelegationOrKey reads what says whose key it is: a delegation, or a public key.
func (e *Env) ReadDelegationOrKey(path string) ([]byte, error) {
	data, err := e.ReadFile(path, envelope.MaxSize)
	if err != nil {
		return nil, err
	}
	text, err := envelope.Pick(data, format.Delegation)
	if kind, _, none := format.DecodeText(text); err == nil && (none != nil || kind != format.Delegation) {
		text, err = envelope.PickPublic(data)
	}
	return e.chosen(path, text, err)
}

// ReadPublicFile reads a file of public keys that are to be trusted, in whichever way it
// was saved. It is not searched for keys: it holds nothing else.
func (e *Env) ReadPublicFile(path string) ([]byte, error) {
	data, err := e.ReadFile(path, keys.MaxPublicFile)
	if err != nil {
		return nil, err
	}
	return envelope.PublicFile(data), nil
}

// chosen returns a text, or asks which of several is meant.
func (e *Env) chosen(path string, text []byte, err error) ([]byte, error) {
	of, ambiguous := errors.AsType[*envelope.AmbiguousError](err)
	if !ambiguous {
		return text, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "There are %s in %s:\n", of.What(), named(path))
	for i, c := range of.Choices {
		fmt.Fprintf(&b, "%4d  %s\n", i+1, Clean(c.Name))
	}
	fmt.Fprintf(&b, "Which one? [1-%d] ", len(of.Choices))
	answer, err := e.terminal().ReadLine(b.String())
	if errors.Is(err, ErrNoTerminal) {
		return nil, Failf("cannot choose in %s: %w", named(path), of)
	}
	n, wrong := strconv.Atoi(strings.TrimSpace(answer))
	if err != nil || wrong != nil || n < 1 || n > len(of.Choices) {
		return nil, Failf("none was chosen in %s", named(path)).
			WithHint("answer with a number, or copy the one that is meant into a file of its own")
	}
	return of.Choices[n-1].Text, nil
}

func named(path string) string {
	if path == "-" {
		return "standard input"
	}
	return `"` + Clean(path) + `"`
}
