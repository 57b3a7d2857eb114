// Package form has the forms with which the vendor's staff change something.
package form

import (
	"context"
	"embed"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/picture"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/door"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/frame"
)

// Forms are all forms.
type Forms struct {
	*door.Door
	Service  *service.Service
	Signing  Signing
	Pictures *picture.Reader // of what is uploaded

	rights map[string]desk.Right // that each needs, by their paths: nobody is led to one that they may not open
}

// Signing signs with the service's key, a [service.Activator].
type Signing interface {
	Issue(ctx context.Context, by ledger.Operation) ledger.Issue
	Issued(n int)
}

// Templates are those of the forms, beside those of the desk.
//
//go:embed templates
var Templates embed.FS

// Register registers the forms, by the right to each.
func (f *Forms) Register(s page.Site) {
	f.Door.Kept, f.rights = f.keeps, make(map[string]desk.Right)
	f.changes(s, "/queue/{number}/sign", desk.Sign, (*visit).queueSign)
	f.changes(s, "/queue/{number}/refuse", desk.Sign, (*visit).queueRefuse)
	f.uploads(s, "/sign", desk.Sign, (*visit).signRequest)
	f.uploads(s, "/release", desk.Sign, (*visit).release)
	f.changes(s, "/sell", desk.Sell, (*visit).sell)
	f.changes(s, "/entitlements/{invoice}/correct", desk.Sell, (*visit).correct)
	f.changes(s, "/entitlements/{invoice}/amend", desk.Sell, (*visit).amend)
	f.changes(s, "/entitlements/{invoice}/renew", desk.Sell, (*visit).renew)
	f.rights["/renewals"] = desk.Sell
	s.Handle("POST /renewals", f.Acting(desk.Sell, f.visit((*visit).renewMany)))
	s.Handle("GET /renewals/done", f.Reading(desk.Read, f.visit((*visit).renewed)))
	f.changes(s, "/activations/{id}/deactivate", desk.Sign, (*visit).deactivate)
	f.uploads(s, "/activations/{id}/reactivate", desk.Sign, (*visit).reactivate)
	f.uploads(s, "/activations/{id}/move", desk.Sign, (*visit).move)
	f.changes(s, "/entitlements/{invoice}/sign-unbound", desk.Sign, (*visit).unbound)
	f.changes(s, "/activations/{id}/revoke", desk.Revoke, (*visit).revokeActivation)
	f.changes(s, "/licenses/{id}/revoke", desk.Revoke, (*visit).revokeLicense)
	f.uploads(s, "/revocations", desk.Revoke, (*visit).recordList)
	s.Handle("GET /revocations/newest", f.Reading(desk.Read, f.visit((*visit).newestList)))
	s.Handle("GET /letters", f.Reading(desk.Read, f.visit((*visit).letters)))
	s.Handle("GET /letters/mail", f.Reading(desk.Read, f.visit((*visit).letter)))
	for _, to := range standings {
		f.changes(s, "/entitlements/{invoice}/"+to.verb, desk.Revoke, to.page)
	}
}

// changes registers a form.
func (f *Forms) changes(s page.Site, path string, right desk.Right, do func(*visit) error) {
	f.rights[path] = right
	s.Handle("GET "+path, f.Reading(right, f.visit(do)))
	s.Handle("POST "+path, f.Acting(right, f.visit(do)))
}

// uploads registers a form that takes a statement, pasted, as a file or as photos.
func (f *Forms) uploads(s page.Site, path string, right desk.Right, do func(*visit) error) {
	f.rights[path] = right
	s.Handle("GET "+path, f.Reading(right, f.visit(do)))
	s.HandleUpload("POST "+path, int64(f.Pictures.Limits.Bytes), f.Acting(right, f.visit(do)))
}

// Has reports whether there is a form at a path.
func (f *Forms) Has(path string) bool { return f.rights[path] != "" }

// MayOpen reports whether there is a form, and somebody has the right to it.
func (f *Forms) MayOpen(who *desk.User, path string) bool {
	return f.Has(path) && who.May(f.rights[path])
}

// visit is one request to a form.
type visit struct {
	*frame.Visit
	*Forms
	by ledger.Operation // by whom, and when
}

func (f *Forms) visit(do func(*visit) error) func(*frame.Visit) error {
	return func(v *frame.Visit) error { return do(&visit{v, f, f.By(v)}) }
}

// Done says what the forms have done, by words.
var Done = map[string]string{
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
