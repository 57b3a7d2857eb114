package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/spf13/pflag"
)

// homeOption is --home, which every command has.
type homeOption struct {
	dir    string
	ledger string
	copies bool // --ledger may also name a file that "licensor backup" made
	flags  *pflag.FlagSet
}

func (h *homeOption) add(flags *pflag.FlagSet) {
	h.flags = flags
	flags.StringVar(&h.dir, "home", "", "")
}

// addLedger adds --ledger, for the commands that open it.
func (h *homeOption) addLedger(flags *pflag.FlagSet) {
	h.add(flags)
	flags.StringVar(&h.ledger, "ledger", "", "")
}

// addLedgerOrCopy is addLedger for the commands that only read.
func (h *homeOption) addLedgerOrCopy(flags *pflag.FlagSet) {
	h.addLedger(flags)
	h.copies = true
}

// database returns where the ledger is, "" for the file in the home.
func (h *homeOption) database(env *cli.Env) (string, error) {
	where := h.ledger
	if where == "" {
		where = env.Getenv("LICENSOR_LEDGER")
	}
	if where != "" && !isAddress(where) {
		// A change of a copy would be lost on everybody else.
		if info, err := os.Stat(where); err == nil && info.Mode().IsRegular() {
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

// isCopy tells a file made by "licensor backup" from where a ledger lives: the file in
// the home, which is "" here, or a database.
func isCopy(where string) bool { return where != "" && !isAddress(where) }

// isAddress tells the address of a database from a file made by "licensor backup".
func isAddress(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}

// path returns the folder that --home, LICENSOR_HOME or else the system names.
func (h *homeOption) path(env *cli.Env) (string, error) {
	if h.dir != "" {
		return h.dir, nil
	}
	if h.flags.Changed("home") {
		return "", cli.Usagef("--home is empty").WithHint("a variable in the command is not set; leave --home out for the default")
	}
	if dir := env.Getenv("LICENSOR_HOME"); dir != "" {
		return dir, nil
	}
	return dataFolder(env)
}

// words are --home and --ledger as they were given, for a command that is printed and
// meant to be run next. An address may hold a password, and is left to the user.
func (h *homeOption) words() string {
	words := ""
	if h.flags.Changed("home") {
		words += " --home " + cli.ShellPath(h.dir)
	}
	if h.ledger != "" {
		words += " --ledger "
		if isAddress(h.ledger) {
			words += "ADDRESS"
		} else {
			words += cli.ShellPath(h.ledger)
		}
	}
	return words
}

// homeWords are the --home that a printed command needs to find the same home.
func homeWords(env *cli.Env, at home.Home) string {
	usual := env.Getenv("LICENSOR_HOME")
	if usual == "" {
		usual, _ = dataFolder(env) // none: then --home is needed
	}
	if at.Dir == usual {
		return ""
	}
	return " --home " + cli.ShellPath(at.Dir)
}

func dataFolder(env *cli.Env) (string, error) {
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
		return "", cli.Usagef("no folder is named, and this user has no data folder").WithHint("name the vendor's home with --home or LICENSOR_HOME")
	}
	return filepath.Join(base, "licensor"), nil
}

func (h *homeOption) open(env *cli.Env) (home.Home, error) {
	dir, err := h.path(env)
	if err != nil {
		return home.Home{}, err
	}
	at, err := home.Open(dir)
	return at, readError(err)
}

// readError says of a file in the home why it cannot be read, and what to do.
func readError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return cli.FileError("read", path.Path, err)
	}
	return err
}

// withLedger opens the home and its ledger for as long as f runs. open is ledger.Open,
// or ledger.OpenToRead for a command that changes nothing.
func (h *homeOption) withLedger(env *cli.Env, open openLedger, f func(context.Context, home.Home, *ledger.Ledger) error) error {
	at, err := h.open(env)
	if err != nil {
		return err
	}
	where, err := h.database(env)
	if err != nil {
		return err
	}
	if where == "" {
		where = at.LedgerFile()
	}
	ctx := context.Background()
	l, err := open(ctx, where)
	if err != nil {
		return err
	}
	defer l.Close()
	return f(ctx, at, l)
}

// atHand opens the ledger to read if there is one: nil where the home has none and no
// database is named, as on the machine of the root key.
func (h *homeOption) atHand(ctx context.Context, env *cli.Env, at home.Home) (*ledger.Ledger, error) {
	where, err := h.database(env)
	if err != nil {
		return nil, err
	}
	if where == "" {
		where = at.LedgerFile()
		if _, err := os.Stat(where); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		} else if err != nil {
			return nil, readError(err)
		}
	}
	return ledger.OpenToRead(ctx, where)
}

