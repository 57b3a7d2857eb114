package service

import (
	"context"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/audit"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// ListSigner loads a staff key that was delegated for revocation lists, and refuses one
// that was revoked.
func (s *Service) ListSigner(ctx context.Context, key Key, now time.Time) (*Signer, error) {
	signer, err := s.staffSigner(ctx, key, signsRevocations, now)
	if err == nil {
		err = s.CheckListSigner(ctx)
	}
	if err != nil {
		return nil, err
	}
	return signer, nil
}

// RootSigner loads a root key to sign a revocation list, and refuses one that was revoked.
func (s *Service) RootSigner(ctx context.Context, key Key) (*Signer, error) {
	v, err := s.home.Verifier()
	if err != nil {
		return nil, err
	}
	roots, err := s.home.NamedRoots()
	if err != nil {
		return nil, err
	}
	signer, root, err := LoadRootKey(key, s.AgentSocket)
	if err != nil {
		return nil, err
	}
	if !HasKey(roots, root.PublicKey) {
		return nil, hint.Errorf("the key %s is none of this vendor's roots", root.Fingerprint()).
			WithHint("name the file of a root key; \"licensor roots\" shows which they are; nothing was signed")
	}
	if err := s.CheckSigner(ctx, root.PublicKey, nil); err != nil {
		return nil, err
	}
	return &Signer{"the root key " + root.Fingerprint(), &issuer.Issuer{Key: signer, Verifier: v, Random: s.Random}}, nil
}

// SignList signs a revocation list and returns the text of its file. It records nothing.
func (s *Service) SignList(signer *Signer, claims *format.RevocationClaims) ([]byte, error) {
	return issuer.SignList(signer.issuer.Key, signer.issuer.RawDelegation, *claims, signer.issuer.Verifier, s.Random)
}

// OpenList checks a revocation list that was signed elsewhere. It records nothing.
func (s *Service) OpenList(file []byte) (*verify.RevocationList, error) {
	v, err := s.home.Verifier()
	if err != nil {
		return nil, err
	}
	return v.OpenRevocationList(file)
}

// RecordList records a signed revocation list. Before that, no server is to see it.
func (s *Service) RecordList(ctx context.Context, by ledger.Operation, file []byte) (*verify.RevocationList, error) {
	v, err := s.home.Verifier()
	if err != nil {
		return nil, err
	}
	return s.Book.RecordList(ctx, by, v, file)
}

// NewestList returns the newest revocation list on record.
func (s *Service) NewestList(ctx context.Context) (*verify.RevocationList, error) {
	v, err := s.home.Verifier()
	if err != nil {
		return nil, err
	}
	list, err := s.openList(ctx, v, format.MaxRevocation)
	if err == nil && list == nil {
		err = hint.Errorf("no revocation list was signed yet").WithHint("licensor revocations%s --root-key FILE --out list.olv signs the first one", s.Flags)
	}
	return list, err
}

// RevocationReport is what revocations prints, with --json as it is.
type RevocationReport struct {
	Version  int              `json:"version"`
	Newest   *ReportedList    `json:"newest,omitempty"`
	Licenses []RevokedLicense `json:"licenses"`
	Keys     []RevokedKey     `json:"keys"`
}

// ReportedList is a list on record.
type ReportedList struct {
	Number  uint64    `json:"number"`
	Issued  time.Time `json:"issued"`
	Signer  string    `json:"signed_by"`
	AgeDays int64     `json:"age_days"`
}

// RevokedLicense is a license that is revoked.
type RevokedLicense struct {
	License    string    `json:"license"`
	Activation string    `json:"activation"`
	Since      time.Time `json:"since"`
	Why        string    `json:"why"`
	List       uint64    `json:"list,omitempty"` // missing: waits for the next one
}

// RevokedKey is a key that is revoked.
type RevokedKey struct {
	Name        string    `json:"name"`
	Fingerprint string    `json:"fingerprint"`
	Root        bool      `json:"root,omitempty"`
	Since       time.Time `json:"since"`
	Why         string    `json:"why"`
	List        uint64    `json:"list,omitempty"`
}

// Revocations reports what is revoked, and what of it waits for the next list.
func (s *Service) Revocations(ctx context.Context, now time.Time) (*RevocationReport, error) {
	r := &RevocationReport{Version: 1, Licenses: []RevokedLicense{}, Keys: []RevokedKey{}}
	v, err := s.home.Verifier()
	if err != nil {
		return nil, err
	}
	newest, err := s.openList(ctx, v, format.MaxRevocation)
	if err != nil {
		return nil, err
	}
	if newest != nil {
		r.Newest = &ReportedList{newest.Number, newest.Issued(), newest.Signer, int64(now.Sub(newest.Issued()) / (24 * time.Hour))}
	}
	recorded, err := s.Book.Revocations(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range recorded.Licenses {
		r.Licenses = append(r.Licenses, RevokedLicense{one.License.String(), one.Activation, one.Since, one.Why, one.List})
	}
	for _, one := range recorded.Keys {
		key, err := keys.NewPublicKey(one.Public)
		if err != nil {
			return nil, err
		}
		r.Keys = append(r.Keys, RevokedKey{one.Name, key.Fingerprint(), one.Root, one.Since, one.Why, one.List})
	}
	return r, nil
}

// Waiting names what is on no list yet.
func (r *RevocationReport) Waiting() []string {
	var all []string
	for _, one := range r.Keys {
		if one.List == 0 {
			all = append(all, one.What())
		}
	}
	for _, one := range r.Licenses {
		if one.List == 0 {
			all = append(all, "license "+one.What())
		}
	}
	return all
}

// What names the key.
func (k *RevokedKey) What() string {
	if k.Root {
		return "root key " + k.Name
	}
	return "key " + k.Name
}

// What names the license.
func (l *RevokedLicense) What() string { return l.License + " of " + l.Activation }

// JudgeKey says what of a key follows by the rules from the record: what staff look at
// before they revoke it.
func (s *Service) JudgeKey(ctx context.Context, key *FoundKey) (*audit.Judged, error) {
	v, err := s.home.Verifier()
	if err != nil {
		return nil, err
	}
	return audit.Judge(ctx, s.Store(), audit.Against{Verifier: v}, key.Key, key.Root)
}

// RevokeKey notes a key. What is on record of it and follows by the rules stays good, and
// of a root the delegations given; it returns how many signatures that are, and how many
// licenses of the key are late: recorded while it was judged, and not kept. With an
// override, a record that cannot be judged is kept unjudged.
func (s *Service) RevokeKey(ctx context.Context, by ledger.Operation, key *FoundKey, keep []Delegation) (kept, late int, err error) {
	var delegations [][]byte
	for _, d := range keep {
		delegations = append(delegations, d.raw)
	}
	judged, err := s.JudgeKey(ctx, key) // again: the person may have looked for long
	if err != nil && !by.Override {
		return 0, 0, err
	}
	var judgement *book.Judgement
	if err == nil {
		judgement = &book.Judgement{Events: judged.Report.Events, Refused: judged.Rejected}
	}
	return s.Book.RevokeKey(ctx, by, key.RevokedKey, judgement, delegations...)
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
