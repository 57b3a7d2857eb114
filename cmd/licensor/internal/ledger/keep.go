package ledger

import (
	"bytes"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// What stays good of a revoked key is found once, when it is revoked, and recorded with
// that: a list that found it anew each time would drop a delegation once its last license
// has ended, and with it all that were signed under it. Who is revoked later although he
// is kept is on the list by his own id, which verifiers ask first.

// keptAfterEnd is how long before a key is revoked a license of it may have ended and is
// kept all the same, so that a customer who is late hears that it has expired, and not
// that it was revoked.
const keptAfterEnd = 365 * 24 * time.Hour

// keepScan finds what stays good of a key: the licenses, or of a root the delegations,
// that it has signed and that are on record.
type keepScan struct {
	key  keys.PublicKey
	root bool
	now  time.Time

	mu   sync.Mutex
	good map[[16]byte]bool // by digest, whether the signature is the key's
}

// scanned is how many licenses are read before all processors check their signatures.
const scanned = 2048

// scan finds what was recorded after an event.
func (s *keepScan) scan(t *transaction, after int64) error {
	condition, args := "l.seq > $1", []any{after}
	if !s.root {
		condition += " AND (l.expires = 0 OR l.expires > $2) AND l.id NOT IN (SELECT license FROM revocations)"
		args = append(args, s.now.Add(-keptAfterEnd).Unix())
	}
	var leaves [][]byte
	err := t.each("SELECT s.event FROM licenses l JOIN events s ON s.seq = l.seq WHERE "+condition, args, func(rows *sql.Rows) error {
		var leaf []byte
		if err := rows.Scan(&leaf); err != nil {
			return err
		}
		if leaves = append(leaves, leaf); len(leaves) < scanned {
			return nil
		}
		err := s.addAll(leaves)
		leaves = leaves[:0]
		return err
	})
	if err != nil {
		return err
	}
	return s.addAll(leaves)
}

func (s *keepScan) addAll(leaves [][]byte) error {
	var failed error
	onAllProcessors(leaves, func(share [][]byte) {
		for _, leaf := range share {
			file, err := fileIn(leaf)
			if err != nil {
				s.mu.Lock()
				failed = err
				s.mu.Unlock()
				return
			}
			if s.root {
				s.add(file.Delegation)
			} else {
				s.add(file.License)
			}
		}
	})
	return failed
}

// add keeps a statement if the key has signed it.
func (s *keepScan) add(signed format.Statement) {
	digest := signed.Digest()
	s.mu.Lock()
	_, known := s.good[digest]
	s.mu.Unlock()
	if known {
		return
	}
	good := signedBy(s.key, signed)
	s.mu.Lock()
	s.good[digest] = good
	s.mu.Unlock()
}

// keep returns the digests as they are recorded.
func (s *keepScan) keep() []byte {
	var all [][16]byte
	for digest, good := range s.good {
		if good {
			all = append(all, digest)
		}
	}
	return joinSet(format.NewSet(all...))
}

func signedBy(key keys.PublicKey, signed format.Statement) bool {
	return signed.KeyID() == key.ID() && key.Verify(signed.SignedMessage(), signed.Signature())
}

// joinSet returns the names of a set one behind the other, as splitSet reads them.
func joinSet(s format.Set) []byte {
	var joined []byte
	for i := range s.Len() {
		name := s.At(i)
		joined = append(joined, name[:]...)
	}
	return joined
}

func splitSet(joined []byte) (format.Set, error) {
	names := make([][16]byte, len(joined)/16)
	for i := range names {
		names[i] = [16]byte(joined[16*i:])
	}
	s := format.NewSet(names...)
	if !bytes.Equal(joinSet(s), joined) {
		return format.Set{}, fmt.Errorf("%d bytes that are no set of 16-byte digests in ascending order", len(joined))
	}
	return s, nil
}

// kept returns the digests of what was recorded to stay good of a revoked key.
func (t *transaction) kept(k *KeyRevocation) (format.Set, error) {
	var joined []byte
	if _, err := t.row("SELECT keep FROM revoked_keys WHERE seq = $1", []any{k.seq}, &joined); err != nil {
		return format.Set{}, err
	}
	s, err := splitSet(joined)
	if err != nil {
		return format.Set{}, damaged("what stays good of the revoked key %.64q: %v", k.Name, err)
	}
	return s, nil
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

// delegatedKey returns the key that a delegation names.
func delegatedKey(delegation format.Statement) (name string, key keys.PublicKey, err error) {
	claims, err := format.UnmarshalDelegation(delegation.UnverifiedPayload())
	if err != nil {
		return "", keys.PublicKey{}, err
	}
	key, err = keys.NewPublicKey(bytes.Clone(claims.Key))
	return claims.Name, key, err
}
