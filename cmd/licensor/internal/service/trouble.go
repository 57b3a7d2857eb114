package service

import (
	"errors"
	"io/fs"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// Trouble is why a key did not sign.
type Trouble struct{ Err error }

func (t *Trouble) Error() string { return t.Err.Error() }

// Unwrap returns what the key has said.
func (t *Trouble) Unwrap() error { return t.Err }

// IsTrouble reports whether an error is not about what was asked, so that the same may be asked
// again: it is the database's, a file's or a key's, or the ledger is damaged.
func IsTrouble(err error) bool {
	var key *Trouble
	var file *fs.PathError
	return database.IsTrouble(err) || errors.As(err, &key) || errors.As(err, &file) || errors.Is(err, ledger.ErrDamaged)
}

// IsOfService reports whether a rule refuses whatever is asked of this service: its clock is
// wrong, or the ledger goes on elsewhere.
func IsOfService(err error) bool {
	var rule *ledger.Refusal
	return errors.As(err, &rule) && (rule.Rule == ledger.RuleClock || rule.Rule == ledger.RuleFrozen)
}
