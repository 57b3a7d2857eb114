package clitest

import (
	"io"
	"time"
)

// Terminal is a cli.Terminal with a user who types Answers in turn. Prompts
// collects what was asked; a prompt without an answer left is io.EOF.
type Terminal struct {
	Answers []string
	Prompts []string
}

// ReadLine returns the next answer.
func (t *Terminal) ReadLine(prompt string) (string, error) {
	t.Prompts = append(t.Prompts, prompt)
	if len(t.Answers) == 0 {
		return "", io.EOF
	}
	answer := t.Answers[0]
	t.Answers = t.Answers[1:]
	return answer, nil
}

// ReadSecret returns the next answer.
func (t *Terminal) ReadSecret(prompt string) ([]byte, error) {
	answer, err := t.ReadLine(prompt)
	return []byte(answer), err
}

// Every calls step once for each answer that is left; then a key is pressed.
func (t *Terminal) Every(_ time.Duration, step func() error) error {
	for range t.Answers {
		if err := step(); err != nil {
			return err
		}
	}
	t.Answers = nil
	return nil
}

// Keys types each answer that is left, and rests after it.
func (t *Terminal) Keys(take func([]byte) bool) error {
	take(nil)
	for _, answer := range t.Answers {
		if t.Answers = t.Answers[1:]; !take([]byte(answer)) || !take(nil) {
			return nil
		}
	}
	return io.EOF
}
