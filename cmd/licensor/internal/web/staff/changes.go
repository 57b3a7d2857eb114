package staff

import "github.com/offlicense/offlicense/cmd/licensor/internal/desk"

// registerChanges registers the forms that change something, by the right to it.
func (p *Pages) registerChanges(s Site) {
	p.changes(s, "/queue/{number}/sign", desk.Sign, (*visit).queueSign)
	p.changes(s, "/queue/{number}/refuse", desk.Sign, (*visit).queueRefuse)
	p.uploads(s, "/sign", desk.Sign, (*visit).signRequest)
	p.uploads(s, "/release", desk.Sign, (*visit).release)
	p.changes(s, "/sell", desk.Sell, (*visit).sell)
	p.changes(s, "/entitlements/{invoice}/correct", desk.Sell, (*visit).correct)
	p.changes(s, "/entitlements/{invoice}/amend", desk.Sell, (*visit).amend)
	p.changes(s, "/entitlements/{invoice}/renew", desk.Sell, (*visit).renew)
	for _, to := range standings {
		p.changes(s, "/entitlements/{invoice}/"+to.verb, desk.Revoke, to.page)
	}
}
