package ledger

import (
	"context"
	"database/sql"
	"time"

	"github.com/offlicense/offlicense/keys"
)

// Signer is what a staff key has signed, as the ledger has it.
type Signer struct {
	Name     string
	Licenses int64
	First    time.Time // when the first of them was issued
	Last     time.Time
}

// Signers returns all who have signed a license, in the order of their names.
func (l *Ledger) Signers(ctx context.Context) ([]Signer, error) {
	var all []Signer
	err := l.read(ctx, func(t *transaction) error {
		return t.each("SELECT signer, COUNT(*), MIN(issued), MAX(issued) FROM licenses GROUP BY signer ORDER BY signer", nil, func(rows *sql.Rows) error {
			var s Signer
			err := rows.Scan(&s.Name, &s.Licenses, (*unixTime)(&s.First), (*unixTime)(&s.Last))
			all = append(all, s)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// SignerKey is a key that has signed a license on record.
type SignerKey struct {
	Name string // in its delegation
	Key  keys.PublicKey
}

// SignerKeys returns the keys that have signed a license on record, each once with each
// of its names. It reads all licenses.
func (l *Ledger) SignerKeys(ctx context.Context) ([]SignerKey, error) {
	var all []SignerKey
	seen := make(map[SignerKey]bool)
	err := l.read(ctx, func(t *transaction) error {
		return t.each("SELECT l.signer, s.event FROM licenses l JOIN events s ON s.seq = l.seq", nil, func(rows *sql.Rows) error {
			var name string
			var leaf []byte
			if err := rows.Scan(&name, &leaf); err != nil {
				return err
			}
			license, err := licenseIn(leaf)
			if err != nil {
				return err
			}
			key, err := signerOf(license.File)
			if err != nil {
				return damaged("license %s: %v", license.ID, err)
			}
			if k := (SignerKey{name, key}); !seen[k] {
				seen[k] = true
				all = append(all, k)
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}
