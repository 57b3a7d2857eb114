package audit

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// license judges a license on record. step is what the rules say of it; nil if they
// refuse it: then it is held against what was sold and what it says of itself.
func (a *audit) license(p *prepared, step *rules.Step) {
	g := a.grant(p, step)
	if p.forged != "" {
		a.report.add("licenses", p.license.ID.String(), "", "%s", p.forged)
		p.refused = true
	} else if p.request != nil && p.request.Signed {
		a.judged.requests++
	}
	if g == nil { // counted as read, and not as judged
		return
	}
	a.judged.licenses++
	if text := a.checkLicense(p, g); text != "" {
		a.report.add("licenses", p.license.ID.String(), "", "%s", text)
		p.refused = true
	}
}

// grant returns what a license must say, nil if nothing was sold that it could say.
func (a *audit) grant(p *prepared, step *rules.Step) *ledger.Grant {
	if step != nil && step.Grant != nil {
		return step.Grant
	}
	of := a.state.sales[p.event.Invoice]
	if of == nil {
		return nil
	}
	l := p.license
	g := &ledger.Grant{Entitlement: of.Entitlement, Activation: l.Activation, Epoch: l.Epoch, Request: p.request, Components: p.named, Need: l.Need}
	if !l.HardEnd.Equal(g.HardEnd()) {
		g.BridgeUntil = l.HardEnd
	}
	return g
}

// checkLicense returns what is wrong with a license, empty for nothing. No rule that
// staff may lift is among it.
func (a *audit) checkLicense(p *prepared, g *ledger.Grant) string {
	l := p.license
	if p.wrong != "" {
		return p.wrong
	}
	claims := g.Claims(a.state.vendor, l.ID, l.Issued, l.Floor)
	payload, err := claims.Marshal()
	switch {
	case err != nil:
		return fmt.Sprintf("no license can say what was granted: %v", err)
	case !bytes.Equal(payload, p.payload):
		return otherTerm(claims, p.payload)
	case !l.Issued.Equal(p.event.Time):
		return fmt.Sprintf("the license was issued on %s, and recorded on %s", hardEnd(l.Issued), hardEnd(p.event.Time))
	case p.by.claims.Name != l.SignedBy:
		return fmt.Sprintf("the license is signed by %.64q, and the record says %.64q", p.by.claims.Name, l.SignedBy)
	case !bytes.Equal(p.by.key.Bytes(), l.SignerKey):
		return fmt.Sprintf("the license is signed by the key %s, and the record says %s", show(p.by.key.Bytes()), show(l.SignerKey))
	}
	if err := verify.CheckScope(p.by.claims, claims); err != nil {
		return fmt.Sprintf("the license does not verify: %v", err)
	}
	if text := a.state.checkFloor(l.Floor, l.Issued); text != "" {
		return text
	}
	return a.state.checkSigner(p.by)
}

// otherTerm says in what a license differs from what was granted.
func otherTerm(due *format.LicenseClaims, payload []byte) string {
	is, err := format.UnmarshalLicense(payload)
	if err != nil {
		return fmt.Sprintf("the license does not verify: %v", err)
	}
	says, granted := terms(is), terms(due)
	for i := range says {
		if says[i] != granted[i] {
			return fmt.Sprintf("the license says %s %.64q, and what was granted %.64q", says[i].name, says[i].value, granted[i].value)
		}
	}
	return "the license says what was granted in other bytes"
}

type term struct{ name, value string }

// terms lists what a license says.
func terms(c *format.LicenseClaims) []term {
	b := c.Binding
	if b == nil {
		b = new(format.Binding)
	}
	request := b.Request[:]
	if c.Binding == nil {
		request = nil
	}
	all := []term{
		{"vendor", c.Issuer}, {"id", c.ID.String()}, {"activation", c.Activation}, {"product", c.Product},
		{"end", hardEnd(ledger.TimeOf(c.Expires))}, {"beginning", fmt.Sprint(c.NotBefore)}, {"time of issue", hardEnd(ledger.TimeOf(c.IssuedAt))},
		{"request", boundTo(request)}, {"machine key", boundTo(b.Key)}, {"needed components", fmt.Sprint(b.Need)}, {"components", fmt.Sprint(b.Components)},
	}
	t := reflect.ValueOf(c.Terms)
	for i := range t.NumField() {
		all = append(all, term{strings.ToLower(t.Type().Field(i).Name), fmt.Sprint(t.Field(i))})
	}
	return all
}

func hardEnd(end time.Time) string {
	if end.IsZero() {
		return "never"
	}
	return end.Format(time.RFC3339)
}

// boundTo writes the hash or the key that a license is bound to.
func boundTo(b []byte) string {
	if len(b) == 0 {
		return "none"
	}
	return hex.EncodeToString(b)
}
