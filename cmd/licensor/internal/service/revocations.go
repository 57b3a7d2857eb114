package service

import (
	"context"
	"time"

	"github.com/offlicense/offlicense/keys"
)

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
	newest, err := s.newestList(ctx, v)
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
