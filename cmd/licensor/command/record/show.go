package record

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

const (
	shownEvents      = 12  // on a screen
	answeredEvents   = 100 // in JSON
	shownActivations = 10
)

type showCommand struct {
	common.Options
	common.Carriage
	file []byte // the statement that was named; nil: something on record
}

func show(flags *pflag.FlagSet) cli.Run {
	var c showCommand
	c.AddLedgerOrCopy(flags)
	c.AddLicense(flags)
	common.AddJSON(flags)
	return c.run
}

func (c *showCommand) run(env *cli.Env, args []string) error {
	if len(args) == 0 || args[0] == "" {
		return cli.Usagef("nothing is named: want an invoice, an activation, a license, a comparison code or a file")
	}
	now, err := env.Time()
	if err != nil {
		return err
	}
	if err := c.Carriage.Check(env, ""); err != nil {
		return err
	}
	for _, arg := range args[1:] {
		if _, err := os.Stat(arg); err != nil {
			return cli.Usagef("unexpected argument %s", cli.Quote(arg)).WithHint("show one thing at a time; several are files with parts of one statement")
		}
	}
	return c.WithService(env, service.ToRead, func(ctx context.Context, s *service.Service) error {
		shown, err := c.find(ctx, env, s, args, now)
		if err != nil {
			return err
		}
		if shown.Foreign != "" {
			env.Warnf("%s", shown.Foreign)
		}
		if env.JSON() {
			partners, err := s.Partners(ctx)
			if err != nil {
				return err
			}
			if err := c.carry(ctx, env, s, shown); err != nil {
				return err
			}
			return env.Answer(common.NewShowAnswer(shown, partners, now))
		}
		if err := c.print(env, shown, args[0], now); err != nil {
			return err
		}
		return c.carry(ctx, env, s, shown)
	})
}

