// Package customer has the pages of the public site: a person hands in what a server without a
// network has made, a file or a photograph of its codes, and gets the license for the way back.
// What is on record of an invoice is shown to who knows its e-mail address, without the places
// where it runs; those only to who has the key of one of its machines.
//
// Nothing is decided here: a page calls what a server with a network calls.
package customer

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/picture"
	"github.com/offlicense/offlicense/format"
)

// Activation is what the pages ask, a [service.Activator].
type Activation interface {
	Activate(ctx context.Context, request []byte) (*service.Activated, error)
	Carried(*service.Activated) (string, error)
	Release(ctx context.Context, release []byte) (*service.AutoReleased, error)
	Standing(ctx context.Context, invoice, email string) (*service.Standing, error)
	StandingOf(ctx context.Context, statement []byte) (*service.Standing, error)
}

// Pages are all pages for customers.
type Pages struct {
	Activation Activation
	Brand      page.Brand
	Log        *slog.Logger
	Pictures   *picture.Reader
}

// Register registers all pages.
func (p *Pages) Register(s page.Site) {
	page.RegisterAssets(s, p.Brand)
	s.Handle("GET /{$}", p.first)
	s.HandleUpload("POST /statement", int64(p.Pictures.Limits.Bytes), p.statement)
	s.Handle("POST /license", p.file)
	s.Handle("POST /standing", p.standing)
}

//go:embed templates
var files embed.FS

var templates = page.Parse(nil, files)

// body is what each page has.
type body struct {
	*texts

	// What was typed, to be sent again.
	Text, Invoice, Email string

	License  *licensed
	Waits    *waiting
	Released bool
	Standing *service.Standing
	From     int // of its sites, the first one on this page
}

// onPage is how many sites a page shows.
const onPage = 50

// more has the page begin with a site, by the text of its number.
func (b *body) more(from string) {
	if n, err := strconv.Atoi(from); err == nil && n > 0 {
		b.From = n
	}
}

// Sites are those of this page.
func (b *body) Sites() []service.StandingSite {
	all := b.Standing.Sites
	return all[min(b.From, len(all)):min(b.From+onPage, len(all))]
}

// Next is the first site of the next page, 0 if this one is the last.
func (b *body) Next() int {
	if next := b.From + onPage; next < len(b.Standing.Sites) {
		return next
	}
	return 0
}

// Camera are the words of the module that reads codes.
func (b *body) Camera() page.Camera {
	return page.Camera{Start: b.T("camera_start"), Stop: b.T("camera_stop"), Aim: b.T("camera_aim"), More: b.T("camera_more"),
		Other: b.T("camera_other"), Done: b.T("camera_done"), Unable: b.T("camera_unable")}
}

// waiting is a request or a release that waits for the staff.
type waiting struct {
	Number string // "" for one that is told none
	Detail string // why
	Next   string // what the customer does next
}

// licensed is a license for the way back.
type licensed struct {
	Text  string      // of the file
	Code  string      // its comparison code, which install shows, too
	Codes []page.Code // to be scanned
	Ends  time.Time   // zero: never
	Type  string
}

func (p *Pages) first(w http.ResponseWriter, r *http.Request) {
	p.write(w, http.StatusOK, "first", "title", bodyOf(r), nil)
}

func bodyOf(r *http.Request) *body { return &body{texts: textsFor(r, r.FormValue("lang"))} }

// write answers with a page; err is what is wrong with what was sent.
func (p *Pages) write(w http.ResponseWriter, status int, name, title string, b *body, err *page.Error) {
	v := page.View{Lang: b.Lang, Title: b.T(title), Brand: p.Brand.Name, Body: b, Error: err}
	for _, t := range all {
		v.Nav = append(v.Nav, page.Link{To: "/?lang=" + t.Lang, Text: t.Name, Here: t == b.texts})
	}
	if name == "first" {
		v.Script = page.CameraScript
	}
	if err := templates.Write(w, status, name, v); err != nil {
		p.Log.Error("page", "error", err.Error())
	}
}

// handedIn are the kinds of statement that a server makes for its vendor.
var handedIn = []format.Kind{format.SignedRequest, format.RequestBody, format.Release, format.Attestation}

