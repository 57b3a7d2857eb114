package store

import (
	"encoding/json"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// Tx reads a ledger. What a Writer has written, its Tx sees.
type Tx struct{ tx *database.Tx }

// Strange names what does not belong into the schema of a ledger: see database.Tx.Strange.
func (t *Tx) Strange() ([]database.Strange, error) { return t.tx.Strange(schema, predicates) }

// Size returns how many events there are, and when the newest was.
func (t *Tx) Size() (size int64, newest time.Time, err error) {
	size, newest, _, err = t.newest()
	return size, newest, err
}

// Frozen returns the event's detail if the newest event has frozen the ledger, nil if it
// is not frozen.
func (t *Tx) Frozen() (*ledger.Frozen, error) {
	_, _, frozen, err := t.newest()
	return frozen, err
}

// newest reads the newest event.
func (t *Tx) newest() (size int64, at time.Time, frozen *ledger.Frozen, err error) {
	var leaf []byte
	found, err := t.tx.Row("SELECT seq, event FROM events ORDER BY seq DESC LIMIT 1", nil, &size, &leaf)
	if err != nil || !found {
		return 0, time.Time{}, nil, err
	}
	var e struct {
		Time   time.Time
		Rules  int
		Action ledger.Action
	}
	if err := json.Unmarshal(leaf, &e); err != nil {
		return 0, time.Time{}, nil, ledger.Damaged("event %d: %v", size, err)
	}
	if e.Rules > ledger.RulesVersion {
		return 0, time.Time{}, nil, hint.Errorf("the ledger is judged by rules of version %d, and this licensor knows %d", e.Rules, ledger.RulesVersion).
			WithHint("update licensor; nothing was changed")
	}
	if e.Action == ledger.ActionFreeze {
		whole, err := ledger.ParseEvent(leaf)
		if err != nil {
			return 0, time.Time{}, nil, ledger.Damaged("event %d: %v", size, err)
		}
		d := whole.Detail.(ledger.Frozen)
		frozen = &d
	}
	return size, e.Time, frozen, nil
}

// Vendor returns the vendor whose ledger this is: the first event says so.
func (t *Tx) Vendor() (string, error) {
	var leaf []byte
	found, err := t.tx.Row("SELECT event FROM events WHERE seq = 1", nil, &leaf)
	if err != nil {
		return "", err
	}
	if !found {
		return "", database.NoLedger()
	}
	e, err := ledger.ParseEvent(leaf)
	if err != nil {
		return "", ledger.Damaged("event 1: %v", err)
	}
	created, ok := e.Detail.(ledger.Created)
	if !ok {
		return "", ledger.Damaged("event 1 (%s) is where the ledger begins", e.Action)
	}
	return created.Vendor, nil
}

// Number is how a truth value is stored.
func Number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// OrNil stores no bytes as NULL, which no unique index compares.
func OrNil(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}
