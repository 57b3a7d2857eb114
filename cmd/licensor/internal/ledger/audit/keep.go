package audit

import (
	"bytes"
	"context"
	"slices"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// Judged is what the judgement says of the licenses that a key has signed, for those who
// are about to revoke it.
type Judged struct {
	// Keep are the digests of the licenses that follow by the rules from the record, and
	// are not revoked.
	Keep format.Set

	// Rejected are the others, of a root those of all keys: who holds the key may have put
	// them there, with a delegation of his own.
	Rejected []format.ID

	// Report is that of the audit, without the comparison of tables. Its sales and
	// overrides are what people look at: a thief may obey the rules.
	Report *Report
}

// Judge replays the log and says what a key is to keep. Events is in its report: what
// was recorded later was not judged.
func Judge(ctx context.Context, s *store.Store, against Against, key keys.PublicKey, root bool) (*Judged, error) {
	a, err := run(ctx, s, against, func(*audit) error { return nil })
	if err != nil {
		return nil, err
	}
	if a.stopped || a.broken {
		return nil, hint.Errorf("the record cannot be judged: %s", a.report.Findings[0]).
			WithHint(`"licensor audit" says what was changed; restore the ledger from a backup first`)
	}
	j := &Judged{Report: a.report}
	var keep [][16]byte
	for l := range a.state.allLicenses.all() {
		switch {
		case string(l.signer.key) != string(key.Bytes()) && !root:
		case l.refused:
			j.Rejected = append(j.Rejected, l.id)
		case l.revoked == nil:
			keep = append(keep, l.digest)
		}
	}
	if !root { // which keeps delegations
		j.Keep = format.NewSet(keep...)
	}
	slices.SortFunc(j.Rejected, func(a, b format.ID) int { return bytes.Compare(a[:], b[:]) })
	return j, nil
}
