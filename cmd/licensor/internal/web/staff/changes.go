package staff

import (
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
)

// registerChanges registers the forms that change something, by the right to it.
func (p *Pages) registerChanges(s page.Site) {
	p.changes(s, "/queue/{number}/sign", desk.Sign, (*visit).queueSign)
	p.changes(s, "/queue/{number}/refuse", desk.Sign, (*visit).queueRefuse)
	p.uploads(s, "/sign", desk.Sign, (*visit).signRequest)
	p.uploads(s, "/release", desk.Sign, (*visit).release)
	p.changes(s, "/sell", desk.Sell, (*visit).sell)
	p.changes(s, "/entitlements/{invoice}/correct", desk.Sell, (*visit).correct)
	p.changes(s, "/entitlements/{invoice}/amend", desk.Sell, (*visit).amend)
	p.changes(s, "/entitlements/{invoice}/renew", desk.Sell, (*visit).renew)
	p.needs("/renewals", desk.Sell)
	s.Handle("POST /renewals", p.acting(desk.Sell, (*visit).renewMany))
	s.Handle("GET /renewals/done", p.reading(desk.Read, (*visit).renewed))
	p.changes(s, "/activations/{id}/deactivate", desk.Sign, (*visit).deactivate)
	p.uploads(s, "/activations/{id}/reactivate", desk.Sign, (*visit).reactivate)
	p.uploads(s, "/activations/{id}/move", desk.Sign, (*visit).move)
	p.changes(s, "/entitlements/{invoice}/sign-unbound", desk.Sign, (*visit).unbound)
	p.changes(s, "/activations/{id}/revoke", desk.Revoke, (*visit).revokeActivation)
	p.changes(s, "/licenses/{id}/revoke", desk.Revoke, (*visit).revokeLicense)
	p.uploads(s, "/revocations", desk.Revoke, (*visit).recordList)
	s.Handle("GET /revocations/newest", p.reading(desk.Read, (*visit).newestList))
	s.Handle("GET /letters", p.reading(desk.Read, (*visit).letters))
	s.Handle("GET /letters/mail", p.reading(desk.Read, (*visit).letter))
	for _, to := range standings {
		p.changes(s, "/entitlements/{invoice}/"+to.verb, desk.Revoke, to.page)
	}
}

// changed are the words of done for the forms that change something.
var changed = map[string]string{
	"sold":             "Recorded: the customer now makes a request with this invoice and e-mail address.",
	"corrected":        "Corrected, and on record.",
	"amended":          "Amended, and on record; what was signed anew is on the page of each server.",
	"renewed":          "Renewed, and on record; what was signed anew is on the page of each server.",
	"suspended":        "Suspended: nothing new is signed until it is resumed.",
	"resumed":          "Resumed: requests are signed as before.",
	"canceled":         "Canceled: its licenses wait for the next revocation list.",
	"deactivated":      "Its seat is free; its licenses wait for the next revocation list.",
	"move-canceled":    "The move is canceled: the old server keeps its license and its seat.",
	"reactivated":      "The seat is free and taken again: this is the license of its new server.",
	"moved":            "Both servers run for now: this is the license of the new one.",
	"revoked":          "Noted: its servers run on until the next revocation list reaches them.",
	"listed":           "The list is on record: now it may go to servers.",
	"already":          "That is on record already; nothing was done twice.",
	"signed":           "Signed, and on record.",
	"refused":          "Refused: whoever posts this request again reads what you said.",
	"released":         "The release is on record, and its seat is free.",
	"released-waits":   "The release is on record; its seat waits for the new server of the move, which asks for its license now.",
	"released-refused": "The release is on record, but the new server of the move gets no license: it makes a new request.",
}
