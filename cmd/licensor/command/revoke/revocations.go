package revoke

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/qr"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/spf13/pflag"
)

// revocationsCommand shows what is revoked, and signs and records revocation lists.
type revocationsCommand struct {
	common.Options
	key     common.KeyOption
	rootKey string
	qr      common.Carriage
	out     string
	add     string
	more    []string // files with other parts of that list
	newest  bool
}

func revocations(flags *pflag.FlagSet) cli.Run {
	var c revocationsCommand
	c.AddLedgerOrCopy(flags)
	c.AddOperator(flags)
	c.key.Add(flags, "key")
	c.qr.Add(flags, qr.Auto)
	flags.StringVar(&c.rootKey, "root-key", "", "")
	flags.StringVar(&c.out, "out", "-", "")
	flags.StringVar(&c.add, "add", "", "")
	flags.BoolVar(&c.newest, "newest", false, "")
	common.AddJSON(flags)
	c.AddYes(flags)
	return func(env *cli.Env, args []string) error {
		if c.add == "" {
			if err := common.NoArguments(args); err != nil {
				return err
			}
		}
		c.more = args
		return c.run(env)
	}
}

func (c *revocationsCommand) run(env *cli.Env) error {
	signs := c.rootKey != "" || c.key.Name != ""
	switch {
	case c.rootKey != "" && c.key.Name != "":
		return cli.Usagef("--root-key and --key contradict each other").WithHint("one key signs the list: a root, or a staff key that was delegated for revocation lists")
	case signs && (c.add != "" || c.newest), c.add != "" && c.newest:
		return cli.Usagef("a list is either signed, or added, or written again").WithHint("one of --root-key and --key, or --add FILE, or --newest")
	case !signs && !c.newest && c.Flags.Changed("out"):
		return cli.Usagef("--out says where a list goes, and none is asked for").
			WithHint("sign the next one with --root-key or --key, or write the last one again with --newest")
	}
	switch {
	case signs:
		return c.sign(env)
	case c.add != "":
		return c.record(env)
	case c.newest:
		return c.writeNewest(env)
	}
	return c.show(env)
}

// sign signs the next list. It is recorded before it is written, unless the ledger is
// a copy, as it is on the machine without a network where the root key is.
func (c *revocationsCommand) sign(env *cli.Env) error {
	if err := c.checkOutput(env); err != nil {
		return err
	}
	where, err := c.Database(env)
	if err != nil {
		return err
	}
	copied := service.IsCopy(where)
	mode := service.ToChange
	if copied {
		mode = service.ToRead
	}
	return c.WithService(env, mode, func(ctx context.Context, s *service.Service) error {
		key, err := c.signer(ctx, env, s)
		if err != nil {
			return err
		}
		by, err := c.Operation(env)
		if err != nil {
			return err
		}
		next, err := s.NextList(ctx, by.Now)
		if err != nil {
			return err
		}
		t := cli.Table{Whole: true}
		t.Row("list", fmt.Sprint(next.Number))
		addContent(&t, next)
		t.Row("signed by", key.Name)
		t.WriteTo(common.Messages(env, c.out))
		if err := c.Agree(env, "Sign this revocation list?", "not signed"); err != nil {
			return err
		}
		text, err := s.SignList(key, next)
		if err != nil {
			return err
		}
		if copied {
			raw, err := format.DecodeTextAs(text, format.RevocationFile)
			if err != nil {
				return err
			}
			return c.handOver(env, raw, next, key.Name)
		}
		list, err := s.RecordList(ctx, by, text)
		if err != nil {
			return err
		}
		return c.deliver(env, list)
	})
}

// signer loads what signs the list.
func (c *revocationsCommand) signer(ctx context.Context, env *cli.Env, s *service.Service) (*service.Signer, error) {
	if c.rootKey != "" {
		key, err := (&common.KeyOption{Name: c.rootKey, PassphraseOptions: c.key.PassphraseOptions}).Key(env)
		if err != nil {
			return nil, err
		}
		return s.RootSigner(ctx, key)
	}
	now, err := env.Time()
	if err != nil {
		return nil, err
	}
	key, err := c.key.Key(env)
	if err != nil {
		return nil, err
	}
	return s.ListSigner(ctx, key, now)
}