// statement takes a request or a release.
func (p *Pages) statement(w http.ResponseWriter, r *http.Request) {
	values, text, err := p.Pictures.FromForm(r, handedIn...)
	b := &body{texts: textsFor(r, values.Get("lang"))}
	b.more(values.Get("from"))
	if err != nil {
		p.refuse(w, b, err)
		return
	}
	b.Text = string(text)
	switch kind, _, _ := format.DecodeText(text); kind {
	case format.Release:
		done, err := p.Activation.Release(r.Context(), text)
		switch {
		case err != nil:
			p.refuse(w, b, err)
		case done.Waits:
			p.waits(w, b, "", b.T("release_waits"), b.T("release_waits_next"), done.Number) // whatever the rule: no license is asked for
		default:
			b.Released = true
			p.write(w, http.StatusOK, "done", "released", b, nil)
		}
	case format.Attestation:
		if b.Standing, err = p.Activation.StandingOf(r.Context(), text); err != nil || b.Standing == nil {
			if err == nil {
				err = &service.Declined{Rule: "attestation", Detail: b.T("no_standing"), Next: b.T("no_standing_next")}
			}
			p.refuse(w, b, err)
			return
		}
		p.write(w, http.StatusOK, "done", "standing", b, nil)
	default:
		p.activate(w, r, b, text)
	}
}

func (p *Pages) activate(w http.ResponseWriter, r *http.Request, b *body, text []byte) {
	done, err := p.Activation.Activate(r.Context(), text)
	switch {
	case err != nil:
		p.refuse(w, b, err)
		return
	case done.Waits:
		p.waits(w, b, done.Word, done.Detail, done.Next, done.Number)
		return
	}
	if b.License, err = p.licensed(done); err == nil {
		b.Standing, err = p.Activation.StandingOf(r.Context(), text)
	}
	if err != nil {
		p.refuse(w, b, err)
		return
	}
	p.write(w, http.StatusOK, "done", "licensed", b, nil)
}

// licensed draws a license.
func (p *Pages) licensed(done *service.Activated) (*licensed, error) {
	kind, raw, err := format.DecodeText(done.License)
	if err != nil {
		return nil, err
	}
	l := &licensed{Text: string(done.License)}
	if l.Code, err = format.CodeOf(kind, raw); err != nil {
		return nil, err
	}
	file, err := format.ParseFile(raw)
	if err != nil {
		return nil, err
	}
	claims, err := format.UnmarshalLicense(file.License.UnverifiedPayload()) // we have just signed it
	if err != nil {
		return nil, err
	}
	l.Type = claims.Terms.Type
	if claims.Expires != 0 {
		l.Ends = time.Unix(claims.Expires, 0)
	}
	carried, err := p.Activation.Carried(done)
	if err != nil {
		return nil, err
	}
	l.Codes, _ = page.Codes(carried, format.MaxParts) // too long for codes: the file is there
	return l, nil
}

// file answers the same request with the license as a file. It gets no more than the page.
func (p *Pages) file(w http.ResponseWriter, r *http.Request) {
	b := bodyOf(r)
	b.Text = r.FormValue("text")
	done, err := p.Activation.Activate(r.Context(), []byte(b.Text))
	switch {
	case err != nil:
		p.refuse(w, b, err)
	case done.Waits:
		p.waits(w, b, done.Word, done.Detail, done.Next, done.Number)
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="license.lic"`)
		w.Write(done.License)
	}
}

// standing shows what an invoice bought.
func (p *Pages) standing(w http.ResponseWriter, r *http.Request) {
	b := bodyOf(r)
	b.Invoice, b.Email = r.PostFormValue("invoice"), r.PostFormValue("email")
	b.more(r.PostFormValue("from"))
	var err error
	if b.Standing, err = p.Activation.Standing(r.Context(), b.Invoice, b.Email); err != nil {
		p.refuse(w, b, err)
		return
	}
	p.write(w, http.StatusOK, "done", "standing", b, nil)
}

func (p *Pages) waits(w http.ResponseWriter, b *body, word, detail, next, number string) {
	detail, next = b.said(word, detail, next)
	b.Waits = &waiting{number, detail, next}
	p.write(w, http.StatusAccepted, "done", "waits", b, nil)
}

// refuse shows the form again, with what was typed and what is wrong with it.
func (p *Pages) refuse(w http.ResponseWriter, b *body, err error) {
	var no *service.Declined
	var unread *picture.Error
	switch {
	case errors.As(err, &no):
		detail, next := b.said(no.Rule, no.Detail, no.Next)
		p.write(w, http.StatusUnprocessableEntity, "first", "title", b, &page.Error{What: detail, Next: next})
	case errors.As(err, &unread):
		told := page.ErrorOf(err)
		told.What, told.Next = b.said(unread.Word, told.What, told.Next)
		p.write(w, cmp.Or(picture.Status(w.Header(), err), http.StatusUnprocessableEntity), "first", "title", b, told)
	default:
		p.Log.Error("trouble", "error", err.Error())
		w.Header().Set("Retry-After", "60")
		p.write(w, http.StatusServiceUnavailable, "first", "title", b, &page.Error{What: b.T("trouble"), Next: b.T("trouble_next")})
	}
}
