// Package common has what the commands share: options, their values, questions, and how
// things are shown. It prints and asks; what it says is known by package service.
package common

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// HomeOption is --home, which every command has.
type HomeOption struct {
	dir    string
	Ledger string
	copies bool // --ledger may also name a file that "licensor backup" made
	Flags  *pflag.FlagSet
}

// Add declares --home.
func (h *HomeOption) Add(flags *pflag.FlagSet) {
	h.Flags = flags
	flags.StringVar(&h.dir, "home", "", "")
}

// AddLedger adds --ledger, for the commands that open it.
func (h *HomeOption) AddLedger(flags *pflag.FlagSet) {
	h.Add(flags)
	flags.StringVar(&h.Ledger, "ledger", "", "")
}

// AddLedgerOrCopy is addLedger for the commands that only read.
func (h *HomeOption) AddLedgerOrCopy(flags *pflag.FlagSet) {
	h.AddLedger(flags)
	h.copies = true
}

// Database returns where the ledger is, "" for the file in the home.
func (h *HomeOption) Database(env *cli.Env) (string, error) {
	where := h.Ledger
	if where == "" {
		where = env.Getenv("LICENSOR_LEDGER")
	}
	if where != "" && !service.IsDatabase(where) {
		// A change of a copy would be lost on everybody else.
		if isFile(where) {
			if h.copies {
				return where, nil
			}
			return "", cli.Usagef("--ledger names a file, and this command changes the ledger").
				WithHint("a copy can be read with list, history and audit; to go on with it, put it into a home as ledger.db")
		}
		// Not the address itself: it may hold a password.
		return "", cli.Usagef("the ledger's address does not start with postgres://").
			WithHint("--ledger and LICENSOR_LEDGER name a PostgreSQL database; the file in the home needs neither")
	}
	return where, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// Path returns the directory that --home, LICENSOR_HOME or else the system names.
func (h *HomeOption) Path(env *cli.Env) (string, error) {
	if h.dir != "" {
		return h.dir, nil
	}
	if h.Flags.Changed("home") {
		return "", cli.Usagef("--home is empty").WithHint("a variable in the command is not set; leave --home out for the default")
	}
	if dir := env.Getenv("LICENSOR_HOME"); dir != "" {
		return dir, nil
	}
	return dataDirectory(env)
}

// FlagsText are --home and --ledger as they were given, for a command that is printed and
// meant to be run next. An address may hold a password, and is left to the user.
func (h *HomeOption) FlagsText() string {
	words := ""
	if h.Flags.Changed("home") {
		words += " --home " + cli.ShellPath(h.dir)
	}
	if h.Ledger != "" {
		words += " --ledger "
		if isFile(h.Ledger) {
			words += cli.ShellPath(h.Ledger)
		} else {
			words += "ADDRESS"
		}
	}
	return words
}

func dataDirectory(env *cli.Env) (string, error) {
	var base string
	userHome := env.Getenv("HOME")
	switch {
	case runtime.GOOS == "windows":
		base = env.Getenv("LocalAppData")
	case env.Getenv("XDG_DATA_HOME") != "":
		base = env.Getenv("XDG_DATA_HOME")
	case userHome == "":
	case runtime.GOOS == "darwin":
		base = filepath.Join(userHome, "Library", "Application Support")
	default:
		base = filepath.Join(userHome, ".local", "share")
	}
	if base == "" {
		return "", cli.Usagef("no directory is named, and this user has no data directory").WithHint("name the vendor's home with --home or LICENSOR_HOME")
	}
	return filepath.Join(base, "licensor"), nil
}

// Open opens the home.
func (h *HomeOption) Open(env *cli.Env) (home.Home, error) {
	dir, err := h.Path(env)
	if err != nil {
		return home.Home{}, err
	}
	at, err := home.Open(dir)
	return at, ReadError(err)
}

// ReadError says of a file that could not be read why not, and what to do. Another error,
// and one that has been explained, it returns as it is.
func ReadError(err error) error {
	var known *cli.Error
	var path *fs.PathError
	if !errors.As(err, &known) && errors.As(err, &path) {
		return cli.FileError("read", path.Path, err)
	}
	return err
}

// Options are what the service takes from the command.
func (h *HomeOption) Options(env *cli.Env) service.Options {
	return service.Options{
		Random: env.Rand, AgentSocket: AgentSocket(env), Flags: h.FlagsText(),
		Warn: func(text string) { env.Warnf("%s", text) },
	}
}

// AgentSocket is where the running ssh-agent listens, empty for none.
func AgentSocket(env *cli.Env) string { return env.Getenv("SSH_AUTH_SOCK") }

// WithService opens the home and its ledger for as long as f runs.
func (h *HomeOption) WithService(env *cli.Env, mode service.Mode, f func(context.Context, *service.Service) error) error {
	at, err := h.Open(env)
	if err != nil {
		return err
	}
	where, err := h.Database(env)
	if err != nil {
		return err
	}
	ctx := context.Background()
	s, err := service.Open(ctx, at, where, mode, h.Options(env))
	if err != nil {
		return err
	}
	defer s.Close()
	return ReadError(f(ctx, s))
}
