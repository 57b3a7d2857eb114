package cli_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/spf13/pflag"
)

// hinted is an error of a library that knows what to do.
type hinted struct{}

func (hinted) Error() string { return "seat taken" }
func (hinted) Hint() string  { return "release it first" }

var program = cli.Program{
	Name: "tool", Summary: "does things", Usage: "Examples:\n    tool verify x",
	Commands: []cli.Command{
		{Name: "verify", Summary: "check", Usage: "Usage:\n    tool verify", Setup: func(f *pflag.FlagSet) cli.Run {
			asJSON := f.Bool("json", false, "")
			limit := f.IntP("limit", "l", 0, "")
			return func(env *cli.Env, args []string) error {
				fmt.Fprintln(env.Stdout, "json", *asJSON, "limit", *limit, "args", args)
				return nil
			}
		}},
		{Name: "fail", Summary: "fail", Usage: "-", Setup: func(*pflag.FlagSet) cli.Run {
			return func(env *cli.Env, args []string) error {
				fmt.Fprintln(env.Stdout, "said")
				return map[string]error{
					"plain":        errors.New("plain"),
					"foreign":      errors.New("bad \x1b[2J\nname \u202e"),
					"library":      fmt.Errorf("cannot sign: %w", hinted{}),
					"library-fail": cli.Fail(fmt.Errorf("cannot sign: %w", hinted{})),
					"own-hint":     cli.Fail(hinted{}).WithHint("do %s", "that"),
					"wrapped":      fmt.Errorf("while signing: %w", cli.Failf("no key").WithHint("make one")),
					"usage":        cli.Usagef("no file given"),
					"usage-hint":   cli.Usagef("no file given").WithHint("give one"),
					"not-valid":    fmt.Errorf("license: %w", cli.ErrNotValid),
					"interrupted":  cli.ErrInterrupted,
				}[args[0]]
			}
		}},
	},
}

func run(p cli.Program, args ...string) (exit int, stdout, stderr string) {
	var out, errs strings.Builder
	exit = cli.Main(p, &cli.Env{Args: args, Stdout: &out, Stderr: &errs})
	return exit, out.String(), errs.String()
}

func TestExitAndOutput(t *testing.T) {
	const unknownHint = "tool: hint: run \"tool help\" for all commands\n"
	for _, c := range []struct {
		args           string
		exit           int
		stdout, stderr string
	}{
		{"verify", 0, "json false limit 0 args []\n", ""},
		{"verify --json a --limit 3 b", 0, "", "json true limit 3 args [a b]\n"},
		{"verify a b -l 3 --json", 0, "", "json true limit 3 args [a b]\n"},
		{"verify - -- --json", 0, "json false limit 0 args [- --json]\n", ""},
		{"verify --help", 0, "Usage:\n    tool verify\n", ""},
		{"verify a --help", 0, "Usage:\n    tool verify\n", ""},
		{"verify -h", 0, "Usage:\n    tool verify\n", ""},
		{"help verify", 0, "Usage:\n    tool verify\n", ""},
		{"verfy", 2, "", "tool: error: unknown command \"verfy\"\n" +
			"tool: hint: did you mean \"verify\"? run \"tool help\" for all commands\n"},
		{"revoke", 2, "", "tool: error: unknown command \"revoke\"\n" + unknownHint},
		{"help revoke", 2, "", "tool: error: unknown command \"revoke\"\n" + unknownHint},
		{"v\x1b\xff", 2, "", "tool: error: unknown command \"v\\x1b\\xff\"\n" + unknownHint},
		{"--json verify", 2, "", "tool: error: unknown option \"--json\"\n" +
			"tool: hint: options follow the command; run \"tool help\"\n"},
		{"verify --jsno", 2, "", "tool: error: unknown option \"--jsno\"\ntool: hint: did you mean \"--json\"?\n"},
		{"verify -json", 2, "", "tool: error: unknown option \"-json\"\ntool: hint: did you mean \"--json\"?\n"},
		{"verify --frobnicate", 2, "", "tool: error: unknown option \"--frobnicate\"\ntool: hint: run \"tool help verify\"\n"},
		{"verify --limit", 2, "", "tool: error: option --limit needs a value\ntool: hint: run \"tool help verify\"\n"},
		{"verify --limit=\x1bx", 2, "", "tool: error: option --limit does not take \"\\x1bx\": invalid syntax\n" +
			"tool: hint: run \"tool help verify\"\n"},
		{"fail plain", 1, "said\n", "tool: error: plain\n"},
		{"fail foreign", 1, "said\n", `tool: error: bad \x1b[2J\nname \u202e` + "\n"},
		{"fail library", 1, "said\n", "tool: error: cannot sign: seat taken\ntool: hint: release it first\n"},
		{"fail library-fail", 1, "said\n", "tool: error: cannot sign: seat taken\ntool: hint: release it first\n"},
		{"fail own-hint", 1, "said\n", "tool: error: seat taken\ntool: hint: do that\n"},
		{"fail wrapped", 1, "said\n", "tool: error: while signing: no key\ntool: hint: make one\n"},
		{"fail usage", 2, "said\n", "tool: error: no file given\ntool: hint: run \"tool help fail\"\n"},
		{"fail usage-hint", 2, "said\n", "tool: error: no file given\ntool: hint: give one\n"},
		{"fail not-valid", 3, "said\n", ""},
		{"fail interrupted", 130, "said\n", "tool: error: interrupted\n"},
	} {
		exit, stdout, stderr := run(program, strings.Split(c.args, " ")...)
		if exit != c.exit || stdout != c.stdout || stderr != c.stderr {
			t.Errorf("tool %q:\ngot  %d\n%s%s\nwant %d\n%s%s", c.args, exit, stdout, stderr, c.exit, c.stdout, c.stderr)
		}
	}
}

