// Package staff has the pages of the vendor's staff: the desk. A page shows what package
// service knows, and a form does what it does; nothing is decided here. Whoever opens a page is
// signed in, and what they may do is said by their rights; the operator of each event of the
// ledger is who is signed in.
package staff

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/picture"
)

// Pages are all pages of the desk.
type Pages struct {
	Service  *service.Service
	Desk     *desk.Desk
	Brand    page.Brand
	Signing  Signing
	Random   io.Reader
	Now      func() time.Time
	Log      *slog.Logger
	Pictures *picture.Reader // of what is uploaded; nil: one that decodes no pictures
	Origin   *url.URL        // under which these pages are reached

	// SignedIn returns who has sent a request, nil for nobody; nil: whose session it is.
	SignedIn func(*http.Request) (*desk.User, error)

	sessions sessions
	passkeys passkeys
	counting counting
	forms    map[string]desk.Right // by their paths, the right that each needs
}

// Signing signs with the service's key, a [service.Activator].
type Signing interface {
	Issue(ctx context.Context, by ledger.Operation) ledger.Issue
	Issued(n int)
}

// Register registers all pages.
func (p *Pages) Register(s page.Site) {
	if p.SignedIn == nil {
		p.SignedIn = p.bySession
	}
	if p.Origin == nil {
		p.Origin = new(url.URL) // nowhere
	}
	page.RegisterAssets(s, p.Brand)
	p.registerDoor(s)
	p.registerPasskeys(s)
	p.registerReading(s)
	p.registerChanges(s)
}

//go:embed templates
var files embed.FS

var templates = page.Parse(files, funcs)

// visit is one request of somebody who is signed in.
type visit struct {
	*Pages
	w   http.ResponseWriter
	r   *http.Request
	who *desk.User
	by  ledger.Operation // by whom, and when

	script string // of the assets, that the page loads
}

// reading answers with a page that changes nothing, to those who have a right.
func (p *Pages) reading(right desk.Right, do func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if v := p.enter(w, r, right); v != nil {
			if err := do(v); err != nil {
				v.failed(err)
			}
		}
	}
}

// acting answers a form that changes something, and is carried out even if its sender is gone.
func (p *Pages) acting(right desk.Right, do func(*visit) error) http.HandlerFunc {
	return p.reading(right, func(v *visit) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(v.r.Context()), actingTime)
		defer cancel()
		v.r = v.r.WithContext(ctx)
		return do(v)
	})
}

const actingTime = 25 * time.Second

// enter finds who is there, or shows the door.
func (p *Pages) enter(w http.ResponseWriter, r *http.Request, right desk.Right) *visit {
	who, err := p.SignedIn(r)
	v := &visit{Pages: p, w: w, r: r, who: who}
	switch {
	case err != nil:
		v.failed(err)
	case who == nil:
		v.toDoor()
	case !who.May(right):
		v.refuse(http.StatusForbidden, "Not yours to do", "You do not have the right "+string(right)+".", "Somebody at the vendor's workstation gives it: licensor desk user add "+who.Name+" --right "+who.With(right))
	default:
		v.by = ledger.Operation{Operator: who.Name, Now: p.Now(), Random: p.Random}
		return v
	}
	return nil
}

// show answers with a page.
func (v *visit) show(name, title string, body any) error {
	return v.write(http.StatusOK, name, title, body, nil)
}

// again shows a form again, with what was typed and what is wrong with it. What is the
// service's own trouble is told as such.
func (v *visit) again(name, title string, body any, err error) error {
	if isTrouble(err) {
		return err
	}
	return v.write(http.StatusUnprocessableEntity, name, title, body, err)
}

func (v *visit) write(status int, name, title string, body any, err error) error {
	return templates.Write(v.w, status, name, page.View{
		Title: title, Brand: v.Brand.Name, Who: v.name(), Nav: v.nav(), Body: body, Script: v.script,
		Error: v.told(err), Notice: doneBy(v.r.URL.Query().Get("done")),
	})
}

// done says what a form has done: the page after it is told which by a word, so that no link can
// put a sentence of its own onto a page.
var done = map[string]string{
	"signed-out":      "You are signed out.",
	"passkey-added":   "The passkey is added: the next time you sign in with it.",
	"passkey-removed": "The passkey is removed, and other browsers in which you were signed in are signed out.",
}

func doneBy(word string) string { return cmp.Or(done[word], changed[word]) }

// see goes on to the page that shows what was done.
func (v *visit) see(to, word string) error {
	if doneBy(word) == "" && word != "" {
		panic("no sentence for " + word)
	}
	if word != "" {
		to += "?done=" + word
	}
	page.See(v.w, to)
	return nil
}

func (v *visit) name() string {
	if v.who == nil {
		return ""
	}
	return v.who.Name
}

// refuse answers with a page that says why there is nothing else.
func (v *visit) refuse(status int, title, what, next string) {
	err := templates.Write(v.w, status, "refused", page.View{
		Title: title, Brand: v.Brand.Name, Who: v.name(), Nav: v.nav(), Error: &page.Error{What: what, Next: next},
	})
	if err != nil {
		v.Log.Error("page", "error", err.Error())
	}
}

// Refused answers with a page what the site has refused, a web.Refusal.
func (p *Pages) Refused(w http.ResponseWriter, r *http.Request, status int, rule, detail, next string) {
	v := &visit{Pages: p, w: w, r: r}
	if rule != "host" { // else it is no request to these pages
		v.who, _ = p.SignedIn(r)
	}
	switch rule {
	case "path", "method":
		v.refuse(status, "Nothing here", "There is no page at this address.", "Look at the address for a slip, or begin at the first page.")
	case "host":
		v.refuse(status, "Not at this address", "This desk is not known by that name.", "Open "+p.Origin.String()+", or start licensor serve with --staff-origin and the name that you use.")
	case "cross-origin":
		v.refuse(status, "Not taken", detail, "Do it on the pages of this site themselves; nothing was changed.")
	default:
		v.refuse(status, "Not taken", detail, next)
	}
}

// failed tells an error that no form has: a person mends it, or it is trouble for the log.
func (v *visit) failed(err error) {
	if isTrouble(err) {
		v.Log.Error("trouble", "error", err.Error())
		v.refuse(http.StatusServiceUnavailable, "Not now", "The service cannot answer now; nothing was changed, or it is on record.", "Load the page again in a minute.")
		return
	}
	told := page.ErrorOf(err)
	v.refuse(http.StatusUnprocessableEntity, "That did not work", told.What, told.Next)
}

func isTrouble(err error) bool {
	return service.IsTrouble(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
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

func (v *visit) nav() (links []page.Link) {
	if v.who == nil {
		return nil
	}
	for _, s := range sections {
		if v.who.May(s.right) {
			at := v.r.URL.Path
			if first, _, _ := strings.Cut(strings.TrimPrefix(at, "/"), "/"); slices.Contains([]string{"activations", "licenses", "lookup"}, first) {
				at = "/entitlements" // they are of a sale
			}
			here := at == s.path || s.path != "/" && strings.HasPrefix(at, s.path+"/")
			links = append(links, page.Link{To: s.path, Text: s.text, Here: here})
		}
	}
	return slices.Clip(links)
}
