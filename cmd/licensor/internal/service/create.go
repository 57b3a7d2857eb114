package service

import (
	"context"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
)

// Init makes a vendor's home at dir: root key, first staff key with its delegation, and
// an empty ledger.
func Init(ctx context.Context, dir string, o home.InitOptions, by ledger.Operation) (*home.InitResult, error) {
	o.MakeLedger = func(place string) error { return book.Create(ctx, by, place, o.Vendor) }
	return home.Create(dir, o)
}

// CreateLedger makes an empty ledger in a database.
func CreateLedger(ctx context.Context, by ledger.Operation, database, vendor string) error {
	return book.Create(ctx, by, database, vendor)
}

// RefuseLedger refuses a database that holds a ledger already.
func RefuseLedger(ctx context.Context, database string) error {
	there, err := book.OpenReadOnly(ctx, database)
	if err != nil {
		return nil // what is wrong with it is found where a ledger is made
	}
	defer there.Close()
	return hint.Errorf("there is a ledger in that database already, that of %s; nothing was changed", there.Vendor()).
		WithHint("give the same --ledger to the other commands, or name another database")
}

// RefuseUsed refuses a home whose own ledger holds something: a second one would sell the
// same seats.
func RefuseUsed(ctx context.Context, at home.Home) error {
	l, err := book.OpenReadOnly(ctx, at.LedgerFile())
	if err != nil {
		return err
	}
	defer l.Close()
	if frozen, err := l.Frozen(ctx); err != nil || frozen != nil {
		return err // it sells nothing more
	}
	sold, err := l.List(ctx, Filter{})
	if err != nil {
		return err
	}
	revoked, err := l.RevokedKeys(ctx)
	if err != nil {
		return err
	}
	if len(sold)+len(revoked) > 0 {
		return hint.Errorf("the home has a ledger with %s, which the new one would not know: seats would be given twice; nothing was changed",
			text.Plural(len(sold), "invoice", "invoices")).
			WithHint("go on with %s; or, if it is not wanted, move it away first", text.ShellPath(at.LedgerFile()))
	}
	return nil
}

// VendorOf returns whom the delegations of a home are for, as its roots have signed: the
// comment of a root key is signed by nobody.
func VendorOf(at home.Home) (string, error) {
	all, err := at.Delegations()
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", hint.Errorf("no delegation in %s says who the vendor is", text.Quote(at.Dir)).
			WithHint("run this with the home that \"licensor init\" has made, or after \"licensor key add\"")
	}
	for _, d := range all {
		if d.Issuer != all[0].Issuer {
			return "", hint.Errorf("the delegations in %s are for two vendors, %s and %s", text.Quote(at.Dir), all[0].Issuer, d.Issuer).
				WithHint("take those away that do not belong there")
		}
	}
	return all[0].Issuer, nil
}
