// Package common has what the commands share: options, their values, questions, and how
// things are shown. It prints and asks; what it says is known by package service.
package common

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

// Options are those that many commands have. Each command adds the ones that it takes.
type Options struct {
	Flags    *pflag.FlagSet
	dir      string
	Ledger   string
	copies   bool // --ledger may also name a file that "licensor backup" made
	operator string
	why      string // the reason that stays on record
	override bool   // lifts a rule that staff may lift
	newNames bool   // names that the products do not have are meant
	Yes      bool   // answers the question
}

// AddHome adds --home, which every command has.
func (o *Options) AddHome(flags *pflag.FlagSet) {
	o.Flags = flags
	flags.StringVar(&o.dir, "home", "", "")
}

// AddLedger adds --ledger, for the commands that open it.
func (o *Options) AddLedger(flags *pflag.FlagSet) {
	o.AddHome(flags)
	flags.StringVar(&o.Ledger, "ledger", "", "")
}

// AddLedgerOrCopy is AddLedger for the commands that only read.
func (o *Options) AddLedgerOrCopy(flags *pflag.FlagSet) {
	o.AddLedger(flags)
	o.copies = true
}

// AddOperator adds --operator: who answers for a change.
func (o *Options) AddOperator(flags *pflag.FlagSet) { flags.StringVar(&o.operator, "operator", "", "") }

// AddYes adds --yes.
func (o *Options) AddYes(flags *pflag.FlagSet) { flags.BoolVar(&o.Yes, "yes", false, "") }

// AddNew adds --new, for the commands that sell names.
func (o *Options) AddNew(flags *pflag.FlagSet) { flags.BoolVar(&o.newNames, "new", false, "") }

// AskNames does something that names what is sold. Where the products do not have the
// names, it asks whether they are meant; --yes does not answer that, and --new does.
func (o *Options) AskNames(env *cli.Env, by *ledger.Operation, do func() error) error {
	err := do()
	names := service.NamesRefused(err)
	if names == "" || o.Yes {
		return err
	}
	yes, failed := env.Confirm(strings.TrimSuffix(names, "?") + "? Sell it as it is typed?")
	if failed != nil || !yes {
		return err
	}
	by.NewNames, o.newNames = true, true
	return do()
}

// AddChange adds what a command takes that changes the ledger: --ledger, --operator, --why,
// --override and --json.
func (o *Options) AddChange(flags *pflag.FlagSet) {
	o.AddLedger(flags)
	o.AddOperator(flags)
	flags.StringVar(&o.why, "why", "", "")
	flags.BoolVar(&o.override, "override", false, "")
	AddJSON(flags)
}

// Operation says who makes a change, when and why.
func (o *Options) Operation(env *cli.Env) (ledger.Operation, error) {
	now, err := env.Time()
	if err != nil {
		return ledger.Operation{}, err
	}
	name := o.operator
	if name == "" {
		if name, err = SystemUser(); err != nil {
			return ledger.Operation{}, err
		}
	}
	return ledger.Operation{Operator: name, Now: now, Why: o.why, Override: o.override, NewNames: o.newNames, Random: env.Rand}, nil
}

// SystemUser returns the name of the user who runs the command.
func SystemUser() (string, error) {
	current, err := user.Current()
	if err != nil || current.Username == "" {
		return "", cli.Failf("the system does not say who you are").WithHint("name yourself with --operator")
	}
	return current.Username, nil
}

// CheckReason refuses a missing reason before any question is asked. what needs one
// whatever the options are; empty: nothing does.
func (o *Options) CheckReason(what string) error {
	if what == "" && o.override {
		what = "--override"
	}
	if what == "" || o.why != "" {
		return nil
	}
	return cli.Usagef("--why is missing").WithHint("%s needs a reason, which stays on record", what)
}

// Agree asks, unless --yes has answered. nothing says what a no leaves undone.
func (o *Options) Agree(env *cli.Env, question, nothing string) error {
	if o.Yes {
		return nil
	}
	yes, err := env.Confirm(question)
	if err == nil && !yes {
		err = cli.Failf("%s", nothing).WithHint("nothing was changed")
	}
	return err
}

// Agreed asks as Agree does, and returns who makes the change, and when: after the question,
// which may have waited. An empty question is not asked.
func (o *Options) Agreed(env *cli.Env, question, nothing string) (by ledger.Operation, err error) {
	if question != "" {
		if err := o.Agree(env, question, nothing); err != nil {
			return by, err
		}
	}
	return o.Operation(env)
}

