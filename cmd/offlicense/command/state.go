package command

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/verify/machine"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/spf13/pflag"
)

const stateVariable = "OFFLICENSE_STATE"

// stateDirectory returns the state directory, "" if none was given. There is no default: a
// tool that guesses one tells the administrator of a second site about the first.
func stateDirectory(env *cli.Env, flag string) string {
	if flag != "" {
		return flag
	}
	return env.Getenv(stateVariable)
}

func requireState(env *cli.Env, flag string) (*site.State, error) {
	dir := stateDirectory(env, flag)
	if dir == "" {
		return nil, cli.Usagef("no state directory: there is no default for it").
			WithHint("give --state DIR, or set %s: where this site keeps its key and its license", stateVariable)
	}
	return site.At(dir), nil
}

const componentHint = "give an id that this site alone has, such as the UID of its cluster or its volume"

const componentFileHint = "mend the file or its mount: in --component-file NAME=PATH it holds an id of this site alone"

// componentFlags are --component and --component-file.
type componentFlags struct{ values, files []string }

func (c *componentFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&c.values, "component", nil, "")
	flags.StringArrayVar(&c.files, "component-file", nil, "")
}

func (c *componentFlags) given() bool { return len(c.values)+len(c.files) > 0 }

// read joins those of the command line with those of the environment, of which a label on the
// command line takes the place. The result is never nil.
func (c *componentFlags) read(env *cli.Env) ([]machine.Value, error) {
	values := []machine.Value{}
	given := map[string]bool{}
	for _, from := range [...]struct {
		option string
		texts  []string
		parse  func(string) (machine.Value, error)
		hint   string
	}{{"--component", c.values, machine.ParseValue, componentHint}, {"--component-file", c.files, machine.ParseValueFile, componentFileHint}} {
		for _, text := range from.texts {
			value, err := from.parse(text)
			if err != nil {
				return nil, cli.Usagef("%s: %w", from.option, err).WithHint("%s", from.hint)
			}
			given[value.Label()] = true
			values = append(values, value)
		}
	}
	others, err := site.EnvironmentComponents(env.Getenv)
	if err != nil {
		hint := componentHint
		if strings.HasPrefix(err.Error(), site.ComponentFilesVariable) {
			hint = componentFileHint
		}
		return nil, cli.Usagef("%w", err).WithHint("%s", hint)
	}
	for _, value := range others {
		if !given[value.Label()] {
			values = append(values, value)
		}
	}
	for i, value := range values {
		if slices.ContainsFunc(values[:i], func(v machine.Value) bool { return v.Label() == value.Label() }) {
			return nil, cli.Usagef("component %s is given twice", cli.Quote(value.Label())).
				WithHint("give it once: as a value or as a file, by an option or in one of the two variables")
		}
	}
	return values, nil
}

// advice names the components that the next command needs again. Those of the environment are
// still there.
func (c *componentFlags) advice() string {
	var advice strings.Builder
	for _, text := range c.values {
		label, _, _ := strings.Cut(text, "=")
		fmt.Fprintf(&advice, " --component %s=VALUE", label)
	}
	for _, text := range c.files {
		fmt.Fprintf(&advice, " --component-file %s", typed(text))
	}
	return advice.String()
}

// stateError turns an error of package site into one for the user; one that is for the
// user already stays as it is.
func stateError(err error) error {
	var known *cli.Error
	var path *fs.PathError
	switch {
	case errors.As(err, &known):
	case errors.Is(err, site.ErrLicenseVariable):
		return cli.Fail(err).WithHint("set %s to the text of the license or to its path, or unset it", site.LicenseVariable)
	case errors.Is(err, site.ErrIsDirectory) && errors.As(err, &path):
		return cli.Failf("cannot read %s: %w", cli.Quote(path.Path), site.ErrIsDirectory).WithHint("mend the mount of this file, or remove the directory if it is empty")
	case errors.Is(err, site.ErrNotState):
		return cli.Fail(err).WithHint("give each site its own directory, empty or new")
	case errors.Is(err, site.ErrNoRequest):
		return cli.Fail(err).WithHint("make a request with \"offlicense request\", or check the path of the state directory")
	case errors.Is(err, site.ErrNoSite):
		return cli.Fail(err).WithHint("check the path of the state directory")
	case errors.Is(err, site.ErrOtherProduct):
		return cli.Fail(err).WithHint("give each site its own directory with --state, or remove the request if it was a mistake")
	case errors.As(err, &path) && errors.Is(err, syscall.EROFS):
		return cli.Failf("cannot %s %s: the file system is read-only", path.Op, cli.Quote(path.Path)).
			WithHint("do it where the state directory can be written, such as where the request was made")
	case errors.As(err, &path):
		return cli.FileError(path.Op, path.Path, err)
	}
	return err
}
