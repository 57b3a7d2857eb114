package service

import (
	"context"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// RevokeKey notes a key. What is on record of it stays good, and of a root the delegations
// given; it returns how many signatures that are.
func (s *Service) RevokeKey(ctx context.Context, by ledger.Operation, key *FoundKey, keep []Delegation) (kept int, err error) {
	var delegations [][]byte
	for _, d := range keep {
		delegations = append(delegations, d.raw)
	}
	return s.Book.RevokeKey(ctx, by, key.RevokedKey, delegations...)
}

// Delegation is a delegation of the home.
type Delegation struct {
	Name string
	Key  keys.PublicKey
	raw  []byte
}

// DelegationsBy returns the delegations of the home that a root has signed, and that are
// in force now. They came here through the hands of its owner, who is shown them again:
// a thief of the root can make others, under whatever date, but not bring them into this
// home.
func (s *Service) DelegationsBy(root keys.PublicKey, now time.Time) ([]Delegation, error) {
	v, err := s.home.Verifier()
	if err != nil {
		return nil, err
	}
	here, err := s.home.StaffKeys(v)
	if err != nil {
		return nil, err
	}
	var all []Delegation
	for _, k := range here {
		d := k.Delegation
		if d == nil || d.IssuedAt > now.Unix() || d.Expires <= now.Unix() {
			continue
		}
		signed, err := format.ParseStatement(k.RawDelegation, format.Delegation)
		if err != nil {
			return nil, err
		}
		if ledger.SignedBy(root, signed) {
			name, key, err := ledger.DelegatedKey(signed)
			if err != nil {
				return nil, err
			}
			all = append(all, Delegation{name, key, k.RawDelegation})
		}
	}
	return all, nil
}
