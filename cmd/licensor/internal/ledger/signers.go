package ledger

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/offlicense/offlicense/format"
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

// SignerKey is a key that has signed licenses on record, or revocation lists, under one
// of its names.
type SignerKey struct {
	Name     string // in its delegation
	Key      keys.PublicKey
	Licenses int64
	First    time.Time // when the first of them was issued
	Last     time.Time
}

// SignerKeys returns the keys that have signed a license on record, each once with each
// of its names. It reads all licenses.
func (l *Ledger) SignerKeys(ctx context.Context) ([]SignerKey, error) {
	type signer struct {
		name string
		key  keys.PublicKey
	}
	var all []SignerKey
	seen := make(map[signer]int)
	err := l.read(ctx, func(t *transaction) error {
		return t.each("SELECT l.signer, l.issued, s.event FROM licenses l JOIN events s ON s.seq = l.seq", nil, func(rows *sql.Rows) error {
			var name string
			var issued time.Time
			var leaf []byte
			if err := rows.Scan(&name, (*unixTime)(&issued), &leaf); err != nil {
				return err
			}
			license, err := licenseIn(leaf)
			if err != nil {
				return err
			}
			file, err := format.ParseFile(license.File)
			var key keys.PublicKey
			if err == nil {
				_, key, err = delegatedKey(file.Delegation)
			}
			if err != nil {
				return damaged("license %s: %v", license.ID, err)
			}
			i, found := seen[signer{name, key}]
			if !found {
				i = len(all)
				seen[signer{name, key}] = i
				all = append(all, SignerKey{Name: name, Key: key, First: issued, Last: issued})
			}
			k := &all[i]
			k.Licenses++
			if issued.Before(k.First) {
				k.First = issued
			}
			if issued.After(k.Last) {
				k.Last = issued
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// ListSigners returns the delegated keys that have signed a revocation list on record,
// each once with each of its names. It reads all lists. What the keys have signed of
// licenses it leaves out.
func (l *Ledger) ListSigners(ctx context.Context) ([]SignerKey, error) {
	var all []SignerKey
	err := l.read(ctx, func(t *transaction) error {
		return t.each("SELECT s.event FROM revocation_lists r JOIN events s ON s.seq = r.seq ORDER BY r.number", nil, func(rows *sql.Rows) error {
			var leaf []byte
			if err := rows.Scan(&leaf); err != nil {
				return err
			}
			p, err := publishedIn(leaf)
			if err != nil {
				return err
			}
			file, err := format.ParseList(p.File)
			if err != nil {
				return damaged("revocation list %d: %v", p.Number, err)
			}
			if file.RawDelegation == nil { // signed by a root
				return nil
			}
			name, key, err := delegatedKey(file.Delegation)
			if err != nil {
				return damaged("revocation list %d: %v", p.Number, err)
			}
			if k := (SignerKey{Name: name, Key: key}); !slices.Contains(all, k) {
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
