package service

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// WarnOfScope warns of BeyondKeys.
func (s *Service) WarnOfScope(now time.Time, sold ...*ledger.Entitlement) {
	if beyond := s.BeyondKeys(now, sold...); beyond != "" {
		s.warnf("%s", beyond)
	}
}

// BeyondKeys says that no staff key of the home may sign what was sold, "" if one may. It is
// no error: somebody else's key may, and a home without keys is that of a workstation
// that only records.
func (s *Service) BeyondKeys(now time.Time, sold ...*ledger.Entitlement) string {
	delegations, err := s.home.Delegations()
	delegations = slices.DeleteFunc(delegations, func(d *format.DelegationClaims) bool { return d.Scope.Revocations })
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(delegations) == 0 {
		return ""
	}
	if err != nil {
		return fmt.Sprintf("it is not known whether a staff key here may sign this: %v", err)
	}
	var first *ledger.Entitlement
	beyond := 0
	for _, e := range sold {
		if len(s.outOfScope(delegations, now, e)) == len(delegations) {
			if beyond++; first == nil {
				first = e
			}
		}
	}
	if beyond == 0 {
		return ""
	}
	what := "such a license"
	if len(sold) > 1 {
		what = fmt.Sprintf("licenses for %d of them; the first is %s", beyond, first.Invoice)
	}
	return fmt.Sprintf("no staff key here may sign %s: %s; ask the holder of the root key for a wider delegation",
		what, strings.Join(s.outOfScope(delegations, now, first), "; "))
}

// outOfScope says of each delegation that does not cover an entitlement why not.
func (s *Service) outOfScope(delegations []*format.DelegationClaims, now time.Time, e *ledger.Entitlement) []string {
	e = e.Begun(now)
	sample := format.LicenseClaims{Issuer: s.Vendor(), Product: e.Product, IssuedAt: now.Unix(), Terms: e.Terms()}
	if end := e.HardEnd(); !end.IsZero() {
		sample.Expires = end.Unix()
	}
	if e.Weakest() != format.StrengthAny {
		sample.Binding = &format.Binding{Need: 1, Components: []format.Component{{Label: format.LabelMachineID}}}
	}
	var all []string
	for _, d := range delegations {
		var refusal *verify.Refusal
		if errors.As(verify.CheckScope(d, &sample), &refusal) {
			all = append(all, fmt.Sprintf("%q allows %s, this is %s", d.Name, refusal.Expected, refusal.Found))
		}
	}
	return all
}
