package door

import (
	"net/http"

	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/frame"
)

// linkBody is what the page of a link shows.
type linkBody struct {
	User   string
	Secret string
}

// link shows who a link signs in. It uses nothing up: programs that look through mail open links,
// too.
func (v *visit) link() error {
	secret := v.R.PathValue("secret")
	u, err := v.Desk.Link(v.R.Context(), secret, v.Now())
	if err != nil {
		return v.notIn(err)
	}
	return v.Show("sign-in-link", "Sign in as "+u.Name, linkBody{u.Name, secret})
}

func (v *visit) useLink() error {
	u, err := v.Desk.UseLink(v.R.Context(), v.R.PathValue("secret"), v.Now())
	if err != nil {
		return v.notIn(err)
	}
	return v.signIn(u, "/")
}

// notIn says why a link lets nobody in.
func (v *visit) notIn(err error) error {
	if frame.IsTrouble(err) {
		return err
	}
	told := page.ErrorOf(err)
	v.Refuse(http.StatusForbidden, "Not signed in", told.What, told.Next)
	return nil
}

// signOut ends the session; the browser forgets what it has shown.
func (v *visit) signOut() error {
	v.sessions.end(v.text(v.R))
	gone := cookie(v.Origin, "")
	gone.MaxAge = -1
	http.SetCookie(v.W, gone)
	v.W.Header().Set("Clear-Site-Data", `"cache"`)
	page.See(v.W, "/sign-in?done="+frame.SignedOut)
	return nil
}
