package clitest_test

import (
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/cli/clitest"
	"github.com/spf13/pflag"
)

const usage = `Usage:
    tool sign [OPTIONS] FILE

Options:
    -o, --out FILE   where to write; see --yes
        --yes        do not ask

Examples:
    tool sign --yes request.olq
    tool list --json
`

func program(usage string) cli.Program {
	run := func(*cli.Env, []string) error { return nil }
	return cli.Program{Name: "tool", Summary: "a tool", Commands: []cli.Command{
		{Name: "sign", Summary: "sign", Usage: usage, Setup: func(f *pflag.FlagSet) cli.Run {
			f.StringP("out", "o", "", "")
			f.Bool("yes", false, "")
			return run
		}},
		{Name: "list", Summary: "list", Usage: "Usage:\n    tool list\n\nOptions:\n    --json\n\nExamples:\n    tool list\n",
			Setup: func(f *pflag.FlagSet) cli.Run { f.Bool("json", false, ""); return run }},
	}}
}

func TestCheckUsage(t *testing.T) {
	if err := clitest.CheckUsage(program(usage)); err != nil {
		t.Fatalf("a right text: %v", err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"missing flag":        {"        --yes        do not ask\n", "", "does not describe --yes"},
		"missing short form":  {"-o, --out", "    --out", "does not describe -o"},
		"invented flag":       {"--yes        do", "--yes, --no  do", "names --no"},
		"invented short form": {"    --yes     ", "-y, --yes     ", "names -y"},
		"another's flag":      {"see --yes", "see --json", "names --json"},
		"flag in an example":  {"list --json", "list --xml", "the option --xml"},
		"wide line":           {"do not ask", strings.Repeat("x", 60), "wider than 80"},
		"tab":                 {"do not", "do\tnot", "has a tab"},
		"other command":       {"tool sign [", "tool sing [", "does not start with"},
		"no examples":         {"Examples:", "Example:", "no section Examples"},
	} {
		changed := strings.Replace(usage, c.old, c.new, 1)
		if changed == usage {
			t.Fatalf("%s: nothing replaced", name)
		}
		err := clitest.CheckUsage(program(changed))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	p := program(usage)
	p.Commands[1].Summary = strings.Repeat("x", 80)
	if err := clitest.CheckUsage(p); err == nil || !strings.Contains(err.Error(), "wider than 80") {
		t.Errorf("wide list of commands: got %v", err)
	}
	p.Commands = append(p.Commands, p.Commands[0])
	if err := clitest.CheckUsage(p); err == nil || !strings.Contains(err.Error(), `"sign" is taken`) {
		t.Errorf("two commands of one name: got %v", err)
	}
}
