package issue

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
	"github.com/spf13/pflag"
)

// releaseCommand takes a license back that its site gave up.
type releaseCommand struct {
	common.Issuing
	out string
}

//go:embed usage/release.txt
var ReleaseUsage string

// Release is the command release.
func Release(flags *pflag.FlagSet) cli.Run {
	var c releaseCommand
	c.Add(flags)
	flags.StringVar(&c.out, "out", "-", "")
	return c.run
}

func (c *releaseCommand) run(env *cli.Env, args []string) error {
	if err := c.Check(); err != nil {
		return err
	}
	if len(args) != 1 {
		return cli.Usagef("got %d files, want one release (- is standard input)", len(args))
	}
	if err := env.CheckOutput(c.out, "OLL1:"); err != nil {
		return err
	}
	text, err := env.ReadFile(args[0], format.MaxText)
	if err != nil {
		return err
	}
	return c.Home.WithLedger(env, ledger.Open, func(ctx context.Context, at home.Home, l *ledger.Ledger) error {
		release, given, err := openRelease(ctx, l, text)
		if err != nil {
			return err
		}
		t := cli.Table{Whole: true}
		t.Row("gives up", given.license.ID.String())
		t.Row("invoice", given.request.Invoice)
		t.Row("activation", given.license.Activation)
		common.AddPlace(func(name, value string) { t.Row(name, value) }, given.request.Site, given.request.Host)
		t.Row("at", common.Minute(time.Unix(release.IssuedAt, 0)))
		if release.EmergencyDays > 0 {
			t.Row("emergency", cli.Plural(int(release.EmergencyDays), "day", "days")+" used")
		}
		t.WriteTo(common.Messages(env, c.out))
		if err := c.Agree(env, "Take this license back?", "not taken back"); err != nil {
			return err
		}
		by, err := c.Operation(env)
		if err != nil {
			return err
		}
		signer := c.Signer(ctx, env, at, l, by)
		result, err := l.Release(ctx, by, ledger.Release{
			License: release.License, Key: given.request.Key, EmergencyDays: release.EmergencyDays, Raw: release.Raw,
		}, signer.Issue)
		if err != nil {
			return signer.Explain(err)
		}
		if !result.Already && result.DaysUsed < release.EmergencyDays {
			env.Warnf("the release claims more days of emergency than its licenses carried: it counts for %d", result.DaysUsed)
		}
		return c.tell(ctx, env, at, l, result)
	})
}

// tell says what came of the release, and writes the license of the new server of a
// move.
func (c *releaseCommand) tell(ctx context.Context, env *cli.Env, at home.Home, l *ledger.Ledger, r *ledger.Released) error {
	switch {
	case r.Already:
		fmt.Fprintf(env.Stderr, "Activation %s was released before; nothing has changed.\n", r.Activation)
	default:
		fmt.Fprintf(env.Stderr, "Activation %s is released.\n", r.Activation)
	}
	switch {
	case r.License != nil:
		return common.Deliver(ctx, env, at, l, c.out, r.License)
	case r.Refusal != nil:
		return cli.Failf("the release is recorded, but the new server of the move gets no license: %w", r.Refusal)
	case c.out != "-":
		env.Warnf("no move waited for this release: there is no license to write to %s", c.out)
	}
	return nil
}

// givenUp is the license that a release names, as the ledger has it.
type givenUp struct {
	license *ledger.License
	request *verify.Request
}

// openRelease checks a release by the machine key on record.
func openRelease(ctx context.Context, l *ledger.Ledger, text []byte) (*verify.Release, *givenUp, error) {
	var given givenUp
	release, err := verify.OpenRelease(text, func(id format.ID) (keys.PublicKey, error) {
		var err error
		if given.license, given.request, err = l.Issued(ctx, id); err != nil {
			return keys.PublicKey{}, foreignRelease(text, l.Vendor(), err)
		}
		if given.request == nil {
			return keys.PublicKey{}, cli.Failf("the license %s is bound to no machine, so no machine can give it up", id).
				WithHint("\"licensor reactivate\" closes the activation %s", given.license.Activation)
		}
		return given.request.Key, nil
	})
	if err != nil {
		return nil, nil, err
	}
	if release.Vendor != l.Vendor() || release.Activation != given.license.Activation {
		return nil, nil, cli.Failf("the release contradicts the record: it gives the activation %s back to %s, and the license on record is %s of %s",
			cli.Quote(release.Activation), cli.Quote(release.Vendor), given.license.Activation, l.Vendor()).
			WithHint("ask for the release that \"offlicense release\" wrote on the licensed server")
	}
	return release, &given, nil
}

// foreignRelease says of a release whose license is not on record that it is for
// another vendor, if that is what it says. Nobody has vouched for it.
func foreignRelease(text []byte, vendor string, notFound error) error {
	var refusal *ledger.Refusal
	raw, err := format.DecodeTextAs(text, format.Release)
	if err != nil || !errors.As(notFound, &refusal) {
		return notFound
	}
	s, err := format.ParseStatement(raw, format.Release)
	if err != nil {
		return notFound
	}
	claims, err := format.UnmarshalRelease(s.UnverifiedPayload())
	if err != nil || strings.EqualFold(claims.Vendor, vendor) {
		return notFound
	}
	return cli.Failf("the release is for the vendor %s, and this is the ledger of %s", cli.Quote(claims.Vendor), vendor).
		WithHint("send it to that vendor; or name that vendor's home with --home")
}
