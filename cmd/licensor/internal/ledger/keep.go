package ledger

import (
	"bytes"
	"database/sql"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// keptAfterEnd is how long an ended license of a revoked key stays on its keep list, so
// that a customer who is late hears that it has expired, and not that it was revoked.
const keptAfterEnd = 365 * 24 * time.Hour

// keep returns the digests of what a revoked key has signed and what stays good: the
// licenses, or of a root the delegations, that were on record when it was revoked.
func (t *transaction) keep(k *KeyRevocation, now time.Time) (format.Set, error) {
	key, err := keys.NewPublicKey(k.Public)
	if err != nil {
		return format.Set{}, damaged("the revoked key %.64q: %v", k.Name, err)
	}
	digests := make(map[[16]byte]bool)
	condition, args := `l.seq < $1 AND (l.expires = 0 OR l.expires > $2) AND l.id NOT IN (SELECT license FROM revocations)`,
		[]any{k.seq, now.Add(-keptAfterEnd).Unix()}
	err = t.each("SELECT s.event FROM licenses l JOIN events s ON s.seq = l.seq WHERE "+condition, args, func(rows *sql.Rows) error {
		var leaf []byte
		if err := rows.Scan(&leaf); err != nil {
			return err
		}
		file, err := fileIn(leaf)
		if err != nil {
			return err
		}
		signed := file.License
		if k.Root {
			signed = file.Delegation
		}
		if signed.KeyID() == key.ID() && key.Verify(signed.SignedMessage(), signed.Signature()) {
			digests[signed.Digest()] = true
		}
		return nil
	})
	if err != nil {
		return format.Set{}, err
	}
	all := make([][16]byte, 0, len(digests))
	for digest := range digests {
		all = append(all, digest)
	}
	return format.NewSet(all...), nil
}

// fileIn returns the license file that an event has recorded.
func fileIn(leaf []byte) (format.File, error) {
	license, err := licenseIn(leaf)
	if err != nil {
		return format.File{}, err
	}
	file, err := format.ParseFile(license.File)
	if err != nil {
		return format.File{}, damaged("license %s: %v", license.ID, err)
	}
	return file, nil
}

// signerOf returns the key that a license file's delegation names.
func signerOf(raw []byte) (keys.PublicKey, error) {
	file, err := format.ParseFile(raw)
	if err != nil {
		return keys.PublicKey{}, err
	}
	claims, err := format.UnmarshalDelegation(file.Delegation.UnverifiedPayload())
	if err != nil {
		return keys.PublicKey{}, err
	}
	return keys.NewPublicKey(bytes.Clone(claims.Key))
}
