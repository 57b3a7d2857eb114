package audit

import (
	"context"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/keys"
)

// Vouched returns how many events of a log a checkpoint was made of, and refuses one of
// another log by the hashes that are stored; [Run] computes them.
func Vouched(ctx context.Context, s *store.Store, checkpoint []byte, trusted []keys.PublicKey) (events int64, err error) {
	err = s.Read(ctx, func(t *store.Tx) error {
		vendor, err := t.Vendor()
		if err != nil {
			return err
		}
		older, err := openCheckpoint(checkpoint, origin(vendor), trusted)
		if err != nil {
			return hint.Wrap(err).WithHint("give the checkpoint as \"licensor checkpoint\" printed it, and check which vendor's it is")
		}
		size, _, err := t.Size()
		if err != nil {
			return err
		}
		if older.N <= size {
			head, err := t.Head(older.N)
			if err != nil {
				return err
			}
			if head == older.Hash {
				events = older.N
				return nil
			}
		}
		return hint.Errorf("the ledger does not continue this checkpoint: its history was changed").
			WithHint("\"licensor audit --against FILE\" says where; to go on all the same, leave the checkpoint out")
	})
	return events, err
}