func TestHelp(t *testing.T) {
	const want = `tool: does things

Usage:
    tool COMMAND [OPTIONS] [FILE...]

Commands:
    verify  check
    fail    fail
    help    print how to use a command: tool help COMMAND

Examples:
    tool verify x
`
	for _, args := range []string{"--help", "-h", "help", "help --help"} {
		if exit, stdout, stderr := run(program, strings.Fields(args)...); exit != 0 || stdout != want || stderr != "" {
			t.Errorf("tool %s: exit %d, standard error %q\n%s", args, exit, stderr, stdout)
		}
	}
	if exit, stdout, stderr := run(program); exit != 2 || stdout != "" || stderr != want {
		t.Errorf("tool: exit %d, standard output %q\n%s", exit, stdout, stderr)
	}
}

func TestVersion(t *testing.T) {
	exit, stdout, stderr := run(program, "--version")
	if exit != 0 || stderr != "" || !strings.HasPrefix(stdout, "tool ") || strings.Count(stdout, "\n") != 1 || len(strings.Fields(stdout)) != 4 {
		t.Errorf("exit %d, %q, %q; want one line: tool, version, Go, system", exit, stdout, stderr)
	}
}

func TestDidYouMean(t *testing.T) {
	p := cli.Program{Name: "tool", Commands: []cli.Command{{Name: "verify"}, {Name: "show"}, {Name: "add"}}}
	for word, want := range map[string]string{
		"verif": "verify", "verifyy": "verify", "verity": "verify", "evrify": "verify", "Show": "show",
		"veirf": "verify", // swapped and missing: two mistakes
		"erif":  "verify",
		"ad":    "add",
		"rif":   "", "xxd": "", "license": "", "": "", strings.Repeat("verify", 1<<20): "",
	} {
		_, _, stderr := run(p, word)
		if got := strings.Contains(stderr, "did you mean"); got != (want != "") || !strings.Contains(stderr, fmt.Sprintf("%q", want)) && got {
			t.Errorf("%.20q: want %q in\n%s", word, want, stderr)
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}
}

func TestLostOutputIsAnError(t *testing.T) {
	for _, args := range []string{"verify", "fail not-valid", "--help", "--version"} {
		var stderr strings.Builder
		exit := cli.Main(program, &cli.Env{Args: strings.Fields(args), Stdout: fullDisk{}, Stderr: &stderr})
		if exit != 1 || !strings.HasPrefix(stderr.String(), "tool: error: cannot write standard output: no space left on the disk\n") {
			t.Errorf("tool %s: exit %d\n%s", args, exit, &stderr)
		}
	}
}

func TestWarning(t *testing.T) {
	p := cli.Program{Name: "tool", Commands: []cli.Command{{Name: "warn", Setup: func(*pflag.FlagSet) cli.Run {
		return func(env *cli.Env, _ []string) error {
			env.Warnf("%d days left, %s", 3, "Site\x1b[2J")
			return nil
		}
	}}}}
	if exit, stdout, stderr := run(p, "warn"); exit != 0 || stdout != "" || stderr != `tool: warning: 3 days left, Site\x1b[2J`+"\n" {
		t.Errorf("exit %d, %q, %q", exit, stdout, stderr)
	}
}

func TestColor(t *testing.T) {
	onTerminal := func() (int, int, bool) { return 80, 24, true }
	for _, c := range []struct {
		name   string
		window func() (int, int, bool)
		vars   map[string]string
		want   bool
	}{
		{"terminal", onTerminal, map[string]string{"TERM": "linux"}, true},
		{"NO_COLOR", onTerminal, map[string]string{"TERM": "linux", "NO_COLOR": "1"}, false},
		{"dumb", onTerminal, map[string]string{"TERM": "dumb"}, false},
		{"no terminal", nil, map[string]string{"TERM": "linux"}, false},
	} {
		env := cli.Env{Window: c.window, Stdout: io.Discard, Getenv: func(k string) string { return c.vars[k] }}
		if got := env.Color(); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}
