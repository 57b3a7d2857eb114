package book

import (
	"context"
	"errors"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/verify"
)

// mostMeant is for how many requests of a batch it is said what they were meant to say.
const mostMeant = 20

// explainClaim tells staff what a request was most likely meant to say that makes no claim
// on record: a slip of the customer's hand costs a day. Another error it returns as it is.
func (b *Book) explainClaim(ctx context.Context, err error, q *verify.Request) error {
	if !refusesClaim(err) {
		return err
	}
	told := []error{err}
	b.explainClaims(ctx, told, []*verify.Request{q})
	return told[0]
}

func refusesClaim(err error) bool {
	var refusal *ledger.Refusal
	return errors.As(err, &refusal) && refusal.Rule == ledger.RuleClaim
}

// explainClaims is explainClaim for many requests, by their refusals.
func (b *Book) explainClaims(ctx context.Context, refusals []error, requests []*verify.Request) {
	var at []int
	var asked []*verify.Request
	for i, err := range refusals {
		if refusesClaim(err) && len(asked) < mostMeant {
			at, asked = append(at, i), append(asked, requests[i])
		}
	}
	if len(asked) == 0 {
		return
	}
	all, err := read(ctx, b, func(t *store.Tx) ([]store.Meant, error) { return t.Meant(asked) })
	if err != nil { // the refusal stands without it
		return
	}
	for n, meant := range all {
		var refusal *ledger.Refusal
		errors.As(refusals[at[n]], &refusal)
		switch {
		case meant.Fits != "":
			refusals[at[n]] = refusal.WithHint("the nearest is %s, sold to the address of the request: it wants a new request", text.Clean(meant.Fits))
		case meant.Other != "":
			refusals[at[n]] = refusal.WithHint("%s was sold to the address of the request: it wants a new one with the right address", text.Clean(meant.Other))
		case meant.Near != "":
			refusals[at[n]] = refusal.WithHint("the nearest is %s, of another address than the request's: compare both with the customer", text.Clean(meant.Near))
		}
	}
}
