package service

import (
	"context"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// Report counts what was sold and what became of it, in the tables of the ledger.
func (s *Service) Report(ctx context.Context, q ledger.ReportQuery) (rows []ledger.ReportRow, total ledger.Counts, err error) {
	err = s.Store().Read(ctx, func(t *store.Tx) (err error) {
		rows, err = t.Report(q)
		return err
	})
	for i := range rows {
		total.Add(rows[i].Counts)
	}
	return rows, total, err
}
