package cli

import (
	"errors"

	"github.com/offlicense/offlicense/cmd/internal/hint"
)

// jsonOption is the option of a command that asks for answers in JSON.
const jsonOption = "json"

// answerJSON gives standard output to the answers of a command that was called with
// --json. All that is for people, tables and questions too, goes to standard error.
func (e *Env) answerJSON() {
	e.answers, e.Stdout, e.Window = e.Stdout, e.Stderr, e.ErrWindow
}

// JSON reports whether the command was called with --json.
func (e *Env) JSON() bool { return e.answers != nil }

// Answer prints what a command has to say to a program: v, with --json, and nothing
// otherwise. It may be called in both cases, beside what is for people.
func (e *Env) Answer(v any) error { return e.answer(v, "  ") }

// AnswerLine is Answer for one of many objects, each on a line of its own.
func (e *Env) AnswerLine(v any) error { return e.answer(v, "") }

func (e *Env) answer(v any, indent string) error {
	if !e.JSON() {
		return nil
	}
	err := writeJSON(e.answers, v, indent)
	e.answered = e.answered || err == nil
	return err
}

// ErrorAnswer is what --json prints of an error.
type ErrorAnswer struct {
	Version int `json:"version"`
	Problem
}

// Problem is what --json says of an error, the zero value if there is none. Rule and Hint may
// be missing.
type Problem struct {
	Error string `json:"error,omitempty"`
	Rule  string `json:"rule,omitempty"` // the rule that refuses it
	Hint  string `json:"hint,omitempty"`
}

// AnswerOf says to a program what an error says to people.
func AnswerOf(err error) ErrorAnswer { return ErrorAnswer{1, ProblemOf(err)} }

// ProblemOf is AnswerOf for a part of an answer. An error that upholds a rule has a method
// RuleName() string.
func ProblemOf(err error) Problem {
	if err == nil {
		return Problem{}
	}
	a := Problem{Error: withoutAddress(err.Error()), Hint: hint.Of(err)}
	if rule, ok := errors.AsType[interface {
		error
		RuleName() string
	}](err); ok {
		a.Rule = rule.RuleName()
	}
	return a
}

// answerError answers with an error, unless there was an answer. How a command was called
// wrong is for people alone: whoever wrote the program has to read it.
func (e *Env) answerError(err error) {
	known, ok := errors.AsType[*Error](err)
	if e.answered || silent(err) || ok && known.Exit == exitUsage {
		return
	}
	answer := AnswerOf(err)
	answer.Hint = e.Again(answer.Hint)
	e.Answer(answer)
}
