// Package frame is what stands around every page of the desk: it answers a request with a page,
// and says what was done or what is wrong.
package frame

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
)

// Frame is what all pages have in common.
type Frame struct {
	Brand     string
	Templates *page.Set // one is refused, for what there is no page for
	Log       *slog.Logger

	// Nav are the pages that somebody may open who has sent a request.
	Nav func(r *http.Request, who *desk.User) []page.Link
	// Told tells a mistake to who is signed in, with the page on which it is mended.
	Told func(who *desk.User, err error) *page.Error
	// Done says what a form has done: the page after it is told which by a word, and its address
	// has a mark of the session besides, so that nobody else's link says so.
	Done map[string]string
	// Session is what a browser sends of its session, empty for none.
	Session func(r *http.Request) string
}

// Visit is one request.
type Visit struct {
	frame *Frame

	W      http.ResponseWriter
	R      *http.Request
	Who    *desk.User // who is signed in; nil: nobody
	Script string     // of the assets, that the page loads
}

// Visit begins one.
func (f *Frame) Visit(w http.ResponseWriter, r *http.Request, who *desk.User) *Visit {
	return &Visit{frame: f, W: w, R: r, Who: who}
}

// Show answers with a page.
func (v *Visit) Show(name, title string, body any) error {
	return v.Write(http.StatusOK, name, title, body, nil)
}

// Again shows a form again, with what was typed and what is wrong with it. What is the
// service's own trouble is told as such.
func (v *Visit) Again(name, title string, body any, err error) error {
	if IsTrouble(err) {
		return err
	}
	return v.Write(http.StatusUnprocessableEntity, name, title, body, err)
}

// Write answers with a page, a status, and what is wrong; nil: nothing.
func (v *Visit) Write(status int, name, title string, body any, err error) error {
	return v.write(status, name, page.View{
		Title: title, Body: body, Script: v.Script, Error: v.Told(err), Notice: v.notice(),
	})
}

func (v *Visit) write(status int, name string, view page.View) error {
	view.Brand = v.frame.Brand
	if v.Who != nil {
		view.Who, view.Nav = v.Who.Name, v.frame.Nav(v.R, v.Who)
	}
	return v.frame.Templates.Write(v.W, status, name, view)
}

// Told tells a mistake; nil for none.
func (v *Visit) Told(err error) *page.Error {
	if err == nil || v.Who == nil {
		return page.ErrorOf(err)
	}
	return v.frame.Told(v.Who, err)
}

// See goes on to the page that shows what was done. The word is one of Done, or empty.
func (v *Visit) See(to, word string) error {
	if word != "" {
		if v.frame.Done[word] == "" {
			panic("no sentence for " + word)
		}
		to = v.Mark(to + "?done=" + word)
	}
	page.See(v.W, to)
	return nil
}

// Refuse answers with a page that says why there is nothing else.
func (v *Visit) Refuse(status int, title, what, next string) {
	if err := v.write(status, "refused", page.View{Title: title, Error: &page.Error{What: what, Next: next}}); err != nil {
		v.frame.Log.Error("page", "error", err.Error())
	}
}

// Nothing answers that what was asked for is not there, and what to do.
func (v *Visit) Nothing(what, next string) error {
	v.Refuse(http.StatusNotFound, "Nothing here", what, next)
	return nil
}

// Failed tells an error that no form has: a person mends it, or it is trouble for the log.
func (v *Visit) Failed(err error) {
	if IsTrouble(err) {
		v.frame.Log.Error("trouble", "error", err.Error())
		v.Refuse(http.StatusServiceUnavailable, "Not now", "The service cannot answer now; nothing was changed, or it is on record.", "Load the page again in a minute.")
		return
	}
	told := page.ErrorOf(err)
	v.Refuse(http.StatusUnprocessableEntity, "That did not work", told.What, told.Next)
}

// Download answers with a file.
func (v *Visit) Download(kind, name string, content []byte) {
	h := v.W.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`) // a name that is harmless everywhere
	h.Set("Cache-Control", "no-store")
	v.W.Write(content)
}

// Asked returns what the address asks for, without what nobody can have typed.
func (v *Visit) Asked(name string) string { return strings.TrimSpace(v.R.URL.Query().Get(name)) }

// Named returns the name in the path.
func (v *Visit) Named(name string) string { return page.Named(v.R.PathValue(name)) }

// IsTrouble reports whether an error is the service's own, and not about what was asked.
func IsTrouble(err error) bool {
	return service.IsTrouble(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
