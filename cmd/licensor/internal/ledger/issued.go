package ledger

import (
	"context"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Issued returns a license on record with the request that it answers, nil for one that
// is bound to nothing. The error is a *Refusal if there is no such license.
func (l *Ledger) Issued(ctx context.Context, id format.ID) (*License, *verify.Request, error) {
	var license *License
	err := l.read(ctx, func(t *transaction) error {
		var err error
		license, err = t.license("l.id = $1", id.String())
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if license == nil {
		return nil, nil, refuseUnknownLicense(id)
	}
	request, err := recorded(license.Activation, license.Request)
	if err != nil {
		return nil, nil, err
	}
	return license, request, nil
}

func refuseUnknownLicense(id format.ID) error {
	return refuse(RuleRelease, liftNobody, "find out which vendor the release is for, and whether this is the right ledger",
		"the release is for the license %s, which is not on record", id)
}
