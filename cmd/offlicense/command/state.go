package command

import (
	"errors"
	"io/fs"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/verify/machine"
	"github.com/offlicense/offlicense/verify/site"
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
			WithHint("give --state DIR, or set %s: the directory in which this site keeps its key and its license", stateVariable)
	}
	return site.At(dir), nil
}

// operatorComponents joins those of the command line with those of the environment, of
// which a label on the command line takes the place.
func operatorComponents(env *cli.Env, flags []string) ([]machine.Value, error) {
	var values []machine.Value
	given := map[string]bool{}
	for _, text := range flags {
		value, err := machine.ParseValue(text)
		if err != nil {
			return nil, cli.Usagef("--component: %w", err)
		}
		given[value.Label()] = true
		values = append(values, value)
	}
	others, err := site.ParseComponents(env.Getenv(site.ComponentsVariable))
	if err != nil {
		return nil, cli.Usagef("%s: %w", site.ComponentsVariable, err)
	}
	for _, value := range others {
		if !given[value.Label()] {
			values = append(values, value)
		}
	}
	return values, nil
}

// stateError turns an error of package site into one for the user; one that is for the
// user already stays as it is.
func stateError(err error) error {
	var known *cli.Error
	var path *fs.PathError
	switch {
	case errors.As(err, &known):
	case errors.Is(err, site.ErrNotState):
		return cli.Fail(err).WithHint("give each site its own directory, empty or new")
	case errors.Is(err, site.ErrNoRequest):
		return cli.Fail(err).WithHint("make a request with \"offlicense request\", or check the path of the state directory")
	case errors.Is(err, site.ErrNoSite):
		return cli.Fail(err).WithHint("check the path of the state directory")
	case errors.Is(err, site.ErrOtherProduct):
		return cli.Fail(err).WithHint("give each site its own directory with --state, or remove the request if it was a mistake")
	case errors.As(err, &path):
		return cli.FileError(path.Op, path.Path, err)
	}
	return err
}
