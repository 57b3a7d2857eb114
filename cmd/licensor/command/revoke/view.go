package revoke

import (
	"context"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/keys"
)

// revocationsReport is what revocations prints, with --json as it is.
type revocationsReport struct {
	Version  int              `json:"version"`
	Newest   *reportedList    `json:"newest,omitempty"`
	Licenses []revokedLicense `json:"licenses"`
	Keys     []revokedKey     `json:"keys"`
}

type reportedList struct {
	Number  uint64    `json:"number"`
	Issued  time.Time `json:"issued"`
	Signer  string    `json:"signer"`
	AgeDays int64     `json:"age_days"`
}

type revokedLicense struct {
	License    string    `json:"license"`
	Activation string    `json:"activation"`
	Since      time.Time `json:"since"`
	Why        string    `json:"why"`
	List       uint64    `json:"list,omitempty"` // missing: waits for the next one
}

type revokedKey struct {
	Name        string    `json:"name"`
	Fingerprint string    `json:"fingerprint"`
	Root        bool      `json:"root,omitempty"`
	Since       time.Time `json:"since"`
	Why         string    `json:"why"`
	List        uint64    `json:"list,omitempty"`
}

// show shows what is revoked, and what of it waits for the next list.
func (c *revocationsCommand) show(env *cli.Env) error {
	now, err := env.Time()
	if err != nil {
		return err
	}
	return c.home.WithLedger(env, ledger.OpenToRead, func(ctx context.Context, at home.Home, l *ledger.Ledger) error {
		r, err := reportRevocations(ctx, at, l, now)
		if err != nil {
			return err
		}
		if c.json {
			return cli.WriteJSON(env.Stdout, r)
		}
		if _, err := r.table().WriteTo(env.Stdout); err != nil {
			return err
		}
		c.tellWaiting(env, r)
		return nil
	})
}

// tellWaiting says that what is revoked is not on a list yet.
func (c *revocationsCommand) tellWaiting(env *cli.Env, r *revocationsReport) {
	if waiting := len(r.waiting()); waiting > 0 {
		fmt.Fprintf(env.Stderr, "%s for the next list: licensor revocations%s --root-key FILE --out list.olv\n", cli.Plural(waiting, "revocation waits", "revocations wait"), c.home.FlagsText())
	}
}

func reportRevocations(ctx context.Context, at home.Home, l *ledger.Ledger, now time.Time) (*revocationsReport, error) {
	r := &revocationsReport{Version: 1, Licenses: []revokedLicense{}, Keys: []revokedKey{}}
	v, err := at.Verifier()
	if err != nil {
		return nil, common.ReadError(err)
	}
	newest, err := common.OpenNewestList(ctx, v, l)
	if err != nil {
		return nil, err
	}
	if newest != nil {
		r.Newest = &reportedList{newest.Number, newest.Issued(), newest.Signer, int64(now.Sub(newest.Issued()) / (24 * time.Hour))}
	}
	licenses, err := l.Revocations(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range licenses {
		r.Licenses = append(r.Licenses, revokedLicense{one.License.String(), one.Activation, one.Since, one.Why, one.List})
	}
	revoked, err := l.RevokedKeys(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range revoked {
		key, err := keys.NewPublicKey(one.Public)
		if err != nil {
			return nil, err
		}
		r.Keys = append(r.Keys, revokedKey{one.Name, key.Fingerprint(), one.Root, one.Since, one.Why, one.List})
	}
	return r, nil
}

// waiting names what is on no list yet.
func (r *revocationsReport) waiting() []string {
	var all []string
	for _, one := range r.Keys {
		if one.List == 0 {
			all = append(all, one.what())
		}
	}
	for _, one := range r.Licenses {
		if one.List == 0 {
			all = append(all, "license "+one.what())
		}
	}
	return all
}

func (k *revokedKey) what() string {
	if k.Root {
		return "root key " + k.Name
	}
	return "key " + k.Name
}

func (l *revokedLicense) what() string { return l.License + " of " + l.Activation }

func (r *revocationsReport) table() *cli.Table {
	t := &cli.Table{Whole: true}
	newest := "none was signed yet"
	if n := r.Newest; n != nil {
		newest = fmt.Sprintf("%d of %s, %s old, signed by %s", n.Number, common.Date(n.Issued), cli.Plural(n.AgeDays, "day", "days"), n.Signer)
	}
	t.Row("newest list", newest)
	if len(r.Licenses)+len(r.Keys) == 0 {
		t.Row("revoked", "nothing")
		return t
	}
	t.Row("")
	t.Row("REVOKED", "SINCE", "LIST", "WHY")
	for _, one := range r.Keys {
		t.Row(one.what(), common.Date(one.Since), onList(one.List), one.Why)
	}
	for _, one := range r.Licenses {
		t.Row(one.what(), common.Date(one.Since), onList(one.List), one.Why)
	}
	return t
}

func onList(number uint64) string {
	if number == 0 {
		return "next"
	}
	return fmt.Sprint(number)
}
