// Package door lets the vendor's staff in, by a link or with a passkey, and knows by the session
// of a browser who has sent a request.
package door

import (
	"context"
	"embed"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/passkey"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/frame"
)

// Door is the desk's.
type Door struct {
	Desk   *desk.Desk
	Vendor string
	Random io.Reader
	Now    func() time.Time
	Log    *slog.Logger
	Origin *url.URL // under which the desk is reached; nil: nowhere

	// SignedIn returns who has sent a request, nil for nobody; nil: whose session it is.
	SignedIn func(*http.Request) (*desk.User, error)

	// Kept answers whoever is not signed in any more with what they typed, and reports whether there
	// was something to keep; nil: nothing is kept.
	Kept func(*frame.Visit) bool

	frame    *frame.Frame
	sessions sessions
	passkeys passkeys
}

// Done says what the forms here have done, by words.
var Done = map[string]string{
	frame.SignedOut:   "You are signed out.",
	"passkey-added":   "The passkey is added: the next time you sign in with it.",
	"passkey-removed": "The passkey is removed, and other browsers in which you were signed in are signed out.",
}

// Templates are those of the pages here.
//
//go:embed templates
var Templates embed.FS

// Register registers the pages, to be shown in a frame.
func (d *Door) Register(s page.Site, f *frame.Frame) {
	d.frame = f
	f.Session = d.text
	if d.SignedIn == nil {
		d.SignedIn = d.bySession
	}
	if d.Origin == nil {
		d.Origin = new(url.URL)
	}
	d.passkeys.site, d.passkeys.err = passkey.NewSite(d.Origin, d.Random)
	s.Handle("GET /sign-in", d.anybody((*visit).door))
	s.Handle("GET /sign-in/{secret}", d.anybody((*visit).link))
	s.Handle("POST /sign-in/{secret}", d.anybody((*visit).useLink))
	s.Handle("GET /sign-in/passkey", d.anybody((*visit).askPasskey))
	s.Handle("POST /sign-in", d.anybody((*visit).usePasskey))
	s.Handle("POST /sign-out", d.anybody((*visit).signOut))
	s.Handle("GET /passkeys", d.own((*visit).passkeyList))
	s.Handle("GET /passkeys/new", d.own((*visit).askNew))
	s.Handle("POST /passkeys", d.own((*visit).addPasskey))
	s.Handle("POST /passkeys/remove", d.own((*visit).removePasskey))
}

// visit is one request to the door.
type visit struct {
	*frame.Visit
	*Door
}

// anybody answers whoever comes, signed in or not.
func (d *Door) anybody(do func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, err := d.SignedIn(r)
		v := &visit{d.frame.Visit(w, r, who), d}
		if err == nil {
			err = do(v)
		}
		if err != nil {
			v.Failed(err)
		}
	}
}

// own answers with what is a user's own, whatever rights they have.
func (d *Door) own(do func(*visit) error) http.HandlerFunc {
	return d.anybody(func(v *visit) error {
		if v.Who == nil {
			Show(v.W, v.R)
			return nil
		}
		return do(v)
	})
}

// Reading answers with a page that changes nothing, to those who have a right, and shows others the
// door.
func (d *Door) Reading(right desk.Right, do func(*frame.Visit) error) http.HandlerFunc {
	return d.anybody(func(v *visit) error {
		switch {
		case v.Who != nil && v.Who.May(right):
			return do(v.Visit)
		case v.Who != nil:
			v.Refuse(http.StatusForbidden, "Not yours to do", "You do not have the right "+string(right)+".", "Somebody at the vendor's workstation gives it: licensor desk user add "+v.Who.Name+" --right "+v.Who.With(right))
		case d.Kept == nil || !d.Kept(v.Visit):
			Show(v.W, v.R)
		}
		return nil
	})
}

// Acting answers a form that changes something, and is carried out even if its sender is gone.
func (d *Door) Acting(right desk.Right, do func(*frame.Visit) error) http.HandlerFunc {
	return d.Reading(right, func(v *frame.Visit) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(v.R.Context()), actingTime)
		defer cancel()
		v.R = v.R.WithContext(ctx)
		return do(v)
	})
}

const actingTime = 25 * time.Second

// By says by whom something is done, and when.
func (d *Door) By(v *frame.Visit) ledger.Operation {
	return ledger.Operation{Operator: v.Who.Name, Now: d.Now(), Random: d.Random}
}

// doorBody is what the page shows that lets nobody in by itself.
type doorBody struct {
	Next    string // where to go on to; "" for the first page
	Abroad  bool   // a link of another site led here: the browser has kept the cookie back
	Nothing bool   // a form was sent by somebody who is not signed in any more
	None    string // why there are no passkeys here
}

func (v *visit) door() error {
	q := v.R.URL.Query()
	next := localPath(q.Get("next"))
	if v.Who != nil {
		page.See(v.W, next)
		return nil
	}
	v.Script = "passkey.js"
	return v.Show("sign-in", "Sign in", doorBody{
		Next: next, Nothing: q.Has("ended"), None: v.noPasskeys(),
		Abroad: next != "/" && v.R.Header.Get("Sec-Fetch-Site") == "cross-site",
	})
}

// Show sends somebody who is not signed in to the door, and says where they were going.
func Show(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		page.See(w, "/sign-in?ended")
	case r.URL.Path == "/":
		page.See(w, "/sign-in")
	default:
		page.See(w, "/sign-in?next="+url.QueryEscape(r.URL.RequestURI()))
	}
}

const maxPath = 1024

// localPath is a path of this site that a link has named; what leads anywhere else is "/".
func localPath(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || len(text) > maxPath || !strings.HasPrefix(text, "/") || strings.Contains(text, "\\"):
		return "/"
	case u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || path.Clean(u.Path) != u.Path || strings.HasPrefix(u.Path, "//"):
		return "/"
	}
	return u.RequestURI()
}
