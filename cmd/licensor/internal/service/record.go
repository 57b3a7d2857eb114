package service

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/audit"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// AuditMemory is what the memory of a process that audits is to be limited to, in bytes.
const AuditMemory = audit.Memory

// Audit finds what was changed in a ledger by hand, and since a checkpoint, if one is
// given. where is as for Open, now the auditor's clock; nothing that the ledger says of itself
// is believed.
func Audit(ctx context.Context, at home.Home, where string, now time.Time, checkpoint []byte, progress func(step string, done, total int64)) (*Report, error) {
	where = cmp.Or(where, at.LedgerFile())
	against := audit.Against{Now: now, Checkpoint: checkpoint, Progress: progress}
	var err error
	if against.Verifier, err = at.Verifier(); err != nil {
		return nil, err
	}
	if checkpoint != nil {
		if against.Keys, err = at.PublicKeys(); err != nil {
			return nil, err
		}
	}
	s, err := store.OpenToAudit(ctx, where)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return audit.Run(ctx, s, against)
}

// MarkCustomer records whether a customer is a partner, unless that is on record already.
func (s *Service) MarkCustomer(ctx context.Context, by ledger.Operation, c ledger.Customer) (changed bool, err error) {
	partners, err := s.Partners(ctx)
	if err != nil || partners.Has(c.Name) == c.Partner {
		return false, err
	}
	return true, s.SetCustomer(ctx, by, c)
}

// Backup writes a copy of the whole ledger to a new file.
func (s *Service) Backup(ctx context.Context, file string) error {
	if err := s.Store().Backup(ctx, file); err != nil {
		return err
	}
	// A copy that does not open is none: better to hear of it now.
	copied, err := store.OpenReadOnly(ctx, file)
	if err != nil {
		return fmt.Errorf("the copy does not open: %w", err)
	}
	return copied.Close()
}

// Checkpoint returns the head of the ledger's log, signed.
func (s *Service) Checkpoint(ctx context.Context, key Key, now time.Time) ([]byte, error) {
	signer, err := s.Signer(ctx, key, now)
	if err != nil {
		return nil, err
	}
	return audit.Checkpoint(ctx, s.Store(), signer.issuer.Key)
}
