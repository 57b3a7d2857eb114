package command

import (
	_ "embed"
	"errors"
	"os"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/spf13/pflag"
)

//go:embed usage/request.txt
var requestUsage string

type requestFlags struct {
	tool
	qrFlags

	state, product, invoice, email, kind string
	site, host, serviceUser              string
	components                           componentFlags
	mac, hostID, keyOnly                 bool
	hostGiven                            func() bool

	like    *format.Request          // the latest of the directory, for what is not given; nil: all is
	account [format.AccountSize]byte // its, in place of an address
}

func (t tool) requestCommand() cli.Command {
	return cli.Command{
		Name: "request", Summary: "ask for a license: a file, and a QR code", Usage: requestUsage,
		Setup: func(flags *pflag.FlagSet) cli.Run {
			f := &requestFlags{tool: t}
			flags.StringVar(&f.state, "state", "", "")
			flags.StringVar(&f.product, "product", "", "")
			flags.StringVar(&f.invoice, "invoice", "", "")
			flags.StringVar(&f.email, "email", "", "")
			flags.StringVar(&f.kind, "type", "", "")
			cli.Choices(flags, "type", format.Types()...)
			flags.StringVar(&f.site, "site", "", "")
			flags.StringVar(&f.host, "host", "", "")
			f.hostGiven = func() bool { return flags.Changed("host") }
			f.components.add(flags)
			flags.StringVar(&f.serviceUser, "service-user", "", "")
			flags.BoolVar(&f.mac, "mac", false, "")
			flags.BoolVar(&f.hostID, "host-id", false, "")
			flags.BoolVar(&f.keyOnly, "key-only", false, "")
			f.qrFlags.add(flags)
			return f.run
		},
	}
}

func (f *requestFlags) run(env *cli.Env, args []string) error {
	f.trim()
	state, err := f.check(env, args)
	if err != nil {
		return err
	}
	if err := f.offerHost(env); err != nil {
		return err
	}
	options, err := f.options(env)
	if err != nil {
		return err
	}
	who, err := findChecker(env, f.serviceUser, state.Dir())
	if err != nil {
		return err
	}
	if err := f.likeChecker(who); err != nil {
		return err
	}
	options.Checker = who.as()
	options.Again = f.out == "-" // into a pipe that is run again: the vendor knows that it is the same
	r, err := state.Request(options)
	if err != nil {
		return f.requestError(err)
	}
	if err := f.writeFiles(env, r.Text, r.Code); err != nil {
		return cli.Failf("%w (the request itself is made and kept as \"%s\")", err, r.Path)
	}
	code, err := f.planQR(env, r.Code)
	if err != nil {
		return err
	}
	out := f.messages(env)
	for _, warning := range r.Warnings {
		env.Warnf("%s", warning)
	}
	if r.Changed {
		env.Warnf("%s", changeOfMachine(r))
	}
	f.summary(env, out, state, r, who, code)
	if err := code.draw(env, out, f.reminder(state, r)); err != nil {
		return err
	}
	return f.answer(env, r.Text, r.Path)
}

// changeOfMachine says what the vendor will judge, and why.
func changeOfMachine(r *site.Request) string {
	replaced := ""
	if r.Prior != nil {
		replaced = ", to replace license " + r.Prior.String()
	}
	return "this machine has changed since an earlier request, or other components were given: this request asks for a change of machine" + replaced
}

// trim drops the white space around what was pasted: the vendor compares it exactly.
func (f *requestFlags) trim() {
	for _, text := range [...]*string{&f.product, &f.invoice, &f.email, &f.site, &f.host} {
		*text = strings.TrimSpace(*text)
	}
}

// offerHost asks whether the request is to tell the name of this server, where a person is
// there to ask. The names of a closed network are nobody's business: without a yes it tells
// none, and nothing else asks for one.
func (f *requestFlags) offerHost(env *cli.Env) error {
	if _, _, ok := env.OnTerminal(); !ok || f.hostGiven() {
		return nil
	}
	name, err := os.Hostname()
	if err != nil || format.ValidText(name, 128) != nil {
		return nil
	}
	yes, err := env.Confirm("Tell the vendor the name of this server, " + cli.Quote(name) + "?")
	if errors.Is(err, cli.ErrNoTerminal) {
		return nil
	}
	if yes {
		f.host = name
	}
	return err
}

