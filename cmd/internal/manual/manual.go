// Package manual makes from the usage texts of a tool its manual pages and what completes it in a shell.
package manual

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/spf13/pflag"
)

var (
	//go:embed usage/completion.txt
	completionUsage string
	//go:embed usage/man.txt
	manUsage string
)

// tool is a program with the commands of this package.
type tool struct{ cli.Program }

// With returns the tool with the commands completion and man.
func With(p cli.Program) cli.Program {
	named := strings.NewReplacer("NAME", p.Name)
	p.Commands = append(slices.Clip(p.Commands),
		cli.Command{
			Name: "completion", Summary: "complete commands in bash, zsh or fish", Usage: named.Replace(completionUsage),
			Setup: func(*pflag.FlagSet) cli.Run { return tool{p}.completion },
		},
		cli.Command{
			Name: "man", Summary: "print the manual page of a command", Usage: named.Replace(manUsage),
			Setup: func(flags *pflag.FlagSet) cli.Run {
				dir := flags.String("out", "", "")
				return func(env *cli.Env, args []string) error { return tool{p}.manual(env, args, *dir) }
			},
		})
	return p
}

// manual prints manual pages.
func (p tool) manual(env *cli.Env, args []string, dir string) error {
	date, err := manualDate(env)
	if err != nil {
		return err
	}
	switch {
	case dir != "" && len(args) > 0:
		return cli.Usagef("--out writes the pages of all commands, and %s is named", cli.Quote(args[0])).WithHint("leave one of the two out")
	case dir != "":
		return p.writeManual(env, dir, date)
	case len(args) > 1:
		return cli.Usagef("unexpected argument %s", cli.Quote(args[1]))
	case len(args) == 0:
		_, err = io.WriteString(env.Stdout, p.page(date))
		return err
	}
	c, err := p.Find(args[0])
	if err == nil {
		_, err = io.WriteString(env.Stdout, p.commandPage(c, date))
	}
	return err
}

// manualDate is the day that the pages name. Packagers set the variable, so that the same
// source makes the same pages.
func manualDate(env *cli.Env) (string, error) {
	now := env.Now
	if text := env.Getenv("SOURCE_DATE_EPOCH"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seconds < 0 {
			return "", cli.Usagef("SOURCE_DATE_EPOCH does not take %s", cli.Quote(text)).WithHint("a number of seconds, or leave the variable out")
		}
		now = func() time.Time { return time.Unix(seconds, 0) }
	}
	return now().UTC().Format(time.DateOnly), nil
}

func (p tool) writeManual(env *cli.Env, dir, date string) error {
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return cli.FileError("create", dir, err)
	}
	pages := map[string]string{p.Name: p.page(date)}
	for _, c := range p.Commands {
		pages[p.Name+"-"+c.Name] = p.commandPage(c, date)
	}
	for name, page := range pages {
		if err := env.WriteFile(filepath.Join(dir, name+".1"), []byte(page), 0o644); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(env.Stdout, "Pages written to %s: %d\n", cli.Clean(dir), len(pages))
	return err
}