// Change opens the ledger for a change, and says who makes it.
func (o *Options) Change(env *cli.Env, f func(context.Context, *service.Service, ledger.Operation) error) error {
	return o.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		by, err := o.Operation(env)
		if err != nil {
			return err
		}
		return f(ctx, s, by)
	})
}

// Messages is where people read: standard output, unless the license goes there.
func Messages(env *cli.Env, out string) io.Writer {
	if out == "-" {
		return env.Stderr
	}
	return env.Stdout
}

// NoArguments refuses arguments of a command that takes options only.
func NoArguments(args []string) error {
	if len(args) > 0 {
		return cli.Usagef("unexpected argument %s", cli.Quote(args[0])).WithHint("the command takes options only")
	}
	return nil
}

// OptionsOnly is a command that takes no arguments.
func OptionsOnly(run func(env *cli.Env) error) cli.Run {
	return func(env *cli.Env, args []string) error {
		if err := NoArguments(args); err != nil {
			return err
		}
		return run(env)
	}
}

// RefuseEmpty refuses options that are given and say nothing.
func (o *Options) RefuseEmpty(names ...string) error {
	for _, name := range names {
		flag := o.Flags.Lookup(name)
		if text := flag.Value.String(); flag.Changed && (text == "" || text == "[]" && flag.Value.Type() == "stringSlice") {
			return cli.Usagef("--%s is empty", name)
		}
	}
	return nil
}

// OneFile returns the only argument, which names a file.
func OneFile(args []string, want string) (string, error) {
	if len(args) != 1 {
		return "", cli.Usagef("got %d files, want %s (- is standard input)", len(args), want)
	}
	return args[0], nil
}

// OneInvoice returns the invoice that stands first of so many arguments.
func OneInvoice(args []string, want int) (string, error) {
	switch {
	case len(args) == 0 || args[0] == "":
		return "", cli.Usagef("the invoice is missing").WithHint(`"licensor list" shows them all`)
	case len(args) > want:
		return "", cli.Usagef("unexpected argument %s", cli.Quote(args[want]))
	}
	return format.InvoiceForm(args[0]), nil
}

// AddDate adds an option with a date, the last day that is covered. Its value is the end:
// midnight UTC after it.
func AddDate(flags *pflag.FlagSet, t *time.Time, name string) { add(flags, t, name, ledger.ParseDate) }

// AddDay adds an option with a date on which something begins: midnight UTC.
func AddDay(flags *pflag.FlagSet, t *time.Time, name string) { add(flags, t, name, ledger.ParseDay) }

// AddEnd adds an option with a date as AddDate does, or a time from a beginning.
func AddEnd(flags *pflag.FlagSet, end *ledger.End, name string) {
	add(flags, end, name, ledger.ParseEnd)
}

// AddDays adds an option with a number of days, such as 14d.
func AddDays(flags *pflag.FlagSet, days *uint64, name string) {
	add(flags, days, name, ledger.ParseDays)
}

// AddWindow adds an option with a window of time, such as 30d or 2027-01-01..2027-03-31.
func AddWindow(flags *pflag.FlagSet, window *ledger.Window, name string) {
	add(flags, window, name, ledger.ParseWindow)
}

// AddActivation adds --activation. An id may be typed in small letters.
func AddActivation(flags *pflag.FlagSet, id *string) {
	add(flags, id, "activation", func(text string) (string, error) { return strings.ToUpper(text), nil })
}

func add[T any](flags *pflag.FlagSet, value *T, name string, parse func(string) (T, error)) {
	flags.Func(name, "", func(text string) (err error) {
		*value, err = parse(text)
		return err
	})
}

