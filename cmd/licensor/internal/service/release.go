package service

import (
	"context"
	"errors"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// ReleasePreview is a release that was checked, and what it gives up.
type ReleasePreview struct {
	*verify.Release
	Record  *ledger.License // the license, as the ledger has it
	Request *verify.Request // that it answers
}

// OpenRelease checks a release by the machine key on record.
func (s *Service) OpenRelease(ctx context.Context, file []byte) (*ReleasePreview, error) {
	var p ReleasePreview
	release, err := verify.OpenRelease(file, func(id format.ID) (keys.PublicKey, error) {
		var err error
		if p.Record, p.Request, err = s.Issued(ctx, id); err != nil {
			return keys.PublicKey{}, foreignRelease(file, s.Vendor(), err)
		}
		if p.Request == nil {
			return keys.PublicKey{}, hint.Errorf("the license %s is bound to no machine, so no machine can give it up", id).
				WithHint("to close it: licensor deactivate INVOICE --activation %s --why TEXT", p.Record.Activation)
		}
		return p.Request.Key, nil
	})
	if err != nil {
		return nil, err
	}
	if release.Vendor != s.Vendor() || release.Activation != p.Record.Activation {
		return nil, hint.Errorf("the release contradicts the record: it gives the activation %s back to %s, and the license on record is %s of %s",
			text.Quote(release.Activation), text.Quote(release.Vendor), p.Record.Activation, s.Vendor()).
			WithHint("ask for the release that \"offlicense release\" wrote on the licensed server")
	}
	p.Release = release
	return &p, nil
}

// Release records a release and frees its seat. Where a move waits for it, the new server
// gets its license.
func (s *Service) Release(ctx context.Context, by ledger.Operation, p *ReleasePreview, key Key) (*Released, error) {
	signer := s.lazySigner(ctx, key, by)
	result, err := s.RecordRelease(ctx, by, p, signer.issue)
	return result, signer.explain(err)
}

// RecordRelease is Release with what signs.
func (s *Service) RecordRelease(ctx context.Context, by ledger.Operation, p *ReleasePreview, issue ledger.Issue) (*Released, error) {
	return s.Book.Release(ctx, by, rules.Releasing{
		License: p.License, Key: p.Request.Key, EmergencyDays: p.EmergencyDays, Raw: p.Raw,
	}, issue)
}

// foreignRelease says of a release whose license is not on record that it is for
// another vendor, if that is what it says. Nobody has vouched for it.
func foreignRelease(file []byte, vendor string, notFound error) error {
	var refusal *ledger.Refusal
	raw, err := format.DecodeTextAs(file, format.Release)
	if err != nil || !errors.As(notFound, &refusal) {
		return notFound
	}
	s, err := format.ParseStatement(raw, format.Release)
	if err != nil {
		return notFound
	}
	claims, err := format.UnmarshalRelease(s.UnverifiedPayload())
	if err != nil || strings.EqualFold(claims.Vendor, vendor) {
		return notFound
	}
	return hint.Errorf("the release is for the vendor %s, and this is the ledger of %s", text.Quote(claims.Vendor), vendor).
		WithHint("send it to that vendor; or name that vendor's home with --home")
}
