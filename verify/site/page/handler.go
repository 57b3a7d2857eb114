package page

import (
	"bytes"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"strings"
)

// maxBody is the most bytes that a form may have.
const maxBody = 64 << 10

//go:embed style.css
var style []byte

//go:embed page.html
var source string

var screens = template.Must(template.New("page").Parse(source))

// policy allows the page its own style sheet and forms, and nothing else.
const policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"

// enter sets the headers of every answer, and lets in who is allowed, and no form of another site.
func (p *handler) enter(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin") // without one, a browser on plain http names no origin
	if p.o.Allowed == nil || !p.o.Allowed(r) {
		p.stop(w, p.fault(NotAllowed))
		return
	}
	if p.guard.Check(r) != nil {
		p.stop(w, p.fault(CrossSite, "{origin}", r.Header.Get("Origin"), "{host}", r.Host))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	p.serve(w, r)
}

func (p *handler) serve(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		p.get(w, r)
	case http.MethodPost:
		p.post(w, r)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		p.stop(w, p.fault(BadMethod))
	}
}

func (p *handler) get(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	switch q.Get("view") {
	case "":
		p.show(w, p.overview(r, q.Get("done")))
	case "style":
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Write(style)
	case "add":
		p.show(w, p.addView(form{Type: p.o.Types[0], Automatic: p.o.Service != ""}, nil))
	case "install":
		p.show(w, p.installView(nil))
	case "request":
		p.statement(w, p.requestNamed(q.Get("code")), "request.olq", q.Has("file"))
	case "release":
		p.statement(w, p.releaseNamed(q.Get("code")), "release.olr", q.Has("file"))
	case "remove":
		v, f := p.removeView(q.Get("id"))
		if f != nil {
			p.stop(w, f)
			return
		}
		p.show(w, v)
	default:
		p.stop(w, p.fault(NotFound))
	}
}

// statement shows a request or a release, or sends it as a file.
func (p *handler) statement(w http.ResponseWriter, s *statement, name string, file bool) {
	switch {
	case s == nil:
		p.stop(w, p.fault(NotFound))
	case file:
		w.Header().Set("Content-Type", "text/plain; charset=us-ascii")
		w.Header().Set("Content-Disposition", "attachment; filename="+name)
		w.Write(s.text)
	default:
		p.show(w, p.statementView(s))
	}
}

// post carries out what a form asks for: with success it sends the browser back to the page, so that to
// reload it sends nothing again.
func (p *handler) post(w http.ResponseWriter, r *http.Request) {
	err := r.ParseForm()
	if err == nil {
		if err = r.ParseMultipartForm(maxBody); errors.Is(err, http.ErrNotMultipart) {
			err = nil
		}
	}
	if errors.As(err, new(*http.MaxBytesError)) {
		p.stop(w, p.fault(TooLarge))
		return
	}
	act, known := map[string]func(*http.Request) (string, *view){
		"add": p.add, "send": p.send, "install": p.install, "remove": p.remove, "deliver": p.deliver, "hide": p.hide,
	}[r.PostFormValue("do")]
	if err != nil || !known {
		p.stop(w, p.fault(BadForm))
		return
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-r.Context().Done():
		return
	}
	done, v := act(r)
	if v != nil {
		p.show(w, v)
		return
	}
	// By hand: http.Redirect would make a path of it, which is not that of the browser.
	w.Header().Set("Location", "?"+done)
	w.WriteHeader(http.StatusSeeOther)
}

// show writes a screen, whole or not at all.
func (p *handler) show(w http.ResponseWriter, v *view) {
	v.T = &p.t
	var b bytes.Buffer
	if err := screens.Execute(&b, v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	status := http.StatusOK
	if v.Fault != nil {
		status = v.Fault.Status
	}
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// stop shows nothing but what is wrong.
func (p *handler) stop(w http.ResponseWriter, f *fault) {
	p.show(w, &view{Screen: "stop", Title: p.t.Title, Fault: f, Closed: f.Code == NotAllowed})
}

// typed returns a field of a form without the white space around what was pasted.
func typed(r *http.Request, name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
