package service

import (
	"context"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// What --json prints of what was sold and of who is active: the same words wherever they
// stand.

// EntitlementView is an entitlement with who is active under it.
type EntitlementView struct {
	ledger.Entitlement
	State       ledger.Status    `json:"state"`
	HardEnd     time.Time        `json:"hard_end,omitzero"` // grace included
	SeatsUsed   uint64           `json:"seats_used"`
	DaysUsed    *uint64          `json:"emergency_days_used,omitempty"` // type failover: as releases report them
	Partner     bool             `json:"partner"`                       // the customer is one
	MoreEmails  []string         `json:"more_emails,omitempty"`         // besides email, those that may claim it
	Activations []ActivationView `json:"activations"`
}

// ActivationView is an activation with its newest license.
type ActivationView struct {
	ID         string        `json:"id"`
	State      ledger.Status `json:"state"`
	Site       string        `json:"site,omitempty"`
	Host       string        `json:"host,omitempty"`
	MachineKey string        `json:"machine_key,omitempty"`
	Since      time.Time     `json:"since"`
	Ended      time.Time     `json:"ended,omitzero"`  // when it was released, deactivated or voided
	Code       string        `json:"code,omitempty"`  // the comparison code of the newest request that was signed
	Waits      string        `json:"waits,omitempty"` // a bridge for which the seat waits: the comparison code of its request
	License    LicenseView   `json:"license"`
}

// LicenseView is a license on record.
type LicenseView struct {
	ID       format.ID `json:"id"`
	Epoch    uint64    `json:"epoch"`
	Issued   time.Time `json:"issued"`
	HardEnd  time.Time `json:"hard_end,omitzero"` // grace included
	SignedBy string    `json:"signed_by"`
	Revoked  time.Time `json:"revoked,omitzero"`
}

// ViewHolding shows an entitlement and its activations to a program.
func ViewHolding(h *ledger.Holding, partners ledger.Partners, now time.Time) EntitlementView {
	e := EntitlementView{
		Entitlement: h.Entitlement, State: h.Entitlement.Status(now), HardEnd: h.HardEnd(), SeatsUsed: h.SeatsUsed, MoreEmails: h.MoreEmails,
		Partner: partners.Has(h.Customer), Activations: []ActivationView{},
	}
	if h.Type == ledger.TypeFailover {
		e.DaysUsed = &h.DaysUsed
	}
	for i := range h.Activations {
		e.Activations = append(e.Activations, ViewActivation(&h.Activations[i], &h.Entitlement, now))
	}
	return e
}

// ViewActivation shows an activation to a program.
func ViewActivation(a *ledger.Held, e *ledger.Entitlement, now time.Time) ActivationView {
	license := ViewLicense(a.License)
	license.Revoked = a.Revoked
	return ActivationView{
		ID: a.ID, State: a.Status(e, now), Site: a.Site, Host: a.Host, MachineKey: fingerprint(a.MachineKey),
		Since: a.Since, Ended: a.Ended, Code: a.Code, Waits: a.Waits, License: license,
	}
}

// ViewLicense shows a license to a program. Whether it was revoked it does not say.
func ViewLicense(l *ledger.License) LicenseView {
	return LicenseView{ID: l.ID, Epoch: l.Epoch, Issued: l.Issued, HardEnd: l.HardEnd, SignedBy: l.SignedBy}
}

// fingerprint is empty for a license that is bound to no machine.
func fingerprint(machineKey []byte) string {
	if len(machineKey) == 0 {
		return ""
	}
	key, err := keys.NewPublicKey(machineKey)
	if err != nil {
		return "damaged: " + err.Error()
	}
	return key.Fingerprint()
}

// ViewEntitlement shows an entitlement as it is on record to a program.
func (s *Service) ViewEntitlement(ctx context.Context, invoice string, now time.Time) (*EntitlementView, error) {
	h, err := s.Holding(ctx, invoice)
	if err != nil {
		return nil, err
	}
	partners, err := s.Partners(ctx)
	if err != nil {
		return nil, err
	}
	view := ViewHolding(h, partners, now)
	return &view, nil
}

// DelegationView is what a delegation says.
type DelegationView struct {
	Vendor string      `json:"vendor"`
	Name   string      `json:"name"`
	Scope  ListedScope `json:"scope"`
	From   time.Time   `json:"from"`
	Until  time.Time   `json:"until"`
}

// ViewDelegation shows a delegation to a program.
func ViewDelegation(d *format.DelegationClaims) DelegationView {
	s := &d.Scope
	return DelegationView{d.Issuer, d.Name, ListedScope{
		append([]string{}, s.Products...), append([]string{}, s.Types...),
		float64(s.MaxTerm) / SecondsPerDay, s.MaxSeats, s.Weakest.String(), s.Perpetual, s.Revocations,
	}, time.Unix(d.NotBefore, 0).UTC(), time.Unix(d.Expires, 0).UTC()}
}
