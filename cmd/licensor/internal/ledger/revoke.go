package ledger

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// Revocation is a license that waits for a revocation list, or stands on one.
type Revocation struct {
	License    format.ID
	Activation string
	Since      time.Time
	Why        string
	List       uint64 // the number of the list that has it; 0: the next one
}

// RevokedKey is a key whose signatures no longer count, but for what stays good.
type RevokedKey struct {
	Name   string `json:"name"`   // in its delegation; of a root its fingerprint
	Public []byte `json:"public"` // 32 bytes
	Root   bool   `json:"root,omitempty"`
	Lists  bool   `json:"lists,omitempty"` // was delegated for revocation lists

	// Keep are the digests of what stays good, in ascending order, 16 bytes each: of a
	// staff key licenses, of a root delegations. Only the event has them: RevokeKey finds
	// them, and a KeyRevocation says how many there are.
	Keep []byte `json:"keep,omitempty"`
}

// KeyRevocation is a key that waits for a revocation list, or stands on one.
type KeyRevocation struct {
	RevokedKey
	Since time.Time
	Why   string
	List  uint64 // as in Revocation
	Kept  int    // how many licenses or delegations of it stay good
	seq   int64  // of the event that revoked it
}

func (k *RevokedKey) key() (keys.PublicKey, error) {
	key, err := keys.NewPublicKey(k.Public)
	if err != nil {
		return keys.PublicKey{}, fmt.Errorf("the key %.64q: %w", k.Name, err)
	}
	return key, nil
}

// RevokeLicense puts a license on the next revocation list. If it is the newest one of
// its activation, that gets no other until it is reactivated.
func (l *Ledger) RevokeLicense(ctx context.Context, by Operation, id format.ID) (*Revocation, error) {
	all, err := l.revoke(ctx, by, func(v *view) (*activationRow, []string, error) {
		license, err := v.transaction.license("l.id = $1", id.String())
		if err != nil {
			return nil, nil, err
		}
		if license == nil {
			return nil, nil, refuse(RuleRevoked, liftNobody, "compare the id with \"licensor history\"; what a stolen key has signed is not on record, and is revoked with the key",
				"no license on record has the id %s", id)
		}
		if !license.Expires.IsZero() && !license.Expires.After(v.now) {
			return nil, nil, refuse(RuleRevoked, liftNobody, "nothing is left to do", "the license %s ended by itself on %s", id, license.Expires.Format(time.DateOnly))
		}
		a, err := v.activation(license.Activation)
		if err != nil || a == nil {
			return nil, nil, orMissing(err, license.Activation)
		}
		return a, []string{id.String()}, v.refuseRevoked(id.String())
	})
	if err != nil {
		return nil, err
	}
	return &all[0], nil
}

// RevokeActivation puts all licenses of an activation that still run on the next
// revocation list. It gets no other one, and keeps its seat until it is reactivated: a
// server that the list has not reached still runs.
func (l *Ledger) RevokeActivation(ctx context.Context, by Operation, activation string) ([]Revocation, error) {
	return l.revoke(ctx, by, func(v *view) (*activationRow, []string, error) {
		a, err := v.activation(activation)
		if err != nil {
			return nil, nil, err
		}
		if a == nil {
			return nil, nil, refuse(RuleActive, liftNobody, `"licensor list" shows who is active`, "there is no activation %.64q", activation)
		}
		good, err := v.stillGood(a.ID, 0)
		if err == nil && len(good) == 0 {
			err = refuse(RuleRevoked, liftNobody, fmt.Sprintf("\"licensor history %s\" says what happened", a.ID),
				"no license of activation %s is left to revoke", a.Name())
		}
		return a, good, err
	})
}

