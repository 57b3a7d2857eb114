// Package staff has the pages of the vendor's staff: the desk. A page shows what package service
// knows; nothing is decided here. Package door lets people in and says what they may do by their
// rights, form has all that changes something, frame is what stands around every page. The operator
// of each event of the ledger is who is signed in.
package staff

import (
	"cmp"
	"embed"
	"maps"
	"net/http"
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/picture"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/door"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/form"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/frame"
)

// Pages are all pages of the desk.
type Pages struct {
	*door.Door // who is signed in, and the desk
	Service    *service.Service
	Brand      page.Brand
	Signing    form.Signing
	Pictures   *picture.Reader // of what is uploaded; nil: one that decodes no pictures

	frame    frame.Frame
	forms    *form.Forms
	counting counting
}

// Register registers all pages.
func (p *Pages) Register(s page.Site) {
	page.RegisterAssets(s, p.Brand)
	p.frame = frame.Frame{Brand: p.Brand.Name, Templates: templates, Log: p.Log, Nav: nav, Told: p.told, Done: maps.Clone(form.Done)}
	maps.Copy(p.frame.Done, door.Done)
	p.Door.Register(s, &p.frame)
	if p.Pictures == nil {
		p.Pictures = &picture.Reader{Limits: picture.ForStaff}
	}
	p.forms = &form.Forms{Door: p.Door, Service: p.Service, Signing: p.Signing, Pictures: p.Pictures}
	p.registerReading(s)
	p.forms.Register(s)
}

//go:embed templates
var files embed.FS

var templates = page.Parse(funcs, files, door.Templates, form.Templates)

// visit is one request of somebody who is signed in.
type visit struct {
	*frame.Visit
	*Pages
	by ledger.Operation // by whom, and when
}

// reading answers with a page that changes nothing, to those who have a right.
func (p *Pages) reading(right desk.Right, do func(*visit) error) http.HandlerFunc {
	return p.Reading(right, func(v *frame.Visit) error { return do(&visit{v, p, p.By(v)}) })
}

// Refused answers with a page what the site has refused, a web.Refusal.
func (p *Pages) Refused(w http.ResponseWriter, r *http.Request, status int, rule, detail, next string) {
	v := p.frame.Visit(w, r, nil)
	if rule != "host" { // else it is no request to these pages
		v.Who, _ = p.SignedIn(r)
	}
	switch rule {
	case "path", "method":
		v.Refuse(status, "Nothing here", "There is no page at this address.", "Look at the address for a slip, or begin at the first page.")
	case "host":
		v.Refuse(status, "Not at this address", "This desk is not known by that name.", "Open "+p.Origin.String()+", or start licensor serve with --staff-origin and the name that you use.")
	case "cross-origin":
		v.Refuse(status, "Not taken", detail, "Do it on the pages of this site themselves; nothing was changed.")
	default:
		v.Refuse(status, "Not taken", detail, next)
	}
}

// section is one of the links at the top.
type section struct {
	path, text string
	right      desk.Right
}

var sections = []section{
	{"/", "Overview", desk.Read},
	{"/queue", "Queue", desk.Read},
	{"/entitlements", "Sales", desk.Read},
	{"/customers", "Customers", desk.Read},
	{"/sell", "Sell", desk.Sell},
	{"/renewals", "Renewals", desk.Read},
	{"/ledger", "Ledger", desk.Read},
}

// within are the sections of the pages whose paths begin with no section's.
var within = map[string]string{
	"activations": "/entitlements", "licenses": "/entitlements", "lookup": "/entitlements", // they are of a sale
	"sign": "/queue", "release": "/queue", "letters": "/renewals", "revocations": "/ledger",
}

// nav are the sections that somebody may open.
func nav(r *http.Request, who *desk.User) (links []page.Link) {
	at := r.URL.Path
	first, _, _ := strings.Cut(strings.TrimPrefix(at, "/"), "/")
	at = cmp.Or(within[first], at)
	for _, s := range sections {
		if who.May(s.right) {
			here := at == s.path || s.path != "/" && strings.HasPrefix(at, s.path+"/")
			links = append(links, page.Link{To: s.path, Text: s.text, Here: here})
		}
	}
	return links
}
