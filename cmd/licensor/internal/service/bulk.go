package service

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/verify"
)

// batchSize is how many requests are signed in one durable transaction.
const batchSize = 1000

// Batch is what became of some of the requests of SignMany, in their order.
type Batch struct {
	First    int // the place of the first of them
	Requests int // how many they are
	Outcomes []Outcome
}

// Bulk says what SignMany tells of.
type Bulk struct {
	// Signed is told of a batch once it is on record.
	Signed func(Batch)
	// Written writes the licenses of a batch, while the next one is signed. Its error ends
	// the run: what is on record stays there.
	Written func(Batch) error
	// AllSigned is called once nothing more is signed, while the last licenses are written.
	AllSigned func()
}

// SignMany signs requests in batches. One that is refused does not stop the others. A run
// that was broken off goes on when it is run again: the ledger gives the same license for
// the same request. The error is what broke the run off.
func (s *Service) SignMany(ctx context.Context, by ledger.Operation, requests []*verify.Request, signer *Signer, bulk Bulk) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	// One processor writes the ledger while the other makes files.
	signed := make(chan Batch)
	var writing sync.WaitGroup
	writing.Go(func() {
		for batch := range signed {
			if err := bulk.Written(batch); err != nil {
				stop(err)
			}
		}
	})
	issue := signer.issuer.At(by.Now)
	first := 0
	for some := range slices.Chunk(requests, batchSize) {
		if ctx.Err() != nil {
			break
		}
		// Not to be canceled: a file that cannot be written is no reason to leave the
		// record in doubt.
		outcomes, err := s.SignBatch(context.WithoutCancel(ctx), by, some, issue)
		batch := Batch{first, len(some), outcomes}
		bulk.Signed(batch)
		for _, outcome := range outcomes {
			if outcome.Err != nil && !IsRefusal(outcome.Err) {
				err = outcome.Err
			}
		}
		if err != nil {
			stop(err)
		}
		signed <- batch
		first += len(some)
	}
	close(signed)
	bulk.AllSigned()
	writing.Wait()
	return context.Cause(ctx)
}

// IsRefusal tells a request that gets no license from a key or a disk that fails.
func IsRefusal(err error) bool {
	var rule *ledger.Refusal
	var scope *verify.Refusal
	return errors.As(err, &rule) || errors.As(err, &scope)
}
