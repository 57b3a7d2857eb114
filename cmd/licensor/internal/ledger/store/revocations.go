package store

import (
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
	"github.com/offlicense/offlicense/format"
)

// Revocations returns all that is revoked, with what remains valid of each key, and
// which list is the next.
func (t *Tx) Revocations() (*rules.Revocations, error) {
	r := new(rules.Revocations)
	var err error
	if r.Vendor, err = t.Vendor(); err != nil {
		return nil, err
	}
	if r.Licenses, err = t.revokedLicenses("1 = 1"); err != nil {
		return nil, err
	}
	if r.Keys, err = t.RevokedKeys(KeepOfAll); err != nil {
		return nil, err
	}
	if _, err := t.tx.Row("SELECT COALESCE(MAX(number), 0) + 1 FROM revocation_lists", nil, &r.Next); err != nil {
		return nil, err
	}
	r.Newest, err = t.NewestList(format.MaxRevocation)
	return r, err
}

// revokedLicenses returns the licenses that were revoked, the oldest first.
func (t *Tx) revokedLicenses(condition string) ([]rules.RevokedLicense, error) {
	var all []rules.RevokedLicense
	err := t.tx.Rows("SELECT r.license, r.activation, r.since, r.why, r.list, l.hard_end FROM revocations r JOIN licenses l ON l.id = r.license WHERE "+condition+
		" ORDER BY r.since, r.license", nil, database.Structs(&all, func(r *rules.RevokedLicense) []any {
		return []any{database.Text(&r.License), &r.Activation, (*database.Time)(&r.Since), &r.Why, &r.List, (*database.Time)(&r.HardEnd)}
	}))
	return all, err
}

// Keeping says of which revoked keys it is wanted what remains valid of them, which may
// be long.
type Keeping string

// Of which keys that is wanted.
const (
	KeepOfAll   Keeping = "keep"
	KeepOfRoots Keeping = "CASE WHEN root = 1 THEN keep END"
	KeepOfNone  Keeping = "NULL"
)

// RevokedKeys returns the keys that were revoked.
func (t *Tx) RevokedKeys(keep Keeping) ([]ledger.KeyRevocation, error) {
	var all []ledger.KeyRevocation
	err := t.tx.Rows("SELECT name, public, root, lists, since, why, list, COALESCE(LENGTH(keep), 0) / 16, "+string(keep)+" FROM revoked_keys ORDER BY public",
		nil, func(scan func(...any) error) error {
			var k ledger.KeyRevocation
			var root, lists int64
			err := scan(&k.Name, &k.Public, &root, &lists, (*database.Time)(&k.Since), &k.Why, &k.List, &k.Kept, &k.Keep)
			k.Root, k.Lists = root != 0, lists != 0
			all = append(all, k)
			return err
		})
	return all, err
}

// NewestList returns the newest revocation list of at most so many bytes, as it travels;
// nil if there is none. Where a list of a root is behind one whose signer it has
// revoked, it is the caller who knows which of them is in force.
func (t *Tx) NewestList(most int) ([]byte, error) {
	var leaf []byte
	found, err := t.tx.Row("SELECT s.event FROM revocation_lists r JOIN events s ON s.seq = r.seq WHERE r.size <= $1 ORDER BY r.number DESC LIMIT 1", []any{int64(most)}, &leaf)
	if err != nil || !found {
		return nil, err
	}
	p, err := ledger.ListIn(leaf)
	if err != nil {
		return nil, err
	}
	return p.File, nil
}

// Signers returns the keys that have signed a license on record, each with each of its
// names. It reads the table from one end to the other: by the index of the names, SQLite
// would look up each row of it.
func (t *Tx) Signers() ([]ledger.Signer, error) {
	var all []ledger.Signer
	err := t.tx.Rows("SELECT signed_by || '', signer_key, COUNT(*), MIN(issued), MAX(issued) FROM licenses GROUP BY signed_by || '', signer_key ORDER BY 1, 2",
		nil, database.Structs(&all, func(s *ledger.Signer) []any {
			return []any{&s.Name, &s.Key, &s.Licenses, (*database.Time)(&s.First), (*database.Time)(&s.Last)}
		}))
	return all, err
}

// ListSigners returns the delegated keys that have signed a revocation list on record.
func (t *Tx) ListSigners() ([]ledger.Signer, error) {
	var all []ledger.Signer
	err := t.tx.Rows("SELECT signed_by, signer_key FROM revocation_lists WHERE signer_key IS NOT NULL GROUP BY signed_by, signer_key ORDER BY signed_by, signer_key",
		nil, database.Structs(&all, func(s *ledger.Signer) []any { return []any{&s.Name, &s.Key} }))
	return all, err
}

// EachLicense calls f for the licenses that were recorded after an event: those of a
// key, or of all keys if it is nil; of a key without those that were revoked, or that
// ended before a time in seconds.
func (t *Tx) EachLicense(after int64, key []byte, endedBefore int64, f func(*ledger.License) error) error {
	condition, args := "l.seq > $1", []any{after}
	if key != nil {
		condition += " AND l.signer_key = $2 AND (l.hard_end = 0 OR l.hard_end > $3) AND l.id NOT IN (SELECT license FROM revocations)"
		args = append(args, key, endedBefore)
	}
	return t.eachLicense(condition, args, f)
}
