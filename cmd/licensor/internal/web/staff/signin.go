package staff

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
)

func (p *Pages) registerDoor(s page.Site) {
	s.Handle("GET /sign-in", p.anybody((*visit).door))
	s.Handle("GET /sign-in/{secret}", p.anybody((*visit).link))
	s.Handle("POST /sign-in/{secret}", p.anybody((*visit).useLink))
	s.Handle("POST /sign-out", p.anybody((*visit).signOut))
}

// anybody answers whoever comes, signed in or not.
func (p *Pages) anybody(do func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, err := p.SignedIn(r)
		v := &visit{Pages: p, w: w, r: r, who: who}
		if err == nil {
			err = do(v)
		}
		if err != nil {
			v.failed(err)
		}
	}
}

// doorBody is what the page shows that lets nobody in by itself.
type doorBody struct {
	Next    string // where to go on to; "" for the first page
	Abroad  bool   // a link of another site led here: the browser has kept the cookie back
	Nothing bool   // a form was sent by somebody who is not signed in any more
	None    string // why there are no passkeys here
}

func (v *visit) door() error {
	q := v.r.URL.Query()
	next := localPath(q.Get("next"))
	if v.who != nil {
		page.See(v.w, next)
		return nil
	}
	v.script = "passkey.js"
	return v.show("sign-in", "Sign in", doorBody{
		Next: next, Nothing: q.Has("ended"), None: v.noPasskeys(),
		Abroad: next != "/" && v.r.Header.Get("Sec-Fetch-Site") == "cross-site",
	})
}

// toDoor sends somebody who is not signed in to the door, and says where they were going.
func (v *visit) toDoor() {
	switch {
	case v.r.Method != http.MethodGet && v.r.Method != http.MethodHead:
		page.See(v.w, "/sign-in?ended")
	case v.r.URL.Path == "/":
		page.See(v.w, "/sign-in")
	default:
		page.See(v.w, "/sign-in?next="+url.QueryEscape(v.r.URL.RequestURI()))
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

// linkBody is what the page of a link shows.
type linkBody struct {
	User   string
	Secret string
}

// link shows who a link signs in. It uses nothing up: programs that look through mail open links,
// too.
func (v *visit) link() error {
	secret := v.r.PathValue("secret")
	u, err := v.Desk.Link(v.r.Context(), secret, v.Now())
	if err != nil {
		return v.notIn(err)
	}
	return v.show("sign-in-link", "Sign in as "+u.Name, linkBody{u.Name, secret})
}

func (v *visit) useLink() error {
	u, err := v.Desk.UseLink(v.r.Context(), v.r.PathValue("secret"), v.Now())
	if err != nil {
		return v.notIn(err)
	}
	return v.signIn(u, "/")
}

// notIn says why a link lets nobody in.
func (v *visit) notIn(err error) error {
	if isTrouble(err) {
		return err
	}
	told := page.ErrorOf(err)
	v.refuse(http.StatusForbidden, "Not signed in", told.What, told.Next)
	return nil
}

// signOut ends the session; the browser forgets what it has shown.
func (v *visit) signOut() error {
	v.sessions.end(v.text(v.r))
	gone := cookie(v.Origin, "")
	gone.MaxAge = -1
	http.SetCookie(v.w, gone)
	v.w.Header().Set("Clear-Site-Data", `"cache"`)
	return v.see("/sign-in", "signed-out")
}
