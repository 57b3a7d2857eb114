package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/offlicense/command"
	"github.com/spf13/pflag"
)

// printed finds a command with options in a message: the words behind it that can be a part
// of it. A verb of fmt stands for one word.
var printed = regexp.MustCompile(`\b(licensor|offlicense) ([a-z]+)((?: +(?:--[a-z][a-z-]*(?:[ =]("\.\.\."|[^\s"'(-][^\s"']*))?|[A-Z]+\b|%[sdq]|-|[a-z]+\.[a-z]+))*)`)

// wants are the commands that do nothing without an argument that is no option.
var wants = []string{"licensor amend", "licensor renew", "licensor deactivate", "licensor move", "licensor reactivate", "licensor release",
	"licensor cancel", "licensor suspend", "licensor resume", "licensor customer"}

// TestPrintedCommands holds what messages tell people to type to what the tools take: the
// command, each option, and, once there is more than its name, the argument that it wants.
func TestPrintedCommands(t *testing.T) {
	t.Parallel()
	known := map[string]*pflag.FlagSet{}
	for _, p := range []cli.Program{program(), command.Program(command.Build{})} {
		for _, c := range p.Commands {
			flags := pflag.NewFlagSet(c.Name, pflag.ContinueOnError)
			c.Setup(flags)
			known[p.Name+" "+c.Name] = flags
		}
	}
	checked := 0
	for _, dir := range []string{"..", "../../verify", "../../keys", "../../format"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || d.IsDir() {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				literal, ok := n.(*ast.BasicLit)
				if !ok || literal.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Error(path, err)
				}
				for _, m := range printed.FindAllStringSubmatch(text, -1) {
					goesOn := strings.HasSuffix(text, m[0]) // in the next literal
					name, words := m[1]+" "+m[2], strings.Fields(m[3])
					flags := known[name]
					if flags == nil {
						if len(words) > 0 && strings.HasPrefix(words[0], "-") {
							t.Errorf("%s: %q: no such command", path, m[0])
						}
						continue // "the licensor signs"
					}
					if len(words) == 0 {
						continue // the name of a command, not one to type
					}
					checked++
					arguments := 0
					for i := 0; i < len(words); i++ {
						option, isOption := strings.CutPrefix(words[i], "--")
						option, _, _ = strings.Cut(option, "=")
						switch flag := flags.Lookup(option); {
						case !isOption:
							arguments++
						case option == "" || option == "help":
						case flag == nil:
							t.Errorf("%s: %q: there is no --%s", path, m[0], option)
						case flag.NoOptDefVal == "" && !strings.Contains(words[i], "="):
							if i++; i == len(words) && !goesOn {
								t.Errorf("%s: %q: --%s has no value", path, m[0], option)
							}
						}
					}
					if arguments == 0 && slices.Contains(wants, name) {
						t.Errorf("%s: %q: it wants an argument", path, m[0])
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if checked < 40 {
		t.Errorf("%d commands were found, too few", checked)
	}
}