// deliver writes a list that is on record.
func (c *revocationsCommand) deliver(env *cli.Env, list *verify.RevocationList) error {
	said := fmt.Sprintf("Written to %s. On each server: offlicense install %s. %s\n", cli.Clean(c.out), cli.ShellPath(c.out), travels(list.Raw))
	if c.out == "-" {
		said = ""
	}
	return c.write(env, list.Raw, said, answerOf(&list.RevocationClaims, list.Signer), "a list that is recorded is not lost: licensor revocations"+c.FlagsText()+" --newest --out FILE writes it again")
}

// write writes a list, and says what to do with it, or if it cannot be written.
func (c *revocationsCommand) write(env *cli.Env, raw []byte, said string, answer listAnswer, lost string) error {
	var err error
	if answer.Output, err = common.WriteOutput(env, c.out, format.EncodeFile(format.RevocationFile, raw)); err != nil {
		return cli.Fail(err).WithHint("%s", lost)
	}
	if answer.Code, err = format.CodeOf(format.RevocationFile, raw); err != nil {
		return err
	}
	fmt.Fprintf(env.Stderr, "%slist code  %s\n", said, answer.Code)
	if err := c.qr.Carry(env, format.RevocationFile, raw, format.EncodeText(format.RevocationFile, raw)); err != nil {
		return err
	}
	return env.Answer(answer)
}

// listAnswer is what revocations --json prints of a list.
type listAnswer struct {
	Version  int       `json:"version"`
	Number   uint64    `json:"number"`
	Issued   time.Time `json:"issued,omitzero"`
	SignedBy string    `json:"signed_by"`
	Code     string    `json:"code"`     // its comparison code, which install shows, too
	Licenses int       `json:"licenses"` // how many are on it
	Keys     int       `json:"keys"`
	Recorded bool      `json:"recorded"` // false: it was signed on a copy of the ledger, and is to be added
	Waiting  []string  `json:"not_on_it,omitempty"`
	service.Output
}

func answerOf(c *format.RevocationClaims, signer string) listAnswer {
	return listAnswer{
		Version: 1, Number: c.Number, Issued: format.Time(c.IssuedAt), SignedBy: signer,
		Licenses: c.Licenses.Len(), Keys: len(c.Keys), Recorded: true,
	}
}

// travels says how a list of the ledger reaches servers by itself.
func travels(raw []byte) string {
	if service.FitsLicense(raw) {
		return "Licenses that are signed from now on include it."
	}
	return fmt.Sprintf("It is too long to be attached to licenses (%d bytes, at most %d): bring it to every server, and ship it with the next release of the product.",
		len(raw), service.MaxAttachedList)
}

// handOver writes a list that was signed on a copy of the ledger. No server is to see it
// before it is recorded: the ledger may refuse it, and another one get its number.
func (c *revocationsCommand) handOver(env *cli.Env, raw []byte, claims *format.RevocationClaims, signer string) error {
	file := "FILE"
	if c.out != "-" {
		file = cli.ShellPath(c.out)
	}
	said := fmt.Sprintf("Signed, and not recorded: the ledger here is a copy. Bring the list to the workstation with the ledger, before any server gets it, and there: licensor revocations --add %s\n", file)
	answer := answerOf(claims, signer)
	answer.Recorded = false
	return c.write(env, raw, said, answer, "nothing is recorded, and no list was given out: run the command again with another --out")
}

