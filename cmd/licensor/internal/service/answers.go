package service

import (
	"context"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// What a change answers to a program: --json of a command, and the service over the network.

// EntitlementAnswer is what was sold, as it is on record now.
type EntitlementAnswer struct {
	Version     int              `json:"version"`
	Entitlement *EntitlementView `json:"entitlement"`
}

// CorrectionAnswer is EntitlementAnswer after a correction.
type CorrectionAnswer struct {
	EntitlementAnswer
	Changed bool `json:"changed"` // false: it was so already
}

// RevisionAnswer is EntitlementAnswer after a renewal or an amendment.
type RevisionAnswer struct {
	EntitlementAnswer
	Changed  bool        `json:"changed"` // false: it was so already
	Licenses []Delivered `json:"licenses"`
}

// StandingAnswer says how a sale stands that was suspended, resumed or canceled.
type StandingAnswer struct {
	Version  int           `json:"version"`
	Invoice  string        `json:"invoice"`
	State    ledger.Status `json:"state"`
	Changed  bool          `json:"changed"` // false: it was so already
	ToRevoke []format.ID   `json:"to_revoke,omitempty"`
}

// LicenseAnswer is the license that was given out.
type LicenseAnswer struct {
	Version int `json:"version"`
	*Delivered
	Again    bool        `json:"again,omitempty"`     // it was on record already
	ToRevoke []format.ID `json:"to_revoke,omitempty"` // what waits for the next revocation list
}

// Delivered is a license that goes to a server.
type Delivered struct {
	Invoice    string      `json:"invoice,omitempty"`
	Activation string      `json:"activation"`
	Site       string      `json:"site,omitempty"`
	Host       string      `json:"host,omitempty"`
	License    LicenseView `json:"license"`
	Code       string      `json:"code,omitempty"`    // the license's comparison code, which install shows, too
	Carried    string      `json:"carried,omitempty"` // the text of its QR code, with --qr
	Output
}

// Output says in an answer where a text is that was made, or has it.
type Output struct {
	File string `json:"file,omitempty"`
	Text string `json:"text,omitempty"`
}

// AnswerEntitlement answers with what was sold.
func (s *Service) AnswerEntitlement(ctx context.Context, invoice string, now time.Time) (EntitlementAnswer, error) {
	view, err := s.ViewEntitlement(ctx, invoice, now)
	return EntitlementAnswer{1, view}, err
}

// Delivered shows a license to a program, with the place that its request names.
func (s *Service) Delivered(ctx context.Context, license *ledger.License, out Output) (*Delivered, error) {
	d := &Delivered{Activation: license.Activation, License: ViewLicense(license), Output: out}
	_, q, err := s.Issued(ctx, license.ID)
	if err != nil {
		return nil, err
	}
	if q != nil { // it is bound to a machine
		d.Invoice, d.Site, d.Host = q.Invoice, q.Site, q.Host
	}
	return d, nil
}

// DeliveredText is Delivered with the text of the license file and its comparison code.
func (s *Service) DeliveredText(ctx context.Context, texts *LicenseTexts, license *ledger.License) (*Delivered, error) {
	file, err := texts.Text(license)
	if err != nil {
		return nil, err
	}
	d, err := s.Delivered(ctx, license, Output{Text: string(file)})
	if err != nil {
		return nil, err
	}
	kind, raw, err := format.DecodeText(file)
	if err != nil {
		return nil, err
	}
	d.Code, err = format.CodeOf(kind, raw)
	return d, err
}
