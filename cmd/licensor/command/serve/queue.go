package serve

import (
	"context"
	"errors"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

// queue is the desk's, as the service asks for it.
type queue struct {
	desk *desk.Desk
	env  *cli.Env
}

func (q queue) Add(ctx context.Context, w service.Queued) (*service.Queued, error) {
	known, err := q.desk.Add(ctx, desk.Waiting{
		Hash: w.Hash, Invoice: w.Invoice, Request: w.Text, Word: w.Word, Why: w.Why, Asked: w.Asked,
	}, q.env.Rand)
	if errors.Is(err, desk.ErrFull) {
		return nil, service.ErrQueueFull
	}
	if err != nil {
		return nil, err
	}
	return queued(known), nil
}

func (q queue) OfRequests(ctx context.Context, hashes [][32]byte) (map[[32]byte]*service.Queued, error) {
	known, err := q.desk.OfRequests(ctx, hashes...)
	of := make(map[[32]byte]*service.Queued, len(known))
	for hash, w := range known {
		of[hash] = queued(w)
	}
	return of, err
}

func (q queue) Signed(ctx context.Context, number, by string, now time.Time) error {
	return q.desk.Settle(ctx, number, desk.Signed, "", by, now)
}

func (q queue) KeepClosed(ctx context.Context, until map[string]time.Time, now time.Time) error {
	return q.desk.KeepClosed(ctx, until, now)
}

func (q queue) Closed(ctx context.Context, now time.Time) (map[string]time.Time, error) {
	return q.desk.Closed(ctx, now)
}

func queued(w *desk.Waiting) *service.Queued {
	return &service.Queued{
		Number: w.Number, Hash: w.Hash, Invoice: w.Invoice, Text: w.Request, Word: w.Word, Why: w.Why, Asked: w.Asked,
		Refused: w.State == desk.Refused, Said: w.Said,
	}
}