// record records a list that was signed elsewhere, and says what it leaves for the next.
func (c *revocationsCommand) record(env *cli.Env) error {
	where, err := c.Database(env)
	if err != nil {
		return err
	}
	if service.IsCopy(where) {
		return cli.Usagef("%s is a copy of the ledger, and --add changes the ledger", cli.Quote(where)).
			WithHint("record the list where the ledger is, so without --ledger COPY: licensor revocations --add %s", cli.ShellPath(c.add))
	}
	file, err := env.ReadParts(append([]string{c.add}, c.more...), format.RevocationFile)
	if err != nil {
		return err
	}
	return c.Change(env, func(ctx context.Context, s *service.Service, by ledger.Operation) error {
		list, err := s.RecordList(ctx, by, file)
		if err != nil {
			return err
		}
		left, err := s.Revocations(ctx, by.Now)
		if err != nil {
			return err
		}
		t := cli.Table{Whole: true}
		code, err := format.CodeOf(format.RevocationFile, list.Raw)
		if err != nil {
			return err
		}
		t.Row("list", fmt.Sprint(list.Number))
		t.Row("code", code)
		t.Row("issued", text.Minute(list.Issued()))
		addContent(&t, &list.RevocationClaims)
		t.Row("signed by", list.Signer)
		for _, one := range left.Waiting() {
			t.Row("not on it", one)
		}
		if _, err = t.WriteTo(env.Stdout); err != nil {
			return err
		}
		fmt.Fprintf(env.Stderr, "Recorded: now it may go to servers. %s\n", travels(list.Raw))
		c.tellWaiting(env, left)
		answer := answerOf(&list.RevocationClaims, list.Signer)
		answer.Waiting, answer.Code = left.Waiting(), code
		return env.Answer(answer)
	})
}

// writeNewest writes the newest list again.
func (c *revocationsCommand) writeNewest(env *cli.Env) error {
	if err := c.checkOutput(env); err != nil {
		return err
	}
	return c.WithService(env, service.ToRead, func(ctx context.Context, s *service.Service) error {
		list, err := s.NewestList(ctx)
		if err != nil {
			return err
		}
		return c.deliver(env, list)
	})
}

func (c *revocationsCommand) checkOutput(env *cli.Env) error {
	if err := env.CheckOutput(c.out, "OLV1:"); err != nil {
		return err
	}
	return c.qr.Check(env, c.out)
}

func addContent(t *cli.Table, c *format.RevocationClaims) {
	t.Row("licenses", fmt.Sprint(c.Licenses.Len()))
	kept := 0
	for _, key := range c.Keys {
		kept += key.Keep.Len()
	}
	if len(c.Keys) == 0 {
		t.Row("keys", "0")
		return
	}
	t.Row("keys", fmt.Sprintf("%d; of what they have signed, %d stay good", len(c.Keys), kept))
}

// show shows what is revoked, and what of it waits for the next list.
func (c *revocationsCommand) show(env *cli.Env) error {
	now, err := env.Time()
	if err != nil {
		return err
	}
	return c.WithService(env, service.ToRead, func(ctx context.Context, s *service.Service) error {
		r, err := s.Revocations(ctx, now)
		if err != nil {
			return err
		}
		if env.JSON() {
			return env.Answer(r)
		}
		if err := printReport(env.Stdout, r); err != nil {
			return err
		}
		c.tellWaiting(env, r)
		return nil
	})
}

// tellWaiting says that what is revoked is not on a list yet.
func (c *revocationsCommand) tellWaiting(env *cli.Env, r *service.RevocationReport) {
	if waiting := len(r.Waiting()); waiting > 0 {
		fmt.Fprintf(env.Stderr, "%s for the next list: licensor revocations%s --root-key FILE --out list.olv\n", cli.Plural(waiting, "revocation waits", "revocations wait"), c.FlagsText())
	}
}

// printReport shows the newest list, and below it what is revoked: a table of its own, which
// the long line above does not widen.
func printReport(w io.Writer, r *service.RevocationReport) error {
	head, t := cli.Table{Whole: true}, cli.Table{Whole: true}
	newest := "none was signed yet"
	if n := r.Newest; n != nil {
		newest = fmt.Sprintf("%d of %s, %s old, signed by %s", n.Number, text.Date(n.Issued), cli.Plural(n.AgeDays, "day", "days"), n.Signer)
	}
	head.Row("newest list", newest)
	if len(r.Licenses)+len(r.Keys) == 0 {
		head.Row("revoked", "nothing")
	} else {
		head.Row("")
		t.Row("REVOKED", "SINCE", "LIST", "WHY")
	}
	for _, one := range r.Keys {
		t.Row(one.What(), text.Date(one.Since), onList(one.List), one.Why)
	}
	for _, one := range r.Licenses {
		t.Row(one.What(), text.Date(one.Since), onList(one.List), one.Why)
	}
	if _, err := head.WriteTo(w); err != nil {
		return err
	}
	_, err := t.WriteTo(w)
	return err
}

func onList(number uint64) string {
	if number == 0 {
		return "next"
	}
	return fmt.Sprint(number)
}
