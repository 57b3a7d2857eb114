// Package clitest helps to test a tool made with package cli.
package clitest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/spf13/pflag"
)

const helpWidth = 80

var (
	mention = regexp.MustCompile(`(?:^|[^\w-])--([a-z][a-z0-9-]*)`)
	// entry is how a line of the section Options starts.
	entry = regexp.MustCompile(`(?m)^ +(?:(-\w), )?(--[a-z][a-z0-9-]*)`)
)

// CheckUsage compares what the usage texts of a tool say with what its
// commands do, and returns all that differs.
//
// Each flag of a command has an entry in the section Options of its usage text
// ("    -o, --out FILE   ..."), which names no other flag; what the rest of the
// text names is a flag of some command. No line is wider than 80 columns.
func CheckUsage(p cli.Program) error {
	var problems []error
	report := func(where, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %w", where, fmt.Errorf(format, args...)))
	}
	all := map[string]bool{"help": true, "version": true}
	own := map[string]map[string]bool{}
	for _, c := range p.Commands {
		if own[c.Name] != nil || c.Name == "" || c.Name == "help" {
			report(p.Name, "command name %q is taken or empty", c.Name)
		}
		own[c.Name] = map[string]bool{}
		flags := pflag.NewFlagSet(c.Name, pflag.ContinueOnError)
		c.Setup(flags)
		flags.VisitAll(func(f *pflag.Flag) {
			all[f.Name] = true
			own[c.Name]["--"+f.Name] = true
			if f.Shorthand != "" {
				own[c.Name]["-"+f.Shorthand] = true
			}
		})
	}

	checkLines := func(where, text string) {
		for i, line := range strings.Split(text, "\n") {
			if utf8.RuneCountInString(line) > helpWidth {
				report(where, "line %d is wider than %d columns", i+1, helpWidth)
			}
			if strings.ContainsAny(line, "\t\r") || strings.TrimRight(line, " ") != line {
				report(where, "line %d has a tab or a space at its end", i+1)
			}
		}
		for _, m := range mention.FindAllStringSubmatch(text, -1) {
			if !all[m[1]] {
				report(where, "no command has the option --%s", m[1])
			}
		}
	}
	var help strings.Builder
	cli.Main(p, &cli.Env{Args: []string{"--help"}, Stdout: &help, Stderr: io.Discard})
	checkLines(p.Name, help.String())
	for _, c := range p.Commands {
		where := p.Name + " " + c.Name
		checkLines(where, c.Usage)
		if !strings.HasPrefix(c.Usage, "Usage:\n    "+where) {
			report(where, "text does not start with \"Usage:\" and the command")
		}
		if !strings.Contains(c.Usage, "\nExamples:\n") {
			report(where, "text has no section Examples")
		}
		options := section(c.Usage, "Options:")
		described := map[string]bool{}
		for _, m := range entry.FindAllStringSubmatch(options, -1) {
			described[m[1]], described[m[2]] = true, true
		}
		delete(described, "") // an entry without a short form
		for _, name := range slices.Sorted(maps.Keys(own[c.Name])) {
			if !described[name] {
				report(where, "section Options does not describe %s", name)
			}
		}
		for _, m := range mention.FindAllStringSubmatch(options, -1) {
			described["--"+m[1]] = true
		}
		for _, name := range slices.Sorted(maps.Keys(described)) {
			if !own[c.Name][name] && name != "--help" && name != "-h" {
				report(where, "section Options names %s, which the command does not have", name)
			}
		}
	}
	return errors.Join(problems...)
}

// section returns the indented and empty lines below a heading.
func section(text, heading string) string {
	_, rest, found := strings.Cut("\n"+text, "\n"+heading+"\n")
	if !found {
		return ""
	}
	var b strings.Builder
	for line := range strings.Lines(rest) {
		if line != "\n" && !strings.HasPrefix(line, " ") {
			break
		}
		b.WriteString(line)
	}
	return b.String()
}