type openLedger func(ctx context.Context, where string) (*ledger.Ledger, error)

// operatorOption is --operator: who answers for a change.
type operatorOption struct{ name string }

func (o *operatorOption) add(flags *pflag.FlagSet) { flags.StringVar(&o.name, "operator", "", "") }

// operation returns who makes a change, and when.
func (o *operatorOption) operation(env *cli.Env) (ledger.Operation, error) {
	now, err := env.Time()
	if err != nil {
		return ledger.Operation{}, err
	}
	name := o.name
	if name == "" {
		if name, err = systemUser(); err != nil {
			return ledger.Operation{}, err
		}
	}
	return ledger.Operation{Operator: name, Now: now, Random: env.Rand}, nil
}

func systemUser() (string, error) {
	current, err := user.Current()
	if err != nil || current.Username == "" {
		return "", cli.Failf("the system does not say who you are").WithHint("name yourself with --operator")
	}
	return current.Username, nil
}

// passphraseOptions are --passphrase-file and --insecure-no-passphrase.
type passphraseOptions struct {
	file string
	none bool
}

func (p *passphraseOptions) add(flags *pflag.FlagSet) {
	flags.StringVar(&p.file, "passphrase-file", "", "")
}

func (p *passphraseOptions) addNone(flags *pflag.FlagSet) {
	flags.BoolVar(&p.none, "insecure-no-passphrase", false, "")
}

// new returns the passphrase for a new key, nil for none.
func (p *passphraseOptions) new(env *cli.Env, prompt string) ([]byte, error) {
	switch {
	case p.none && p.file != "":
		return nil, cli.Usagef("--passphrase-file and --insecure-no-passphrase contradict each other")
	case p.none:
		return nil, nil
	case p.file != "":
		return env.PassphraseFile(p.file)
	}
	return env.NewPassphrase(prompt)
}

// existing returns a function that asks for the passphrase of a key, as package
// keyfile calls it. A passphrase from a file is given once: it does not get better.
func (p *passphraseOptions) existing(env *cli.Env, prompt string) func(attempt int) ([]byte, error) {
	return func(attempt int) ([]byte, error) {
		if p.file == "" {
			if attempt > 1 {
				return env.ReadPassphrase("That was not it. " + prompt)
			}
			return env.ReadPassphrase(prompt)
		}
		if attempt > 1 {
			return nil, cli.Failf("the passphrase in %s is wrong", p.file).WithHint("give the file with this key's passphrase; nothing was signed")
		}
		return env.PassphraseFile(p.file)
	}
}

// dateValue is an option with a date. It means the last second of that day in UTC.
type dateValue struct{ t *time.Time }

func (d dateValue) Type() string { return "date" }

func (d dateValue) String() string {
	if d.t == nil || d.t.IsZero() {
		return ""
	}
	return d.t.Format(time.DateOnly)
}

func (d dateValue) Set(s string) error {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return errors.New("want a date like 2027-11-21")
	}
	if t.Year() < 1970 {
		return errors.New("want a date after 1970")
	}
	*d.t = t.Add(24*time.Hour - time.Second)
	return nil
}

// daysValue is an option with a number of days, such as 14d.
type daysValue struct{ days *uint64 }

func (d daysValue) Type() string { return "days" }

func (d daysValue) String() string {
	if d.days == nil || *d.days == 0 {
		return ""
	}
	return fmt.Sprintf("%dd", *d.days)
}

func (d daysValue) Set(s string) error {
	days, err := strconv.ParseUint(strings.TrimSuffix(s, "d"), 10, 16)
	if err != nil {
		return errors.New("want a number of days like 14d")
	}
	*d.days = days
	return nil
}

// limitValue is an option that is given once for each limit: cores=16.
type limitValue struct{ limits map[string]uint64 }

func (l limitValue) Type() string   { return "limit" }
func (l limitValue) String() string { return "" }

func (l limitValue) Set(s string) error {
	name, number, found := strings.Cut(s, "=")
	n, err := strconv.ParseUint(number, 10, 63)
	if !found || name == "" || err != nil {
		return errors.New("want NAME=NUMBER like cores=16")
	}
	if _, twice := l.limits[name]; twice {
		return fmt.Errorf("%s is given twice", cli.Quote(name))
	}
	l.limits[name] = n
	return nil
}

func noArguments(args []string) error {
	if len(args) > 0 {
		return cli.Usagef("%s is too much: the command takes options only", cli.Quote(args[0]))
	}
	return nil
}