// find looks up what an argument names: what is on record comes before a file, unless the
// argument is a path.
func (c *showCommand) find(ctx context.Context, env *cli.Env, s *service.Service, args []string, now time.Time) (*service.Shown, error) {
	of := args[0]
	events := shownEvents
	if env.JSON() {
		events = answeredEvents
	}
	_, err := os.Stat(of)
	there := err == nil || of == "-"
	if len(args) == 1 && (!there || !strings.ContainsAny(of, `./\`) && of != "-") {
		shown, err := s.Show(ctx, of, events)
		if shown != nil || err != nil {
			return shown, err
		}
	}
	if !there && len(args) == 1 {
		return nil, s.Unknown(ctx, "no invoice, activation, license, comparison code or file", of)
	}
	file, err := env.ReadParts(args)
	if err != nil {
		return nil, err
	}
	defer clear(file) // it may be a private key, by mistake
	c.file = bytes.Clone(file)
	shown, err := s.ShowFile(ctx, file, now, events)
	if err != nil && hint.Of(err) == "" {
		return nil, cli.Failf("%s: %w", cli.Quote(of), err).WithHint("name the file of a request, a license, a release or an attestation")
	}
	return shown, err
}

// carry draws and prints what was named: a statement, or the license of an activation that
// is on record.
func (c *showCommand) carry(ctx context.Context, env *cli.Env, s *service.Service, shown *service.Shown) error {
	if !c.Wanted() {
		return nil
	}
	if kind, raw, err := format.DecodeText(c.file); err == nil && kind != format.LicenseFile {
		return c.Carry(env, kind, raw, format.EncodeText(kind, raw))
	}
	id := shown.Dossier.License
	var newest []ledger.LicenseRecord
	for activation, licenses := range shown.Licenses {
		if shown.Activation == "" || activation == shown.Activation {
			newest = append(newest, licenses[len(licenses)-1])
		}
	}
	switch {
	case id != format.ID{}:
	case len(newest) == 1:
		id = newest[0].ID
	default:
		return cli.Failf("%s are on record here, and one is drawn", cli.Plural(len(newest), "activation", "activations")).WithHint("name an activation or a license")
	}
	license, _, err := s.Issued(ctx, id)
	if err != nil {
		return err
	}
	texts, err := s.LicenseTexts(ctx)
	if err != nil {
		return err
	}
	file, err := texts.Text(license)
	if err != nil {
		return err
	}
	_, err = c.CarryLicense(env, env.Stdout, texts, license, file)
	return err
}

func (c *showCommand) print(env *cli.Env, shown *service.Shown, of string, now time.Time) error {
	out := env.Stdout
	if shown.Request != nil {
		printRequest(out, shown)
	}
	if shown.Dossier != nil {
		if shown.Request != nil {
			fmt.Fprintln(out)
		}
		printSale(out, shown.Dossier, now)
		c.printActivations(out, shown.Dossier, now)
		if len(shown.Past.Events) > 0 {
			fmt.Fprintln(out)
			common.HistoryTable(service.ViewLater(shown.Past.Events, shown.Past.Sold)).WriteTo(out)
		}
		if shown.Past.More {
			fmt.Fprintf(out, "earlier ones: licensor history%s %s\n", c.FlagsText(), cli.ShellWord(cmp.Or(shown.Activation, shown.Invoice)))
		}
	}
	t := cli.Table{Whole: true}
	next := shown.Next(now)
	for _, next := range next {
		command := next.Command
		if shown.Request != nil {
			command = strings.Replace(command, "licensor sign REQUEST", "licensor sign "+cli.ShellPath(of), 1)
		}
		if verb, rest, found := strings.Cut(strings.TrimPrefix(command, "licensor "), " "); found {
			command = "licensor " + verb + c.FlagsText() + " " + rest
		}
		t.Row("  "+next.What, command)
	}
	if len(next) == 0 {
		return nil
	}
	fmt.Fprintln(out, "\nNext:")
	_, err := t.WriteTo(out)
	return err
}

// printRequest prints what a request asks for, and what the rules say.
func printRequest(out io.Writer, shown *service.Shown) {
	q := shown.Request
	t := cli.Table{Whole: true}
	t.Row("request", fmt.Sprintf("for a %s license of %s, invoice %s", q.Type, q.Product, q.Invoice))
	t.Row("made", text.Minute(time.Unix(q.Time, 0)))
	t.Row("code", format.ComparisonCode(q.Hash))
	common.AddPlace(t.Row, q.Site, q.Host)
	t.Row("machine", service.MachineOf(q))
	switch {
	case shown.Refusal != nil:
		t.Row("state", "it gets no license: "+shown.Refusal.Error())
		t.Row("hint", shown.Refusal.Hint())
		t.Row("to customers", shown.Refusal.ForCustomers())
	case shown.Offer.License != nil:
		t.Row("state", "signed on "+text.Date(shown.Offer.License.Issued)+": license "+shown.Offer.License.ID.String())
	case shown.Offer.From != nil:
		t.Row("state", "not signed: it would get a bridge until "+text.Minute(shown.Offer.BridgeUntil))
	case shown.Offer.Rebinds > 0:
		t.Row("state", "not signed: its site is on another machine, so it would count as a move, and "+
			cli.Plural(shown.Offer.Rebinds, "license would wait", "licenses would wait")+" for the next revocation list")
	case shown.Offer.Activation != nil:
		t.Row("state", "not signed: it would get another license for its own seat")
	default:
		t.Row("state", "not signed: it would get a seat that is free")
	}
	t.WriteTo(out)
}

func printSale(out io.Writer, d *ledger.Dossier, now time.Time) {
	t := cli.Table{Whole: true}
	t.Row("invoice", d.Invoice)
	t.Row("state", service.SaleState(&d.Holding, now))
	if d.License != (format.ID{}) {
		t.Row("license", d.License.String())
	}
	if d.Activation != "" {
		t.Row("activation", d.Activation)
	}
	common.AddEntitlement(&t, &d.Entitlement, "invoice", "seats")
	for _, email := range d.MoreEmails {
		t.Row("claimed by", email)
	}
	t.Row("seats", service.SeatsInUse(&d.Entitlement, d.SeatsUsed))
	t.Row("sold by", d.Seller)
	t.WriteTo(out)
}

// printActivations prints the activations and their licenses.
func (c *showCommand) printActivations(out io.Writer, d *ledger.Dossier, now time.Time) {
	t := cli.Table{Whole: true}
	t.Row("ACTIVATION", "SITE", "HOST", "STATE", "SINCE OR UNTIL")
	l := cli.Table{Whole: true}
	l.Row("LICENSE", "ACTIVATION", "EPOCH", "FROM", "TO", "SIGNED BY", "BOUND TO", "CODE", "REVOKED")
	shown := 0
	for i := range d.Activations {
		a := &d.Activations[i]
		if d.Activation != "" && a.ID != d.Activation {
			continue
		}
		if shown++; shown > shownActivations {
			continue
		}
		state, when := service.ActivationState(a, &d.Entitlement, now)
		if !a.Ended.IsZero() {
			when = "on " + text.Date(a.Ended)
		}
		t.Row(a.ID, a.Site, service.HostOf(a), state, when)
		for _, license := range d.Licenses[a.ID] {
			l.Row(licenseCells(&license)...)
		}
	}
	if shown == 0 {
		return
	}
	fmt.Fprintln(out)
	t.WriteTo(out)
	if more := shown - shownActivations; more > 0 {
		fmt.Fprintf(out, "and %d more: licensor list%s --activations --invoice %s\n", more, c.FlagsText(), cli.ShellWord(d.Invoice))
	}
	fmt.Fprintln(out)
	l.WriteTo(out)
}

// licenseCells tell of a license.
func licenseCells(l *ledger.LicenseRecord) []string {
	bound := "nothing"
	switch {
	case len(l.Components) > 0:
		bound = fmt.Sprintf("%d of %s", l.Need, strings.Join(l.Components, ", "))
	case l.Code != "":
		bound = "its key alone"
	}
	end := "perpetual"
	if !l.HardEnd.IsZero() {
		end = text.LastDay(l.HardEnd)
	}
	revoked := ""
	if r := l.Revoked; r != nil {
		revoked = text.Date(r.Since) + ", waits for the next list"
		if r.List > 0 {
			revoked = fmt.Sprintf("%s, by list %d", text.Date(r.Since), r.List)
		}
	}
	return []string{l.ID.String(), l.Activation, fmt.Sprint(l.Epoch), text.Date(l.Issued), end, l.SignedBy, bound, l.Code, revoked}
}
