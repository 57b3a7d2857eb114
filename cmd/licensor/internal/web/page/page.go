// Package page is what all pages of the service share: the layout, the style, the headers that
// keep a page to what it is, and how a mistake is told. It knows nothing of licenses.
//
// A page is HTML that the server has made whole. It works without a script; the two that there
// are come from this package, as files of their own.
package page

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
)

// View is what the layout shows around a page's own body.
type View struct {
	Lang   string // as html lang has it; "" is en
	Title  string // of the window, and the heading
	Brand  string // whose pages these are
	Who    string // who is signed in; "" for nobody
	Nav    []Link // the pages that this person may open
	Notice string // what has just been done, in one sentence
	Error  *Error // what is wrong with what was sent; nil for nothing
	Script string // a script of the assets that the page loads; "" for none
	Body   any    // what the page's own template shows
}

// Link is a link with its words.
type Link struct {
	To, Text string
	Here     bool // it is the page that is open
}

// Error is a mistake as a page tells it.
type Error struct {
	What string // is wrong
	Next string // what to do about it; may be empty
	Do   *Link  // the page on which that is done; nil: there is none
}

// ErrorOf tells an error with its hint; nil for none.
func ErrorOf(err error) *Error {
	if err == nil {
		return nil
	}
	return &Error{What: Sentence(err.Error()), Next: Sentence(hint.Of(err))}
}

// Sentence begins with a capital and ends with a full stop.
func Sentence(text string) string {
	if text == "" {
		return ""
	}
	if c := text[0]; 'a' <= c && c <= 'z' && !strings.HasPrefix(text, "licensor ") {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	if end := strings.TrimRight(text, `"`); end == "" || !strings.ContainsRune(".!?", rune(end[len(end)-1])) {
		text += "."
	}
	return text
}

// Set are the templates of a site, each a page by its file's name without the ending.
type Set struct{ of map[string]*template.Template }

//go:embed layout.html
var layout string

// Parse reads the templates of the directories templates: parts.html, if the first one has it, is
// part of each other.
func Parse(funcs template.FuncMap, all ...fs.FS) *Set {
	named := maps.Clone(common)
	maps.Copy(named, funcs)
	base := template.Must(template.New("layout").Funcs(named).Parse(layout + camera + code))
	if parts, err := fs.ReadFile(all[0], "templates/parts.html"); err == nil {
		template.Must(base.Parse(string(parts)))
	}
	s := &Set{of: make(map[string]*template.Template)}
	for _, files := range all {
		names, err := fs.Glob(files, "templates/*.html")
		if err != nil {
			panic(err) // the pattern
		}
		for _, file := range names {
			if name := strings.TrimSuffix(path.Base(file), path.Ext(file)); name != "parts" {
				s.of[name] = template.Must(template.Must(base.Clone()).ParseFS(files, file))
			}
		}
	}
	return s
}

// common are the functions that every template has.
var common = template.FuncMap{
	"asset": Asset,
	"day":   func(t time.Time) string { return stamp(t, time.DateOnly) },
	"time":  func(t time.Time) string { return stamp(t, "2006-01-02 15:04 UTC") },
	"join":  strings.Join,
	"next":  func(i int) int { return i + 1 },

	"camera": func() Camera { return CameraInEnglish },
	"until":  text.LastDay,
}

func stamp(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(layout)
}

// policy keeps a page to what this site serves. A script may make no HTML of a text.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Write answers with a page: it is made whole before anything is sent.
func (s *Set) Write(w http.ResponseWriter, status int, name string, v View) error {
	var made bytes.Buffer
	if err := s.of[name].Execute(&made, v); err != nil {
		return err
	}
	html := visible(made.Bytes())
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	// With none, a browser would not say either which site a form was sent from.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Content-Length", strconv.Itoa(len(html)))
	w.WriteHeader(status)
	_, err := w.Write(html)
	return err
}

// visible writes out what is seen nowhere and changes how the rest is read: control characters,
// and those that turn the direction of writing. No statement takes them, but a note may have them.
func visible(html []byte) []byte {
	hidden := func(c rune) bool {
		return c != '\n' && c != '\t' && unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c)
	}
	if !bytes.ContainsFunc(html, hidden) {
		return html
	}
	var b bytes.Buffer
	for _, c := range string(html) {
		if hidden(c) {
			quoted := strconv.QuoteRuneToASCII(c)
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteRune(c)
		}
	}
	return b.Bytes()
}

// See sends the browser on to a path of this site, after something was changed.
func See(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

//go:embed assets
var assets embed.FS

// Asset is the path of an asset.
func Asset(name string) string { return "/assets/" + name }

// Site takes the routes of pages, a web.Site.
type Site interface {
	Handle(pattern string, h http.HandlerFunc)
	HandleUpload(pattern string, most int64, h http.HandlerFunc)
}

// RegisterAssets registers what all pages load.
func RegisterAssets(s Site, b Brand) {
	s.Handle("GET /assets/{name...}", Assets)
	s.Handle("GET /assets/brand.css", b.Style)
}

// Assets serves the style and the scripts.
func Assets(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	text, err := assets.ReadFile("assets/" + name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	kind := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[path.Ext(name)]
	kind = cmp.Or(kind, "text/plain; charset=utf-8")
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-cache") // asked for again each time, and sent only if it is another
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(text)))
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(text))
}
