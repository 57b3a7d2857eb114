// Package cli is the frame of both command line tools: it finds the command,
// reads its flags, prints its errors and chooses the exit status.
//
// Nothing that a command prints is trusted. A name in a license may hold
// escape sequences that redraw the terminal, so what came from a file goes
// through [Quote], [Clean] or [Table]; error lines are cleaned here.
//
// Everything a command takes from the process is in [Env], so a test runs
// a whole tool without one. Only [System] knows the real process; nothing
// calls os.Exit, so every path ends in the status that [Main] returns:
//
//	0  done
//	1  failed
//	2  the command line is wrong
//	3  checked and not valid
//
// A tool is a table of commands:
//
//	//go:embed usage/show.txt
//	var showUsage string
//
//	var program = cli.Program{
//		Name: "offlicense",
//		Commands: []cli.Command{{
//			Name: "show", Summary: "print a statement for reading", Usage: showUsage,
//			Setup: func(flags *pflag.FlagSet) cli.Run {
//				asJSON := flags.Bool("json", false, "")
//				return func(env *cli.Env, args []string) error {
//					return show(env, args, *asJSON)
//				}
//			},
//		}},
//	}
//
//	func main() { os.Exit(cli.Main(program, cli.System())) }
package cli

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/spf13/pflag"
)

// Program is a tool: its commands, and what its --help says.
type Program struct {
	Name    string
	Summary string // one line
	// Usage is printed below the generated list of commands: environment,
	// examples. May be empty.
	Usage    string
	Commands []Command
	// Pictures returns the texts of the codes on a picture, or says why it reads none. nil:
	// the tool reads no pictures.
	Pictures func(ctx context.Context, picture []byte) ([]string, error)
	// Where makes printed commands act on what the one acted on that prints them. nil: they
	// are as they are.
	Where *Where
}

// Command is one command of a tool.
type Command struct {
	Name    string
	Summary string // one line, for the list of commands
	// Usage is the whole text of --help, written by hand with the sections
	// Usage, Options and Examples. The package clitest
	// compares it with the flags.
	Usage string
	// Setup declares the flags (their help texts are not shown) and returns
	// what to run once they are parsed.
	Setup func(*pflag.FlagSet) Run
	// Unparsed answers args whose options could not be parsed, for which err says why. nil: err is
	// the answer.
	Unparsed func(env *Env, args []string, err error) error
}

// WithUsage gives each command its usage text: usage/NAME.txt.
func WithUsage(texts embed.FS, commands []Command) []Command {
	for i := range commands {
		text, err := texts.ReadFile("usage/" + commands[i].Name + ".txt")
		if err != nil {
			panic(err) // a command was added, and its text was not
		}
		commands[i].Usage = string(text)
	}
	return commands
}

// Run carries out a command. args are the arguments that are not flags, which
// may come before and after them. Results go to env.Stdout, all else to
// env.Stderr.
type Run func(env *Env, args []string) error

// Main runs the command that env.Args names and returns the exit status.
func Main(p Program, env *Env) int {
	env.program = p.Name
	if p.Pictures != nil {
		env.pictures = func(picture []byte) ([]string, error) { return p.Pictures(context.Background(), picture) }
	}
	out := &watchedWriter{w: env.Stdout}
	env.Stdout = out
	env.screens()
	err := p.run(env)
	if out.err != nil && (err == nil || silent(err)) {
		// Otherwise `list > file` on a full disk would exit 0.
		err = FileError("write", "-", out.err)
	}
	if err != nil {
		env.answerError(err)
	}
	return env.report(err)
}

