package service

import (
	"context"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/audit"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// Sold returns all events that have sold something, or for which staff lifted a rule, the
// oldest first: what a thief with a key and the ledger's password has done by the rules is
// among them, for people to find.
func (s *Service) Sold(ctx context.Context) (events []*ledger.Event, err error) {
	err = s.Store().Read(ctx, func(t *store.Tx) error {
		return t.EachEvent(func(seq int64, leaf []byte) error {
			e, err := ledger.ParseEvent(leaf)
			if err != nil {
				return ledger.Damaged("event %d: %v", seq, err)
			}
			if _, sale := e.Detail.(*ledger.Entitlement); sale && e.Action != ledger.ActionBegin || len(e.Lifted) > 0 {
				events = append(events, e)
			}
			return nil
		})
	})
	return events, err
}

// Vouched returns how many events a checkpoint of this ledger was made of.
func (s *Service) Vouched(ctx context.Context, checkpoint []byte) (int64, error) {
	keys, err := s.home.PublicKeys()
	if err != nil {
		return 0, err
	}
	return audit.Vouched(ctx, s.Store(), checkpoint, keys)
}
