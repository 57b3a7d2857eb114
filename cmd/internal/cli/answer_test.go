package cli_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/spf13/pflag"
)

// refusal upholds a rule.
type refusal struct{ hinted }

func (refusal) RuleName() string { return "seats" }

// TestAnswers has standard output carry JSON alone, and people read the rest.
func TestAnswers(t *testing.T) {
	ends := map[string]error{
		"done": nil, "plain": errors.New("bad \x1b[2J"), "rule": fmt.Errorf("not signed: %w", refusal{}),
		"usage": cli.Usagef("no file"), "invalid": cli.ErrNotValid, "address": errors.New("no postgres://anna:secret@db"),
	}
	p := cli.Program{Name: "tool", Commands: []cli.Command{{Name: "sign", Setup: func(flags *pflag.FlagSet) cli.Run {
		flags.Bool("json", false, "")
		return func(env *cli.Env, args []string) error {
			fmt.Fprintln(env.Stdout, "told")
			if args[1] == "answered" {
				env.Answer(map[string]int{"version": 1})
			}
			return ends[args[0]]
		}
	}}}}
	const one = "{\n  \"version\": 1\n}\n"
	for _, c := range []struct {
		end, answered  string
		exit           int
		stdout, stderr string
	}{
		{"done", "answered", 0, one, "told\n"},
		{"plain", "answered", 1, one, "told\ntool: error: bad \\x1b[2J\n"},
		{"invalid", "answered", 3, one, "told\n"},
		{"plain", "no", 1, "{\n  \"version\": 1,\n  \"error\": \"bad \\u001b[2J\"\n}\n", "told\ntool: error: bad \\x1b[2J\n"},
		{"rule", "no", 1, "{\n  \"version\": 1,\n  \"error\": \"not signed: seat taken\",\n  \"rule\": \"seats\",\n  \"hint\": \"release it first\"\n}\n",
			"told\ntool: error: not signed: seat taken\ntool: hint: release it first\n"},
		{"usage", "no", 2, "", "told\ntool: error: no file\ntool: hint: run \"tool help sign\"\n"},
		{"invalid", "no", 3, "", "told\n"},
		{"address", "no", 1, "{\n  \"version\": 1,\n  \"error\": \"no postgres://...\"\n}\n", "told\ntool: error: no postgres://...\n"},
	} {
		exit, stdout, stderr := run(p, "sign", "--json", c.end, c.answered)
		if exit != c.exit || stdout != c.stdout || stderr != c.stderr {
			t.Errorf("%s, %s: exit %d\n%s%s", c.end, c.answered, exit, stdout, stderr)
		}
	}
	if _, stdout, stderr := run(p, "sign", "done", "answered"); stdout != "told\n" || stderr != "" {
		t.Errorf("without --json: %q %q", stdout, stderr)
	}
}
