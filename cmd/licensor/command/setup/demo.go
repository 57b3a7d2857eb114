package setup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/offlicense/command"
	"github.com/spf13/pflag"
)

type demoCommand struct {
	common.Options
	program func() cli.Program
	dir     string
	desk    bool
}

func demoOf(program func() cli.Program) func(*pflag.FlagSet) cli.Run {
	return func(flags *pflag.FlagSet) cli.Run {
		c := demoCommand{program: program}
		flags.StringVar(&c.dir, "dir", "demo", "")
		flags.BoolVar(&c.desk, "desk", false, "")
		c.AddYes(flags)
		return common.OptionsOnly(func(env *cli.Env) error {
			if c.desk && !flags.Changed("dir") { // beside that of the demo that came before
				c.dir = "demo-desk"
			}
			return c.run(env)
		})
	}
}

func (c *demoCommand) run(env *cli.Env) error {
	now, err := env.Time()
	if err != nil {
		return err
	}
	dir, err := c.directory(env)
	if err != nil {
		return err
	}
	d := demo{env: env, program: c.program, dir: dir}
	if c.desk {
		return d.desk(now)
	}
	for _, step := range d.steps(now.AddDate(1, 0, 0).Format(time.DateOnly)) {
		if err := d.take(step); err != nil {
			return err
		}
	}
	fmt.Fprintf(env.Stdout, "\nAll of it is in %s; throw it away with  rm -r %s\nNext: licensor history --home %s INV0042-1\n",
		cli.Clean(dir), cli.ShellPath(dir), cli.ShellPath(filepath.Join(dir, "vendor")))
	return nil
}

// directory makes the directory of the demo. One that has something in it is left alone.
func (c *demoCommand) directory(env *cli.Env) (string, error) {
	dir := c.dir
	err := os.Mkdir(dir, 0o755)
	if !errors.Is(err, fs.ErrExist) {
		return dir, fileError("create", dir, err)
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) == 0 {
		return dir, nil
	}
	fresh := freshName(dir)
	options := "--dir " + cli.ShellPath(fresh)
	if c.desk {
		options = "--desk " + options
	}
	exists := cli.Failf("%s exists already; nothing was changed", cli.Quote(dir)).WithHint("take a fresh directory: licensor demo %s", options)
	if !c.Yes {
		yes, err := env.Confirm(fmt.Sprintf("%s exists already and is left alone. Make a fresh one in %s?", dir, fresh))
		if err != nil || !yes {
			return "", exists
		}
	}
	return fresh, fileError("create", fresh, os.Mkdir(fresh, 0o755))
}

func freshName(dir string) string {
	for n := 2; ; n++ {
		name := fmt.Sprintf("%s-%d", filepath.Clean(dir), n)
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return name
		}
	}
}

func fileError(verb, path string, err error) error {
	if err == nil {
		return nil
	}
	return cli.FileError(verb, path, err)
}

// demo runs the two tools in this process, as a user would type them.
type demo struct {
	env     *cli.Env
	program func() cli.Program
	dir     string
}

type step struct {
	who     string
	say     string
	program cli.Program
	args    []string
	save    string // standard output goes into this file
}

func (d *demo) steps(expires string) []step {
	vendor, customer := d.program(), command.FirstTrip(command.Build{})
	at := func(name string) string { return filepath.Join(d.dir, name) }
	home, state, roots, request, license := at("vendor"), at("site"), at("roots.pub"), at("request.olq"), at("license.lic")
	return []step{
		{"The vendor", "makes keys and a ledger, once.", vendor,
			[]string{"init", "--home", home, "--vendor", "acme.example", "--insecure-no-passphrase"}, ""},
		{"The vendor", "gives the product the public keys to trust.", vendor,
			[]string{"roots", "--home", home}, roots},
		{"Sales", "records what an invoice bought.", vendor,
			[]string{"entitle", "--home", home, "--invoice", "INV0042-1", "--email", "ops@site.example", "--customer", "Site Ltd",
				"--product", "evoq", "--edition", "engage", "--type", "production", "--binding", "key", "--expires", expires, "--updates-until", expires,
				"--feature", "sso", "--limit", "cores=16", "--limit", "users=200"}, ""},
		{"The administrator", "makes a request on the server, which has no network.", customer,
			[]string{"request", "--state", state, "--product", "evoq", "--invoice", "INV0042-1", "--email", "ops@site.example",
				"--type", "production", "--key-only", "--out", request, "--qr", "always"}, ""},
		{"Support", "gets the file, or a photo of the code, and signs.", vendor,
			[]string{"sign", "--home", home, request, "--out", license, "--yes"}, ""},
		{"The administrator", "takes the license back to the server.", customer,
			[]string{"install", "--state", state, "--roots", roots, license}, ""},
		{"The product", "asks whether it may run; a program calls a function for it.", customer,
			[]string{"verify", "--state", state, "--roots", roots, "--product", "evoq"}, ""},
		{"Support", "sees who uses the seat.", vendor,
			[]string{"list", "--home", home}, ""},
	}
}

func (d *demo) take(s step) error {
	line := s.program.Name
	for _, arg := range s.args {
		line += " " + cli.ShellWord(arg)
	}
	if s.save != "" {
		line += " > " + cli.ShellPath(s.save)
	}
	fmt.Fprintf(d.env.Stdout, "\n# %s %s\n$ %s\n", s.who, s.say, line)

	env := *d.env
	env.Args, env.Terminal = s.args, nil // nobody is asked
	var saved bytes.Buffer
	if s.save != "" {
		env.Stdout, env.Window = &saved, nil
	}
	if exit := cli.Main(s.program, &env); exit != 0 {
		return &cli.Error{Exit: exit} // the command has said why
	}
	if s.save != "" {
		return d.env.WriteFile(s.save, saved.Bytes(), 0o644)
	}
	return nil
}
