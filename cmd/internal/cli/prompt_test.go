package cli_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/cli/clitest"
)

func TestConfirm(t *testing.T) {
	for answer, want := range map[string]bool{
		"y": true, "Y": true, "yes": true, " YES ": true,
		"": false, "n": false, "no": false, "yep": false, "ja": false, "\x1b": false,
	} {
		terminal := &clitest.Terminal{Answers: []string{answer}}
		got, err := (&cli.Env{Terminal: terminal}).Confirm("Sign for Site\x1b[2J?")
		if err != nil || got != want {
			t.Errorf("%q: got %v, %v", answer, got, err)
		}
		if asked := []string{`Sign for Site\x1b[2J? [y/N] `}; !slices.Equal(terminal.Prompts, asked) {
			t.Errorf("asked %q", terminal.Prompts)
		}
	}
	if got, err := (&cli.Env{Terminal: &clitest.Terminal{}}).Confirm("Sign?"); got || err != nil {
		t.Errorf("end of input: got %v, %v; want no", got, err)
	}
}

func TestNewPassphrase(t *testing.T) {
	for _, c := range []struct {
		answers []string
		want    string
		asked   int
	}{
		{[]string{"a", "a"}, "a", 2},
		{[]string{"a", "b", "c", "c"}, "c", 4},
		{[]string{"", "c", "c"}, "c", 3},
		{[]string{"a", "", "", "c", "c"}, "c", 5},
		{[]string{"a", "b", "a", "b", "a", "b", "c", "c"}, "", 6},
		{[]string{"", "", "", "c", "c"}, "", 3},
		{[]string{"a"}, "", 2},
	} {
		terminal := &clitest.Terminal{Answers: c.answers}
		got, err := (&cli.Env{Terminal: terminal}).NewPassphrase("Passphrase")
		if string(got) != c.want || (err == nil) != (c.want != "") || len(terminal.Prompts) != c.asked {
			t.Errorf("%q: got %q, %v after %q", c.answers, got, err, terminal.Prompts)
		}
	}
	terminal := &clitest.Terminal{Answers: []string{"a", "b", "c", "c"}}
	if _, err := (&cli.Env{Terminal: terminal}).NewPassphrase("Passphrase"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(terminal.Prompts[2], "differ") {
		t.Errorf("the third prompt does not say why: %q", terminal.Prompts)
	}
}

func TestNoTerminal(t *testing.T) {
	env := &cli.Env{Stdin: strings.NewReader("y\nsecret\nsecret\n")}
	_, confirm := env.Confirm("Sign?")
	_, read := env.ReadPassphrase("Passphrase")
	_, new := env.NewPassphrase("Passphrase")
	for option, err := range map[string]error{"--yes": confirm, "--passphrase-file": errors.Join(read, new)} {
		if !errors.Is(err, cli.ErrNoTerminal) || !strings.Contains(message(err), option) {
			t.Errorf("got %s, want ErrNoTerminal and a hint to %s", message(err), option)
		}
	}
}
