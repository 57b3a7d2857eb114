package verify

import (
	"fmt"

	"github.com/offlicense/offlicense/format"
)

// released refuses a license that its site has given up, or one of the same activation, of
// whatever epoch: with the release the vendor closes the activation, and a renewal that
// crossed it on its way must not open it again.
func (j *judgement) released() error {
	if j.facts.Site == nil {
		return nil
	}
	for _, r := range j.facts.Site.Released {
		if err := r.Refuse(j.claims); err != nil {
			return err
		}
	}
	return nil
}

// Refuse returns a *[Refusal] with [Released] for a license that the release has stopped.
func (r ReleasedLicense) Refuse(l *format.LicenseClaims) error {
	if r.License != l.ID && (r.Vendor != l.Issuer || r.Activation != l.Activation) {
		return nil
	}
	return &Refusal{
		Reason:   Released,
		Message:  "this site gave the license up on " + date(r.At),
		Expected: "a license of another activation",
		Found:    "activation " + quote(l.Activation),
		hint:     `make a new request with "offlicense request", send it to the vendor, and install the license that comes back`,
	}
}

// superseded refuses a license that is older than the installed one of its activation.
func (j *judgement) superseded() error {
	if j.facts.Site == nil || j.facts.Site.Installed == nil {
		return nil
	}
	installed := j.facts.Site.Installed.claims
	if installed.Issuer != j.claims.Issuer || installed.Activation != j.claims.Activation || installed.Terms.Epoch <= j.claims.Terms.Epoch {
		return nil
	}
	return &Refusal{
		Reason:   Superseded,
		Message:  "a later license for the same activation is installed",
		Expected: fmt.Sprintf("epoch %d or later", installed.Terms.Epoch),
		Found:    fmt.Sprintf("epoch %d, issued on %s", j.claims.Terms.Epoch, date(j.license.Issued)),
		hint:     "keep the installed license, or install the latest one from the vendor",
	}
}
