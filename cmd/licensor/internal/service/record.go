package service

import (
	"context"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// Audit looks for what was changed in the ledger by hand. checkpoint is an older signed
// head of its log, kept elsewhere; nil: none. progress is told what the audit does.
func (s *Service) Audit(ctx context.Context, checkpoint []byte, progress func(step string, done, total int64)) (*ledger.Report, error) {
	against := ledger.Against{Checkpoint: checkpoint, Progress: progress}
	var err error
	if against.Verifier, err = s.home.Verifier(); err != nil {
		return nil, err
	}
	if checkpoint != nil {
		if against.Keys, err = s.home.PublicKeys(); err != nil {
			return nil, err
		}
	}
	return s.ledger.Audit(ctx, against)
}

// Backup copies the ledger into a new file while others work.
func (s *Service) Backup(ctx context.Context, file string) error {
	if err := s.ledger.Backup(ctx, file); err != nil {
		return err
	}
	// A copy that does not open is none: better to hear of it now.
	copied, err := ledger.OpenAsIs(ctx, file)
	if err != nil {
		return fmt.Errorf("the copy does not open: %w", err)
	}
	return copied.Close()
}

// Checkpoint signs the head of the ledger's log.
func (s *Service) Checkpoint(ctx context.Context, key Key, now time.Time) ([]byte, error) {
	signer, err := s.Signer(ctx, key, now)
	if err != nil {
		return nil, err
	}
	return s.ledger.Checkpoint(ctx, signer.issuer.Key)
}
