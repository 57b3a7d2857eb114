package staff

import "github.com/offlicense/offlicense/cmd/licensor/internal/desk"

// registerChanges registers the forms that change something, by the right to it.
func (p *Pages) registerChanges(s Site) {
	p.changes(s, "/queue/{number}/sign", desk.Sign, (*visit).queueSign)
	p.changes(s, "/queue/{number}/refuse", desk.Sign, (*visit).queueRefuse)
	p.uploads(s, "/sign", desk.Sign, (*visit).signRequest)
	p.uploads(s, "/release", desk.Sign, (*visit).release)
}
