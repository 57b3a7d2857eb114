package main

import (
	"context"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// newestList is the newest revocation list, which every license file carries to its
// server. The ledger holds the licenses without it: one that is written again next year
// carries next year's list.
type newestList struct {
	list *verify.RevocationList // nil: there is none, or it is too long
}

// loadNewestList opens the newest list of a ledger.
func loadNewestList(ctx context.Context, env *cli.Env, at home.Home, l *ledger.Ledger) (newestList, error) {
	v, err := at.Verifier()
	if err != nil {
		return newestList{}, readError(err)
	}
	list, err := openNewestList(ctx, v, l)
	if err != nil || list == nil {
		return newestList{}, err
	}
	if len(list.Raw) > issuer.MaxAttachedList {
		env.Warnf("revocation list %d is too long to go along with a license (%d bytes, at most %d); send it too: licensor revocations --newest --out list.olv",
			list.Number, len(list.Raw), issuer.MaxAttachedList)
		return newestList{}, nil
	}
	return newestList{list}, nil
}

func openNewestList(ctx context.Context, v *verify.Verifier, l *ledger.Ledger) (*verify.RevocationList, error) {
	raw, err := l.NewestList(ctx)
	if err != nil || raw == nil {
		return nil, err
	}
	list, err := v.OpenRevocationList([]byte(format.EncodeText(format.RevocationFile, raw)))
	if err != nil {
		return nil, cli.Failf("the newest revocation list of the ledger: %w", err).
			WithHint("compare root.pub with the home where the list was signed; \"licensor audit\" checks the ledger")
	}
	return list, nil
}

// text returns the text of a license file with the list.
func (n newestList) text(license *ledger.License) ([]byte, error) {
	file := license.File
	if n.list != nil {
		var err error
		if file, err = format.AttachList(file, n.list.Raw); err != nil {
			return nil, err
		}
	}
	return format.EncodeFile(format.LicenseFile, file), nil
}

// loadIssuer loads the staff key, refuses one that was revoked, and has it ask for the
// newest revocation list in what it signs.
func loadIssuer(ctx context.Context, env *cli.Env, o *staffKeyOption, at home.Home, l *ledger.Ledger) (*issuer.Issuer, error) {
	i, err := o.issuer(env, at, l.Vendor())
	if err != nil {
		return nil, err
	}
	if err := l.RefuseRevokedKey(ctx, i.Key.Public()); err != nil {
		return nil, err
	}
	if i.List, err = openNewestList(ctx, i.Verifier, l); err != nil {
		return nil, err
	}
	return i, nil
}