func (p Program) run(env *Env) error {
	if len(env.Args) == 0 {
		io.WriteString(env.Stderr, p.help())
		return &Error{Exit: exitUsage}
	}
	first, rest := env.Args[0], env.Args[1:]
	switch first {
	case "help", "--help", "-h":
		return p.runHelp(env, rest)
	case "--version":
		fmt.Fprintln(env.Stdout, p.Name, Version())
		return nil
	}
	if strings.HasPrefix(first, "-") {
		return Usagef("unknown option %s", Quote(first)).
			WithHint("options follow the command; run \"%s help\"", p.Name)
	}
	c, err := p.Find(first)
	if err != nil {
		return err
	}
	flags := pflag.NewFlagSet(c.Name, pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	run := c.Setup(flags)
	switch err := flags.Parse(withBare(flags, rest)); {
	case errors.Is(err, pflag.ErrHelp):
		fmt.Fprint(env.Stdout, oneNewline(c.Usage))
		return nil
	case err != nil:
		err := p.hintHelp(c, flagError(flags, err))
		if c.Unparsed != nil {
			return c.Unparsed(env, rest, err)
		}
		return err
	}
	env.again = p.Where.again(p.Name, flags)
	if asked, err := flags.GetBool(jsonOption); err == nil && asked {
		env.answerJSON()
	}
	return p.hintHelp(c, run(env, flags.Args()))
}

func (p Program) runHelp(env *Env, args []string) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		io.WriteString(env.Stdout, p.help())
		return nil
	}
	c, err := p.Find(args[0])
	if err != nil {
		return err
	}
	io.WriteString(env.Stdout, oneNewline(c.Usage))
	return nil
}

// Find returns the command of that name.
func (p Program) Find(name string) (Command, error) {
	var names []string
	for _, c := range p.Commands {
		if c.Name == name {
			return c, nil
		}
		names = append(names, c.Name)
	}
	err := Usagef("unknown command %s", Quote(name))
	if near := text.Nearest(name, names); near != "" {
		return Command{}, err.WithHint("did you mean %q? run \"%s help\" for all commands", near, p.Name)
	}
	return Command{}, err.WithHint("run \"%s help\" for all commands", p.Name)
}

// hintHelp gives a usage error without a hint the general one.
func (p Program) hintHelp(c Command, err error) error {
	var e *Error
	if errors.As(err, &e) && e.Exit == exitUsage && e.Err != nil && hint.Of(err) == "" {
		return (&Error{Err: err, Exit: exitUsage}).WithHint("run \"%s help %s\"", p.Name, c.Name)
	}
	return err
}

// help is the text of --help for the whole tool.
func (p Program) help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\nUsage:\n    %s COMMAND [OPTIONS] [FILE...]\n\nCommands:\n", p.Name, p.Summary, p.Name)
	width := len("help")
	for _, c := range p.Commands {
		width = max(width, len(c.Name))
	}
	for _, c := range p.Commands {
		fmt.Fprintf(&b, "    %-*s  %s\n", width, c.Name, c.Summary)
	}
	fmt.Fprintf(&b, "    %-*s  %s\n", width, "help", "print how to use a command: "+p.Name+" help COMMAND")
	if p.Usage != "" {
		b.WriteString("\n" + oneNewline(p.Usage))
	}
	return b.String()
}

func oneNewline(text string) string { return strings.TrimRight(text, "\n") + "\n" }

// Version is that of the build, with its Go and its system.
func Version() string {
	v := "(unknown)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		v = info.Main.Version
	}
	return fmt.Sprintf("%s (%s %s/%s)", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// flagError says what is wrong in our words: pflag's repeat the value raw.
func flagError(flags *pflag.FlagSet, err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		name, dashes := unknown.GetSpecifiedName(), "--"
		if short := unknown.GetSpecifiedShortnames(); short != "" {
			name, dashes = short, "-" // maybe a long name with one dash only
		}
		e := Usagef("unknown option %s", Quote(dashes+name))
		var names []string
		flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := text.Nearest(name, names); near != "" {
			return e.WithHint("did you mean \"--%s\"?", near)
		}
		return e
	case errors.As(err, &missing):
		return Usagef("option --%s needs a value", missing.GetFlag().Name)
	case errors.As(err, &invalid):
		cause := invalid.Unwrap()
		if number, ok := errors.AsType[*strconv.NumError](cause); ok {
			cause = number.Err // without the name of a Go function
		}
		return Usagef("option --%s does not take %s: %w", invalid.GetFlag().Name, Quote(invalid.GetValue()), cause)
	}
	return Usagef("%w", err)
}

// watchedWriter remembers that output was lost, which commands do not check.
type watchedWriter struct {
	w   io.Writer
	err error
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	if err != nil && w.err == nil {
		w.err = err
	}
	return n, err
}
