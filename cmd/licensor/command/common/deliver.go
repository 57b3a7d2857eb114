package common

import (
	"context"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

// Deliver writes the file of a license that is on record, with the newest revocation
// list.
func Deliver(ctx context.Context, env *cli.Env, s *service.Service, out string, license *ledger.License) error {
	file, err := s.LicenseText(ctx, license)
	if err != nil {
		return err
	}
	if err := env.WriteFile(out, file, 0o644); err != nil {
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
