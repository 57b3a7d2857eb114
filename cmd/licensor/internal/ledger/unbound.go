package ledger

import (
	"context"
	"strings"
)

// SignUnbound gives out a license for any machine, under an entitlement that was sold
// so. It needs no request. name says which copy it is, such as the customer's branch,
// and may be empty; each name is one activation and takes one seat. The same name again
// returns the same license.
func (l *Ledger) SignUnbound(ctx context.Context, by Operation, invoice, name string, issue Issue) (*License, error) {
	name = strings.TrimSpace(name)
	var license *License
	var signed *step
	plan := func(p *planner) error {
		var err error
		license, signed, err = p.signUnbound(invoice, name)
		return err
	}
	if err := l.carryOut(ctx, by, issue, plan, nil); err != nil {
		return nil, err
	}
	if signed != nil {
		license = signed.event.Detail.(*Signed).License
	}
	return license, nil
}

func (p *planner) signUnbound(invoice, name string) (*License, *step, error) {
	e, err := p.mustBeSold(invoice)
	if err != nil {
		return nil, nil, err
	}
	if !e.Unbound {
		return nil, nil, refuse(RuleUnbound, "sales, with \"licensor amend --unbound\"", "have the customer make a request",
			"invoice %q was not sold as a license for any machine", invoice)
	}
	if e.Type == failover {
		return nil, nil, refuse(RuleUnbound, liftNobody, "have the customer make a request on the server",
			"a %s license counts its days of emergency on one server, and one for any machine would count them on each", failover)
	}
	earlier, err := p.activations(`a.invoice = $1 AND a.state IN ('active', 'bridge') AND a.machine_key IS NULL AND a.site = $2`, invoice, name)
	if err != nil {
		return nil, nil, err
	}
	if len(earlier) > 0 {
		license, err := p.transaction.license("l.id = $1", earlier[0].license)
		return license, nil, err
	}
	if err := p.checkLicense(e.Entitlement); err != nil {
		return nil, nil, err
	}
	if err := p.checkFree(e); err != nil {
		return nil, nil, err
	}
	id, err := p.newID(invoice + " unbound " + name)
	if err != nil {
		return nil, nil, err
	}
	g, err := p.grant(e, id, 1, nil)
	if err != nil {
		return nil, nil, err
	}
	a := &Activation{ID: id, Seat: id, State: StateActive, Site: name, Since: whole(p.by.Now)}
	return nil, p.license(ActionSign, g, a), nil
}
