package revoke

import (
	"context"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

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
		if c.json {
			return cli.WriteJSON(env.Stdout, r)
		}
		if _, err := table(r).WriteTo(env.Stdout); err != nil {
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

func table(r *service.RevocationReport) *cli.Table {
	t := &cli.Table{Whole: true}
	newest := "none was signed yet"
	if n := r.Newest; n != nil {
		newest = fmt.Sprintf("%d of %s, %s old, signed by %s", n.Number, text.Date(n.Issued), cli.Plural(n.AgeDays, "day", "days"), n.Signer)
	}
	t.Row("newest list", newest)
	if len(r.Licenses)+len(r.Keys) == 0 {
		t.Row("revoked", "nothing")
		return t
	}
	t.Row("")
	t.Row("REVOKED", "SINCE", "LIST", "WHY")
	for _, one := range r.Keys {
		t.Row(one.What(), text.Date(one.Since), onList(one.List), one.Why)
	}
	for _, one := range r.Licenses {
		t.Row(one.What(), text.Date(one.Since), onList(one.List), one.Why)
	}
	return t
}

func onList(number uint64) string {
	if number == 0 {
		return "next"
	}
	return fmt.Sprint(number)
}
