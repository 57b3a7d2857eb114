package common

import (
	"bytes"
	"context"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// NewestList is the newest revocation list that fits into a license file, which every
// one carries to its server. The ledger holds the licenses without it: one that is
// written again next year carries next year's list.
type NewestList struct {
	list   *verify.RevocationList // nil: there is none, or none fits
	newest *verify.RevocationList // of whatever length
	env    *cli.Env
}

// LoadNewestList opens the list that goes along, and says if a newer one is too long.
func LoadNewestList(ctx context.Context, env *cli.Env, at home.Home, l *ledger.Ledger) (NewestList, error) {
	v, err := at.Verifier()
	if err != nil {
		return NewestList{}, ReadError(err)
	}
	newest, err := OpenNewestList(ctx, v, l)
	if err != nil || newest == nil || Fits(newest.Raw) {
		return NewestList{newest, newest, env}, err
	}
	list, err := openAttachedList(ctx, v, l)
	if err != nil {
		return NewestList{}, err
	}
	instead := "none goes along"
	if list != nil {
		instead = fmt.Sprintf("list %d goes along", list.Number)
	}
	env.Warnf("revocation list %d is too long to go along with a license (%d bytes, at most %d), and %s; send it too: licensor revocations%s --newest --out list.olv",
		newest.Number, len(newest.Raw), issuer.MaxAttachedList, instead, homeWords(env, at))
	return NewestList{list, newest, env}, nil
}

// Fits reports whether a list has room in license files.
func Fits(list []byte) bool { return len(list) <= issuer.MaxAttachedList }

// OpenNewestList opens the newest list of the ledger, of whatever length.
func OpenNewestList(ctx context.Context, v *verify.Verifier, l *ledger.Ledger) (*verify.RevocationList, error) {
	raw, err := l.NewestList(ctx)
	return openRecordedList(v, raw, err)
}

// openAttachedList opens the newest list of the ledger that fits into license files: a
// license that asks for one always has it with it.
func openAttachedList(ctx context.Context, v *verify.Verifier, l *ledger.Ledger) (*verify.RevocationList, error) {
	raw, err := l.NewestListUpTo(ctx, issuer.MaxAttachedList)
	return openRecordedList(v, raw, err)
}

func openRecordedList(v *verify.Verifier, raw []byte, err error) (*verify.RevocationList, error) {
	if err != nil || raw == nil {
		return nil, err
	}
	list, err := v.OpenRevocationList([]byte(format.EncodeText(format.RevocationFile, raw)))
	if err != nil {
		return nil, cli.Failf("a revocation list of the ledger: %w", err).
			WithHint("compare root.pub with the home where the list was signed; \"licensor audit\" checks the ledger")
	}
	return list, nil
}

// text returns the text of a license file with the list. It warns of a license that is on
// record, is written again, and is good no more: a key behind it was revoked. Of one that
// was revoked by itself the ledger says so.
func (n NewestList) text(license *ledger.License) ([]byte, error) {
	file := license.File
	if n.newest != nil && len(n.newest.Keys) > 0 {
		revoked, err := revokedByKey(n.newest, file)
		if err != nil {
			return nil, err
		}
		if revoked {
			n.env.Warnf("license %s is good no more: revocation list %d revokes the key that signed it, %s, or the root behind that, and the license is not one of those that stay good; \"licensor audit\" says more",
				license.ID, n.newest.Number, cli.Quote(license.Signer))
		}
	}
	if n.list != nil {
		var err error
		if file, err = format.AttachList(file, n.list.Raw); err != nil {
			return nil, err
		}
	}
	return format.EncodeFile(format.LicenseFile, file), nil
}

// revokedByKey reports whether a list puts an end to a license by revoking the key that
// signed it, or the root that has delegated to that one. The license is of the ledger:
// its signatures were checked.
func revokedByKey(list *verify.RevocationList, raw []byte) (bool, error) {
	file, err := format.ParseFile(raw)
	if err != nil {
		return false, err
	}
	delegation, err := format.UnmarshalDelegation(file.Delegation.UnverifiedPayload())
	if err != nil {
		return false, err
	}
	staff, err := keys.NewPublicKey(delegation.Key)
	if err != nil {
		return false, err
	}
	for _, k := range list.Keys {
		if k.Thumbprint == staff.Thumbprint() && !k.Keep.Has(file.License.Digest()) {
			return true, nil
		}
		if root := file.Delegation.KeyID(); bytes.HasPrefix(k.Thumbprint[:], root[:]) && !k.Keep.Has(file.Delegation.Digest()) {
			return true, nil
		}
	}
	return false, nil
}

// LoadIssuer loads the staff key, refuses one that was revoked, and has it ask for the
// newest revocation list in what it signs.
func LoadIssuer(ctx context.Context, env *cli.Env, o *StaffKeyOption, at home.Home, l *ledger.Ledger) (*issuer.Issuer, error) {
	i, err := o.issuer(env, at, l.Vendor())
	if err != nil {
		return nil, err
	}
	if err := l.RefuseRevokedKey(ctx, i.Key.Public(), i.RawDelegation); err != nil {
		return nil, err
	}
	if i.List, err = openAttachedList(ctx, i.Verifier, l); err != nil {
		return nil, err
	}
	return i, nil
}
