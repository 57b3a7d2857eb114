package book

import (
	"context"
	"sync"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// RevokeLicense puts a license on the next revocation list. If it is the newest one of
// its activation, that gets no other until it is deactivated.
func (b *Book) RevokeLicense(ctx context.Context, by ledger.Operation, id format.ID) (all []ledger.Revocation, err error) {
	return b.revoke(ctx, by, store.Ask{Licenses: []format.ID{id}}, func(f *rules.Facts, r *rules.Revocations) (*rules.Step, []ledger.Revocation, error) {
		return rules.RevokeLicense(f, r, &by, id)
	})
}

// RevokeActivation puts all licenses of an activation that still run on the next
// revocation list: see rules.RevokeActivation.
func (b *Book) RevokeActivation(ctx context.Context, by ledger.Operation, activation string) ([]ledger.Revocation, error) {
	return b.revoke(ctx, by, store.Ask{Activations: []string{activation}}, func(f *rules.Facts, r *rules.Revocations) (*rules.Step, []ledger.Revocation, error) {
		return rules.RevokeActivation(f, r, &by, activation)
	})
}

func (b *Book) revoke(ctx context.Context, by ledger.Operation, ask store.Ask, decide func(*rules.Facts, *rules.Revocations) (*rules.Step, []ledger.Revocation, error)) (all []ledger.Revocation, err error) {
	err = b.change(ctx, &by, ask, func(t *store.Tx, f *rules.Facts) ([]*rules.Step, error) {
		r, err := t.Revocations()
		if err != nil {
			return nil, err
		}
		var step *rules.Step
		step, all, err = decide(f, r)
		return some(step), err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Judgement is what was found of the licenses of a key: see audit.Judge.
type Judgement struct {
	Events  int64       // that were judged
	Refused []format.ID // the licenses that do not follow from them
}

// RevokeKey revokes a key. It signs nothing more here, and every revocation list from
// the next one on says of each license, or of each delegation by a root, that is on
// record by now that it remains valid; but not of licenses that were revoked, or that
// ended more than a year ago. It returns how many those are.
//
// delegations are those that the caller knows of, for a root that is revoked: a key that
// has signed nothing yet is kept too. Those by other keys are passed over.
//
// Where its licenses were judged, it keeps what was not refused: nor does it keep the late
// licenses, which were recorded after that, perhaps by a thief at work.
func (b *Book) RevokeKey(ctx context.Context, by ledger.Operation, key ledger.RevokedKey, judged *Judgement, delegations ...[]byte) (kept, late int, err error) {
	if err := by.NeedWhy("revoking a key"); err != nil {
		return 0, 0, err
	}
	public, err := key.Key()
	if err != nil {
		return 0, 0, err
	}
	s := &keepScan{key: public, root: key.Root, now: by.Now, refused: make(map[format.ID]bool), good: make(map[[16]byte]bool)}
	if judged != nil {
		s.judged = judged.Events
		for _, id := range judged.Refused {
			s.refused[id] = true
		}
	}
	if key.Root {
		for _, raw := range delegations {
			delegation, err := format.ParseStatement(raw, format.Delegation)
			if err != nil {
				return 0, 0, err
			}
			s.add(delegation)
		}
	}
	// Signatures take long to check: what is on record by now is looked at before the
	// ledger is locked, and only what has come meanwhile after that.
	var seen int64
	err = b.store.Read(ctx, func(t *store.Tx) error {
		revoked, err := t.RevokedKeys(store.KeepOfNone)
		if err == nil {
			err = rules.RefuseRevokedTwice(revoked, key.Public)
		}
		if err != nil {
			return err
		}
		var newest time.Time
		if seen, newest, err = t.Size(); err != nil {
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
		return 0, 0, err
	}
	err = b.change(ctx, &by, store.Ask{}, func(t *store.Tx, _ *rules.Facts) ([]*rules.Step, error) {
		if err := s.scan(t, seen); err != nil {
			return nil, err
		}
		keep := s.keep()
		key.Keep, kept = ledger.JoinSet(keep), keep.Len()
		r, err := t.Revocations()
		if err != nil {
			return nil, err
		}
		step, err := rules.RevokeKey(r, &by, key)
		return some(step), err
	})
	return kept, s.late, err
}

// keptAfterEnd is how long before a key is revoked a license of it may have ended and is
// kept all the same, so that a customer who is late hears that it has expired, and not
// that it was revoked.
const keptAfterEnd = 365 * 24 * time.Hour

// keepScan finds what remains valid of a key: the licenses, or of a root the
// delegations, that it has signed and that are on record.
type keepScan struct {
	key  keys.PublicKey
	root bool
	now  time.Time

	refused map[format.ID]bool // not kept
	judged  int64              // what was recorded after this event is not kept; 0: it is
	late    int                // licenses of the key that were

	mu   sync.Mutex
	good map[[16]byte]bool // by digest, whether the signature is the key's
}

// scanned is how many licenses are read before all processors check their signatures.
const scanned = 2048

// scan finds what was recorded after an event.
func (s *keepScan) scan(t *store.Tx, after int64) error {
	var key []byte
	if !s.root {
		key = s.key.Bytes()
	}
	ended := s.now.Add(-keptAfterEnd).Unix()
	if s.judged > 0 {
		err := t.EachLicense(max(after, s.judged), key, ended, func(l *ledger.License) error {
			if !s.refused[l.ID] {
				s.refused[l.ID] = true
				s.late++
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	var some []*ledger.License
	err := t.EachLicense(after, key, ended, func(l *ledger.License) error {
		if s.refused[l.ID] {
			return nil
		}
		if some = append(some, l); len(some) < scanned {
			return nil
		}
		err := s.addAll(some)
		some = some[:0]
		return err
	})
	if err != nil {
		return err
	}
	return s.addAll(some)
}

func (s *keepScan) addAll(licenses []*ledger.License) error {
	var failed error
	onAllProcessors(licenses, func(share []*ledger.License) {
		for _, l := range share {
			file, err := l.OpenFile()
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
	good := ledger.SignedBy(s.key, signed)
	s.mu.Lock()
	s.good[digest] = good
	s.mu.Unlock()
}

func (s *keepScan) keep() format.Set {
	var all [][16]byte
	for digest, good := range s.good {
		if good {
			all = append(all, digest)
		}
	}
	return format.NewSet(all...)
}

// NextList returns what the next revocation list has to say at a time: see
// rules.NextList.
func (b *Book) NextList(ctx context.Context, now time.Time) (*format.RevocationClaims, error) {
	r, err := b.Revocations(ctx)
	if err != nil {
		return nil, err
	}
	return rules.NextList(r, now)
}

// RecordList records a signed revocation list, so that the licenses that are signed
// from now on carry it: see rules.CheckList. The same list again changes nothing.
func (b *Book) RecordList(ctx context.Context, by ledger.Operation, v *verify.Verifier, text []byte) (*verify.RevocationList, error) {
	list, err := v.OpenRevocationList(text)
	if err != nil {
		return nil, err
	}
	published := ledger.Published{Number: list.Number, SignedBy: list.Signer, File: list.Raw}
	file, err := format.ParseList(list.Raw)
	if err != nil {
		return nil, err
	}
	if file.RawDelegation != nil {
		_, key, err := ledger.DelegatedKey(file.Delegation)
		if err != nil {
			return nil, err
		}
		published.SignerKey = key.Bytes()
	}
	err = b.change(ctx, &by, store.Ask{}, func(t *store.Tx, _ *rules.Facts) ([]*rules.Step, error) {
		r, err := t.Revocations()
		if err != nil || string(r.Newest) == string(list.Raw) {
			return nil, err
		}
		if published.SignerKey != nil {
			if err := rules.CheckListSigner(r.Keys); err != nil {
				return nil, err
			}
		}
		if err := rules.CheckList(r, v, list, by.Now); err != nil {
			return nil, err
		}
		return []*rules.Step{{Event: ledger.Event{Action: ledger.ActionPublish, Detail: published}}}, nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// CheckSigner refuses a key that was revoked: see rules.CheckSigner.
func (b *Book) CheckSigner(ctx context.Context, key keys.PublicKey, rawDelegation []byte) error {
	return b.store.Read(ctx, func(t *store.Tx) error {
		revoked, err := t.RevokedKeys(store.KeepOfRoots)
		if err != nil {
			return err
		}
		return rules.CheckSigner(revoked, key, rawDelegation)
	})
}

// CheckListSigner refuses delegated keys where only roots sign lists any more: see
// rules.CheckListSigner.
func (b *Book) CheckListSigner(ctx context.Context) error {
	return b.store.Read(ctx, func(t *store.Tx) error {
		revoked, err := t.RevokedKeys(store.KeepOfNone)
		if err != nil {
			return err
		}
		return rules.CheckListSigner(revoked)
	})
}