func (l *Ledger) revoke(ctx context.Context, by Operation, choose func(*view) (*activationRow, []string, error)) (all []Revocation, err error) {
	if err := by.needWhy("revoking a license"); err != nil {
		return nil, err
	}
	err = l.write(ctx, by, func(w *writer) error {
		a, licenses, err := choose(newView(&w.transaction, by))
		if err != nil {
			return err
		}
		for _, text := range licenses {
			id, err := format.ParseID(text)
			if err != nil {
				return damaged("license %.64q: %v", text, err)
			}
			all = append(all, Revocation{License: id, Activation: a.ID, Since: whole(by.Now), Why: by.Why})
		}
		if err := w.record(&Event{Action: ActionRevoke, Invoice: a.invoice, Activation: a.ID, Detail: Revoked{Licenses: licenses}}); err != nil {
			return err
		}
		return w.checkRoom(by.Now, 0)
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// RevokeKey takes a key out of force. It signs nothing more here, and every revocation
// list from the next one on says of each license, or of each delegation by a root, that
// is on record by now that it stays good; but not of licenses that were revoked, or that
// ended more than a year ago.
//
// delegations are those that the caller knows of, for a root that is revoked: a key that
// has signed nothing yet stays good too. Those by other keys are passed over.
func (l *Ledger) RevokeKey(ctx context.Context, by Operation, key RevokedKey, delegations ...[]byte) error {
	if err := by.needWhy("revoking a key"); err != nil {
		return err
	}
	public, err := key.key()
	if err != nil {
		return err
	}
	s := &keepScan{key: public, root: key.Root, now: by.Now, good: make(map[[16]byte]bool)}
	if key.Root {
		for _, raw := range delegations {
			delegation, err := format.ParseStatement(raw, format.Delegation)
			if err != nil {
				return err
			}
			s.add(delegation)
		}
	}
	// Signatures take long to check: what is on record by now is looked at before the
	// ledger is locked, and only what has come meanwhile after that.
	var seen int64
	err = l.read(ctx, func(t *transaction) error {
		if err := t.refuseRevokedTwice(public); err != nil {
			return err
		}
		var newest time.Time
		var err error
		if seen, newest, err = t.size(); err != nil {
			return err
		}
		// A clock that is years ahead must not leave out what has not ended: what is kept
		// is never found anew.
		if newest.Before(s.now) {
			s.now = newest
		}
		return s.scan(t, 0)
	})
	if err != nil {
		return err
	}
	return l.write(ctx, by, func(w *writer) error {
		if err := w.refuseRevokedTwice(public); err != nil {
			return err
		}
		if w.size > seen {
			if err := s.scan(&w.transaction, seen); err != nil {
				return err
			}
		}
		key.Keep = s.keep()
		if err := w.record(&Event{Action: ActionRevoke, Detail: Revoked{Key: &key}}); err != nil {
			return err
		}
		return w.checkRoom(by.Now, roomForLicenses)
	})
}

// refuseRevokedTwice refuses to revoke a key again.
func (t *transaction) refuseRevokedTwice(key keys.PublicKey) error {
	earlier, err := t.revokedKey(key)
	if err != nil || earlier == nil {
		return err
	}
	return refuse(RuleRevoked, liftNobody, `"licensor revocations" signs the list that says so`,
		"the key %q was revoked on %s: %s", earlier.Name, earlier.Since.Format(time.DateOnly), earlier.Why)
}

// refuseRevoked refuses a license that was revoked.
func (t *transaction) refuseRevoked(license string) error {
	var since time.Time
	var why string
	found, err := t.row("SELECT since, why FROM revocations WHERE license = $1", []any{license}, (*unixTime)(&since), &why)
	if err != nil || !found {
		return err
	}
	return refuse(RuleRevoked, liftNobody,
		"find out with \"licensor history\" what happened; if the seat may be used again, \"licensor reactivate\" frees it for a new request",
		"the license %s was revoked on %s: %s", license, since.Format(time.DateOnly), why)
}

// revokedKey returns what is on record of a revoked key, nil if it is none.
func (t *transaction) revokedKey(key keys.PublicKey) (*KeyRevocation, error) {
	thumbprint := key.Thumbprint()
	all, err := t.revokedKeys("WHERE thumbprint = $1", hex.EncodeToString(thumbprint[:]))
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

func (t *transaction) revokedKeys(condition string, args ...any) ([]KeyRevocation, error) {
	var all []KeyRevocation
	err := t.each("SELECT name, public, root, lists, since, why, list, COALESCE(LENGTH(keep), 0) / 16, seq FROM revoked_keys "+condition+" ORDER BY thumbprint", args, func(rows *sql.Rows) error {
		var k KeyRevocation
		var root, lists int64
		err := rows.Scan(&k.Name, &k.Public, &root, &lists, (*unixTime)(&k.Since), &k.Why, &k.List, &k.Kept, &k.seq)
		k.Root, k.Lists = root != 0, lists != 0
		all = append(all, k)
		return err
	})
	return all, err
}

// Revocations returns the licenses that are to be revoked and those that were, the
// oldest first.
func (l *Ledger) Revocations(ctx context.Context) ([]Revocation, error) {
	var all []Revocation
	err := l.read(ctx, func(t *transaction) error {
		return t.each("SELECT license, activation, since, why, list FROM revocations ORDER BY since, license", nil, func(rows *sql.Rows) error {
			var r Revocation
			err := rows.Scan((*idText)(&r.License), &r.Activation, (*unixTime)(&r.Since), &r.Why, &r.List)
			all = append(all, r)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// RevokedKeys returns the keys that are to be revoked and those that were.
func (l *Ledger) RevokedKeys(ctx context.Context) ([]KeyRevocation, error) {
	var all []KeyRevocation
	err := l.read(ctx, func(t *transaction) (err error) {
		all, err = t.revokedKeys("")
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// RefuseListKey returns a *Refusal for every delegated key once one of those that sign
// revocation lists was revoked, or a root. A server that knows a list by the stolen list
// key, under whatever number, is brought back by a list of a root alone; and only the
// root behind it can revoke a root, so that every list has to be its own from then on.
func (l *Ledger) RefuseListKey(ctx context.Context) error {
	return l.read(ctx, func(t *transaction) error { return t.refuseListKey() })
}

func (t *transaction) refuseListKey() error {
	stolen, err := t.revokedKeys("WHERE lists = 1 OR root = 1")
	if err != nil || len(stolen) == 0 {
		return err
	}
	what := "which signed revocation lists,"
	next := "sign with the root key: --root-key FILE"
	if stolen[0].Root {
		what, next = "a root,", "sign with the root behind it: --root-key FILE"
	}
	return refuse(RuleRevoked, liftNobody, next,
		"the key %q, %s was revoked on %s: from then on a root signs revocation lists", stolen[0].Name, what, stolen[0].Since.Format(time.DateOnly))
}

// RefuseRevokedKey returns a *Refusal for a key that was revoked, and for one whose
// delegation is by a root that was revoked, unless the delegation is one of those that
// stay good. rawDelegation is nil for a root, or where none is known.
func (l *Ledger) RefuseRevokedKey(ctx context.Context, key keys.PublicKey, rawDelegation []byte) error {
	return l.read(ctx, func(t *transaction) error {
		if rawDelegation == nil {
			return t.refuseRevokedKey(key)
		}
		delegation, err := format.ParseStatement(rawDelegation, format.Delegation)
		if err != nil {
			return err
		}
		return t.refuseSigner(key, delegation)
	})
}

func (t *transaction) refuseRevokedKey(key keys.PublicKey) error {
	revoked, err := t.revokedKey(key)
	if err != nil || revoked == nil {
		return err
	}
	return refuse(RuleRevoked, liftNobody, "sign with another key: --key NAME; \"licensor key list\" shows them",
		"the key %q was revoked on %s: %s", revoked.Name, revoked.Since.Format(time.DateOnly), revoked.Why)
}

// refuseSigner is refuseRevokedKey for a key and its delegation.
func (t *transaction) refuseSigner(key keys.PublicKey, delegation format.Statement) error {
	if err := t.refuseRevokedKey(key); err != nil {
		return err
	}
	roots, err := t.revokedKeys("WHERE root = 1")
	if err != nil {
		return err
	}
	for _, root := range roots {
		public, err := root.key()
		if err != nil {
			return damaged("%v", err)
		}
		if !signedBy(public, delegation) {
			continue
		}
		keep, err := t.kept(&root)
		if err != nil {
			return err
		}
		if !keep.Has(delegation.Digest()) {
			return refuse(RuleRevoked, liftNobody, "have the key delegated anew by a root that is good, with \"licensor delegate\"; or sign with another key: --key NAME",
				"the delegation of the key %s is by the root %q, which was revoked on %s, and it is not one of those that stay good: %s",
				key.Fingerprint(), root.Name, root.Since.Format(time.DateOnly), root.Why)
		}
	}
	return nil
}

// checkSigners refuses licenses that a key has signed which was revoked meanwhile, or
// the root behind it.
func (t *transaction) checkSigners(steps []*step, made drafts) error {
	revoked, err := t.revokedKeys("")
	if err != nil || len(revoked) == 0 {
		return err
	}
	checked := make(map[string]bool) // by delegation
	for _, s := range steps {
		if s.grant == nil {
			continue
		}
		d := made[draftKey{s.grant.Activation, s.grant.Epoch}]
		file, err := format.ParseFile(d.File)
		if err != nil {
			return err
		}
		if checked[string(file.RawDelegation)] {
			continue
		}
		checked[string(file.RawDelegation)] = true
		_, key, err := delegatedKey(file.Delegation)
		if err == nil {
			err = t.refuseSigner(key, file.Delegation)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) applyRevoked(e *Event, r Revoked) error {
	if k := r.Key; k != nil {
		key, err := k.key()
		if err != nil {
			return err
		}
		if _, err := splitSet(k.Keep); err != nil {
			return err
		}
		thumbprint := key.Thumbprint()
		if err := w.insert("revoked_keys", "thumbprint, name, public, root, lists, since, why, list, seq, keep",
			hex.EncodeToString(thumbprint[:]), k.Name, k.Public, number(k.Root), number(k.Lists), e.Time.Unix(), e.Why, int64(0), e.Seq, orNil(k.Keep)); err != nil {
			return err
		}
	}
	return w.revokeLicenses(e, r.Licenses)
}

// revokeLicenses notes licenses for the next revocation list.
func (w *writer) revokeLicenses(e *Event, licenses []string) error {
	for _, license := range licenses {
		if err := w.insert("revocations", "license, activation, since, why, list",
			license, e.Activation, e.Time.Unix(), e.Why, int64(0)); err != nil {
			return err
		}
	}
	return nil
}