// check refuses what can be refused without looking at the machine.
func (f *requestFlags) check(env *cli.Env, args []string) (*site.State, error) {
	if len(args) > 0 {
		return nil, cli.Usagef("unexpected argument %s", cli.Quote(args[0]))
	}
	state, err := requireState(env, f.state)
	if err != nil {
		return nil, err
	}
	if err := f.likeLatest(state); err != nil {
		return nil, err
	}
	for _, required := range [...]struct{ option, value, hint string }{
		{"--product", f.product, "the product's name as the vendor writes it, such as evoq"},
		{"--invoice", f.invoice, "the number of the invoice or order confirmation"},
		{"--email", f.email, "the address that the vendor has for this customer"},
	} {
		if required.value == "" && !(required.option == "--email" && f.account != [format.AccountSize]byte{}) {
			return nil, cli.Usagef("%s is missing", required.option).WithHint("%s", required.hint)
		}
	}
	types := strings.Join(format.Types(), ", ")
	if f.kind == "" {
		return nil, cli.Usagef("--type is missing").WithHint("one of %s", types)
	}
	if format.ValidType(f.kind) != nil {
		return nil, cli.Usagef("unknown license type %s", cli.Quote(f.kind)).WithHint("--type takes one of %s", types)
	}
	return state, f.qrFlags.check(env, "request")
}

func (f *requestFlags) options(env *cli.Env) (site.RequestOptions, error) {
	now, err := env.Time()
	o := site.RequestOptions{
		Product: f.product, Invoice: f.invoice, Email: f.email, Account: f.account, Type: f.kind,
		Site: f.site, Host: f.host, MAC: f.mac, HostID: f.hostID, KeyOnly: f.keyOnly, Now: now, Random: env.Rand, Getenv: env.Getenv,
	}
	if err != nil {
		return o, err
	}
	o.Components, err = f.components.read(env)
	if err == nil {
		err = f.likeMachine(&o)
	}
	if err == nil && f.keyOnly && (len(o.Components) > 0 || f.mac || f.hostID) {
		return o, contradictsKeyOnly(f)
	}
	return o, err
}

// contradictsKeyOnly says what else was given than --key-only.
func contradictsKeyOnly(f *requestFlags) error {
	other := site.ComponentsVariable
	switch {
	case f.hostID:
		other = "--host-id"
	case f.mac:
		other = "--mac"
	case len(f.components.values) > 0:
		other = "--component"
	case f.components.given():
		other = "--component-file"
	}
	return cli.Usagef("--key-only names nothing but the machine key, and %s names more: they contradict each other", other).
		WithHint("leave out --key-only, to bind the license to what %s names; or leave out %s", other, other)
}

// requestError says what is wrong with a field in words of the command line.
func (f *requestFlags) requestError(err error) error {
	var field *site.FieldError
	if errors.Is(err, site.ErrUnidentified) {
		return cli.Failf("%w, and a license must be bound to something (\"offlicense machine\" says why)", err).
			WithHint("give --component NAME=VALUE with an id that this site alone has; --key-only names nothing")
	}
	if errors.Is(err, site.ErrUnreadable) {
		return cli.Fail(err).WithHint("let that user read it as README says, give --component NAME=VALUE, or name another user")
	}
	if !errors.As(err, &field) {
		return stateError(err)
	}
	e := cli.Usagef("%w", field)
	switch field.Field {
	case "product":
		return productError(field, f.product)
	case "invoice":
		return e.WithHint("type the number as it stands on the invoice")
	case "e-mail":
		return e.WithHint("type one address, such as ops@site.example: the one that the vendor has for this customer")
	case "component":
		return e.WithHint("%s", componentFileHint)
	case "site", "host":
		return e.WithHint("--%s takes 1 to 128 bytes of text", field.Field)
	}
	return e
}

// checkProduct refuses what cannot be the name of a product.
func checkProduct(name string) error {
	q := format.Request{Product: name, Invoice: "ANY", Type: format.Types()[0], Key: make([]byte, keys.PublicKeySize)}
	if _, err := q.Marshal(); err != nil {
		return productError(&site.FieldError{Field: "product", Err: err}, name)
	}
	return nil
}

func productError(err error, name string) error {
	e := cli.Usagef("%w", err)
	if lower := strings.ToLower(name); lower != name {
		return e.WithHint("names of products are in lower case: --product %s", cli.Clean(lower))
	}
	return e.WithHint("a product's name is 1 to 32 of a-z, 0-9, -, _ and ., as the vendor writes it")
}
