package service

import (
	"context"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// LicenseTexts makes the texts of license files, each with the newest revocation list
// that fits into one. The ledger holds the licenses without it: one that is written again
// next year carries next year's list.
type LicenseTexts struct {
	verifier *verify.Verifier
	list     *verify.RevocationList // nil: there is none, or none fits
	newest   *verify.RevocationList // of whatever length
	warn     *Options
}

// LicenseTexts opens the list that is attached, and warns if a newer one is too long.
func (s *Service) LicenseTexts(ctx context.Context) (*LicenseTexts, error) {
	v, err := s.home.Verifier()
	if err != nil {
		return nil, err
	}
	newest, err := s.openList(ctx, v, format.MaxRevocation)
	if err != nil {
		return nil, err
	}
	if newest == nil || FitsLicense(newest.Raw) {
		return &LicenseTexts{v, newest, newest, &s.Options}, nil
	}
	list, err := s.openList(ctx, v, MaxAttachedList)
	if err != nil {
		return nil, err
	}
	instead := "none is attached"
	if list != nil {
		instead = fmt.Sprintf("list %d is attached", list.Number)
	}
	s.warnf("revocation list %d is too long to be attached to a license (%d bytes, at most %d), and %s; send it too: licensor revocations%s --newest --out list.olv",
		newest.Number, len(newest.Raw), MaxAttachedList, instead, s.Flags)
	return &LicenseTexts{v, list, newest, &s.Options}, nil
}

// MaxAttachedList is the most bytes of a revocation list in a license file.
const MaxAttachedList = issuer.MaxAttachedList

// FitsLicense reports whether a list has room in license files.
func FitsLicense(list []byte) bool { return len(list) <= MaxAttachedList }

// openList opens the newest list of the ledger of at most so many bytes; nil: there is none.
func (s *Service) openList(ctx context.Context, v *verify.Verifier, most int) (*verify.RevocationList, error) {
	raw, err := s.Book.NewestList(ctx, most)
	if err != nil || raw == nil {
		return nil, err
	}
	list, err := v.OpenRevocationList([]byte(format.EncodeText(format.RevocationFile, raw)))
	if err != nil {
		return nil, hint.Errorf("a revocation list of the ledger: %w", err).
			WithHint("compare root.pub with the home where the list was signed; \"licensor audit\" checks the ledger")
	}
	return list, nil
}

// Text returns the text of a license file with the list. It warns of a license that is on
// record, is written again, and is no longer valid: a key behind it was revoked. Of one
// that was revoked by itself the ledger says so.
func (t *LicenseTexts) Text(license *ledger.License) ([]byte, error) {
	file := license.File
	if t.newest != nil && len(t.newest.Keys) > 0 {
		opened, err := t.verifier.Open(format.EncodeFile(format.LicenseFile, file))
		if err != nil {
			return nil, err
		}
		if ended, without := t.newest.Revokes(opened.Chain()); ended || without {
			t.warn.warnf("license %s is no longer valid: revocation list %d revokes the key that signed it, %s, or the root behind that, and does not keep the license; \"licensor audit\" says more",
				license.ID, t.newest.Number, text.Quote(license.SignedBy))
		}
	}
	if t.list != nil {
		var err error
		if file, err = format.AttachList(file, t.list.Raw); err != nil {
			return nil, err
		}
	}
	return format.EncodeFile(format.LicenseFile, file), nil
}