// Database returns where the ledger is, "" for the file in the home.
func (o *Options) Database(env *cli.Env) (string, error) {
	where := cmp.Or(o.Ledger, env.Getenv("LICENSOR_LEDGER"))
	if where != "" && !service.IsDatabase(where) {
		// A change of a copy would be lost on everybody else.
		if IsFile(where) {
			if o.copies {
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

// IsFile reports whether a path leads to a file.
func IsFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// Path returns the directory that --home, LICENSOR_HOME or else the system names.
func (o *Options) Path(env *cli.Env) (string, error) {
	if o.dir != "" {
		return o.dir, nil
	}
	if o.Flags.Changed("home") {
		return "", cli.Usagef("--home is empty").WithHint("a variable in the command is not set; leave --home out for the default")
	}
	if dir := env.Getenv("LICENSOR_HOME"); dir != "" {
		return dir, nil
	}
	return dataDirectory(env)
}

// FlagsText are --home and --ledger as they were given, for a command that is printed and
// meant to be run next. An address may hold a password, and is left to the user.
func (o *Options) FlagsText() string { return whereText(o.Flags, o.Ledger) }

func whereText(flags *pflag.FlagSet, ledger string) string {
	words := ""
	if home := flags.Lookup("home"); home != nil && home.Changed {
		words += " --home " + cli.ShellPath(home.Value.String())
	}
	if ledger != "" {
		words += " --ledger "
		if IsFile(ledger) {
			words += cli.ShellPath(ledger)
		} else {
			words += "ADDRESS"
		}
	}
	return words
}

// Where has the commands that are printed for the one who reads them, and act on the ledger.
// Those about keys and lists are often for somebody else.
var Where = &cli.Where{Flags: func(flags *pflag.FlagSet) string {
	ledger, _ := flags.GetString("ledger") // none: the command has no such option
	return whereText(flags, ledger)
}, Commands: []string{
	"amend", "audit", "cancel", "correct", "customer", "deactivate", "desk", "entitle", "history", "key list", "letters",
	"list", "move", "product", "queue", "reactivate", "release", "renew", "report", "resume", "show", "sign", "suspend",
}}

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

// ReadStatement reads a statement, of which the parts may be in several files. If it is
// spelled, it is read line by line, and the home keeps the lines until done.
func (o *Options) ReadStatement(env *cli.Env, args []string, spelled bool, kinds ...format.Kind) (text []byte, done func(), err error) {
	if !spelled {
		text, err = env.ReadParts(args, kinds...)
		return text, func() {}, err
	}
	dir, err := o.Path(env)
	if err != nil {
		return nil, nil, err
	}
	return env.ReadSpelled(args, filepath.Join(dir, "spelled-"+kinds[0].String()+".txt"), kinds...)
}

// Open opens the home.
func (o *Options) Open(env *cli.Env) (home.Home, error) {
	dir, err := o.Path(env)
	if err != nil {
		return home.Home{}, err
	}
	at, err := home.Open(dir)
	return at, ReadError(err)
}

// OpenWithLedger opens the home, and says where its ledger is.
func (o *Options) OpenWithLedger(env *cli.Env) (at home.Home, where string, err error) {
	if at, err = o.Open(env); err == nil {
		where, err = o.Database(env)
	}
	return at, where, err
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

// ServiceOptions are what the service takes from the command.
func (o *Options) ServiceOptions(env *cli.Env) service.Options {
	return service.Options{
		Random: env.Rand, AgentSocket: AgentSocket(env), Flags: o.FlagsText(),
		Warn: func(text string) { env.Warnf("%s", text) },
	}
}

// AgentSocket is where the running ssh-agent listens, empty for none.
func AgentSocket(env *cli.Env) string { return env.Getenv("SSH_AUTH_SOCK") }

// WithService opens the home and its ledger for as long as f runs.
func (o *Options) WithService(env *cli.Env, mode service.Mode, f func(context.Context, *service.Service) error) error {
	at, where, err := o.OpenWithLedger(env)
	if err != nil {
		return err
	}
	ctx := context.Background()
	s, err := service.Open(ctx, at, where, mode, o.ServiceOptions(env))
	if err != nil {
		return err
	}
	defer s.Close()
	return ReadError(f(ctx, s))
}

// LeaveNote leaves a note for the desk's pages, if there is a desk. Nothing depends on it, so
// that a failure is a warning.
func (o *Options) LeaveNote(env *cli.Env, about, said string, good bool) {
	at, where, err := o.OpenWithLedger(env)
	if err == nil {
		var now time.Time
		if now, err = env.Time(); err == nil {
			err = desk.Leave(context.Background(), at, where, desk.Note{About: about, At: now, Said: said, Good: good})
		}
	}
	if err != nil {
		env.Warnf("the desk's pages do not learn of this %s: %v", about, err)
	}
}

// ForgetAnswers removes what the service has answered programs that has an e-mail address in it.
func (o *Options) ForgetAnswers(env *cli.Env, address string) {
	at, where, err := o.OpenWithLedger(env)
	if err == nil {
		err = desk.ForgetAnswers(context.Background(), at, where, address)
	}
	if err != nil {
		env.Warnf("answers of the last 7 days to programs may have the address still: %v", err)
	}
}

// WithDesk opens what lies beside the ledger for the service.
func (o *Options) WithDesk(env *cli.Env, f func(context.Context, *desk.Desk) error) error {
	at, where, err := o.OpenWithLedger(env)
	if err != nil {
		return err
	}
	ctx := context.Background()
	d, err := desk.Open(ctx, at, where)
	if err != nil {
		return ReadError(err)
	}
	defer d.Close()
	return ReadError(f(ctx, d))
}
