package common

import (
	"context"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// Deliver writes the file of a license that is on record, with the newest revocation
// list.
func Deliver(ctx context.Context, env *cli.Env, at home.Home, l *ledger.Ledger, out string, license *ledger.License) error {
	list, err := LoadNewestList(ctx, env, at, l)
	if err != nil {
		return err
	}
	text, err := list.text(license)
	if err != nil {
		return err
	}
	if err := env.WriteFile(out, text, 0o644); err != nil {
		return cli.Fail(err).WithHint("the license is recorded and not lost: run the command again with another --out, it writes the same one")
	}
	t := cli.Table{Whole: true}
	AddLicense(&t, license)
	if out != "-" {
		t.Row("file", out)
	}
	_, err = t.WriteTo(Messages(env, out))
	return err
}
