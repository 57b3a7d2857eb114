package page

import (
	"html/template"
	"net/http"
	"slices"
	"strconv"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/format/qr"
	"github.com/offlicense/offlicense/verify/site"
)

// view is what a screen shows. All text in it is escaped by html/template.
type view struct {
	Screen string // "overview", "add", "install", "statement", "remove" or "stop"
	Title  string
	T      *Texts
	Fault  *fault
	Closed bool // who looks may not open the page at all
	Notice string

	Product string
	Entries []*entry
	Others  []string // warnings
	Checked string
	Renewal string
	Asked   []*statement // requests
	Given   []*statement // releases
	Service bool
	Host    string // of the service

	Form      form
	Types     []option
	KeyOnly   bool // is offered
	Statement *statement
	Remove    *entry
}

type option struct {
	Value, Word string
	Chosen      bool
}

// form is what was typed.
type form struct {
	Type, Email, Invoice string
	Automatic, KeyOnly   bool
}

// statement is a request, or a release, and what is known of it.
type statement struct {
	text    []byte
	carried string // as a code carries it

	Code      string
	Name      string // of its element
	Hash      string
	IsRelease bool
	Is        string // what it is, in a sentence
	Delivered bool
	Answered  string // when the service has answered
	Detail    string // what it said
	Next      string
	Number    string
	Text      string
	Pictures  []picture
}

type picture struct {
	Label string
	SVG   template.HTML // made here, of modules alone
}

// overview is the first screen. Nothing is written for it.
func (p *handler) overview(r *http.Request, done string) *view {
	now := p.o.Now()
	installed := p.installed()
	running, warnings := p.running(installed, now)
	v := &view{
		Screen: "overview", Title: p.t.Title, Product: p.o.Gate.Program().Product, Notice: p.t.Done[done],
		Entries: []*entry{running}, Others: warnings, Checked: p.t.Time(now), Service: p.o.Service != "",
	}
	replaced := p.replaced(installed)
	for i, s := range replaced {
		v.Entries = append(v.Entries, p.earlier(s, "earlier-"+strconv.Itoa(i+1), now))
	}
	if warning := p.clockWarning(); warning != "" {
		v.Others = append(v.Others, warning)
	}
	if last := p.renewal.Load(); last != nil {
		v.Renewal = last.says
	}
	v.Asked = p.pending(installed, replaced)
	v.Given = p.givenUp(installed)
	return v
}

func (p *handler) addView(f form, failed *fault) *view {
	v := &view{Screen: "add", Title: p.t.Add, Form: f, Fault: failed, Service: p.o.Service != "", Host: p.host()}
	for _, name := range p.o.Types {
		v.Types = append(v.Types, option{name, p.t.typeOf(name), name == f.Type})
	}
	v.KeyOnly = f.KeyOnly || failed != nil && failed.Code == Unidentified
	return v
}

func (p *handler) installView(failed *fault) *view {
	return &view{Screen: "install", Title: p.t.Install, Fault: failed}
}

// maxPending is how many requests are shown.
const maxPending = 3

// pending returns the latest requests that no license has answered, the service has not declined, and
// nobody has put away, the latest first.
func (p *handler) pending(installed *signed, replaced []*signed) (all []*statement) {
	made, err := p.o.Gate.State().Requests()
	if err != nil {
		return nil
	}
	answered := make(map[[32]byte]bool)
	for _, s := range append(replaced, installed) {
		if s != nil {
			hash, _ := s.RequestHash()
			answered[hash] = true
		}
	}
	for _, q := range slices.Backward(made) {
		if answered[q.Hash] || len(all) == maxPending {
			break // what was asked before needs no answer any more
		}
		if n := p.readNote(format.ComparisonCode(q.Hash)); n == nil || !n.Hidden && !n.Declined {
			all = append(all, p.newRequest(q.Raw, q.Request, q.Hash))
		}
	}
	for i, s := range all[min(1, len(all)):] {
		s.Name += "-" + strconv.Itoa(i+2)
	}
	return all
}

// newRequest returns a request of this site with what the service has said of it.
func (p *handler) newRequest(raw []byte, q format.Request, hash [32]byte) *statement {
	carried, err := site.CodeOf(raw)
	if err != nil {
		return nil
	}
	s := &statement{
		text: format.EncodeFile(format.SignedRequest, raw), carried: carried, Code: format.ComparisonCode(hash), Name: "request",
		Is: put(p.t.PendingIs, "{type}", p.t.typeOf(q.Type), "{invoice}", q.Invoice, "{time}", p.t.Time(format.Time(q.Time))),
	}
	if q.Prior != nil {
		s.Is += " " + p.t.PendingChanged
	}
	return p.withNote(s, p.readNote(s.Code))
}

// requestNamed returns the request with a comparison code, nil if there is none.
func (p *handler) requestNamed(code string) *statement {
	if !isCode(code) {
		return nil
	}
	q, err := p.o.Gate.State().Asked(code)
	if err != nil || q == nil {
		return nil
	}
	return p.newRequest(q.Raw, q.Request, q.Hash)
}

func (p *handler) withNote(s *statement, n *note) *statement {
	if n == nil {
		return s
	}
	s.Delivered = n.Delivered
	if !n.Answered.IsZero() {
		s.Answered, s.Detail, s.Next, s.Number = p.t.Time(n.Answered), n.Detail, n.Next, n.Number
	}
	return s
}

// newRelease returns a release that is remembered.
func (p *handler) newRelease(n *note) *statement {
	kind, raw, err := format.DecodeText([]byte(n.Release))
	if err != nil {
		return nil
	}
	return p.withNote(&statement{
		text: []byte(n.Release), carried: format.EncodeText(kind, raw), Code: n.Code, Name: "release", IsRelease: true,
		Is: put(p.t.ReleaseIs, "{time}", p.t.Time(n.At)),
	}, n)
}

// givenUp returns the releases that are not put away, with that of the installed license, of which a crash
// may have left no note.
func (p *handler) givenUp(installed *signed) (all []*statement) {
	if n := p.releaseOf(installed); n != nil && p.readNote(n.Code) == nil {
		all = append(all, p.newRelease(n))
	}
	for _, n := range p.releases() {
		all = append(all, p.newRelease(n))
	}
	for i, s := range all[min(1, len(all)):] {
		s.Name += "-" + strconv.Itoa(i+2)
	}
	return all
}

// releaseOf returns the note of a license that was given up, as it is made first; nil if it was not.
func (p *handler) releaseOf(s *signed) *note {
	if s == nil || !p.given(s) {
		return nil
	}
	release, err := p.o.Gate.State().Release(p.releaseOptions(s.text))
	if err != nil {
		return nil
	}
	return noteOf(release)
}

func noteOf(r *site.Release) *note {
	kind, raw, err := format.DecodeText(r.Text)
	if err != nil {
		return nil
	}
	code, err := format.CodeOf(kind, raw)
	if err != nil {
		return nil
	}
	return &note{Code: code, At: format.Time(r.IssuedAt), Release: string(r.Text)}
}

// releaseNamed returns the release with a comparison code, nil if there is none.
func (p *handler) releaseNamed(code string) *statement {
	if n := p.noteNamed(code); n != nil {
		return p.newRelease(n)
	}
	return nil
}

func (p *handler) noteNamed(code string) *note {
	if n := p.readNote(code); n != nil && n.Release != "" {
		return n
	}
	if n := p.releaseOf(p.installed()); n != nil && n.Code == code {
		return n
	}
	return nil
}

// statementView shows a request or a release in all the ways in which it travels.
func (p *handler) statementView(s *statement) *view {
	v := &view{Screen: "statement", Title: p.t.Pending + " " + s.Code, Statement: s, Service: p.o.Service != ""}
	if s.IsRelease {
		v.Title = p.t.Release + " " + s.Code
	}
	s.Text = string(s.text)
	parts, err := qr.Cut(s.carried, qr.Capacity(qr.Readable), format.MaxParts)
	if err != nil {
		return v // the file and the text will do
	}
	for i, part := range parts {
		code, err := qr.Encode(part)
		if err != nil {
			return v
		}
		label := put(p.t.Picture, "{code}", s.Code)
		if len(parts) > 1 {
			label += ", " + put(p.t.Part, "{n}", strconv.Itoa(i+1), "{of}", strconv.Itoa(len(parts)))
		}
		s.Pictures = append(s.Pictures, picture{label, template.HTML(code.SVG())})
	}
	return v
}

// removeView asks whether a license is to be removed.
func (p *handler) removeView(id string) (*view, *fault) {
	installed := p.installed()
	v := &view{Screen: "remove", Title: p.t.RemoveTitle}
	if s := p.replacedNamed(id); s != nil && (installed == nil || s.id != installed.id) {
		v.Remove = p.earlier(s, "remove", p.o.Now())
		return v, nil
	}
	if installed == nil || installed.id.String() != id {
		return nil, p.fault(Changed)
	}
	if !p.owns(installed) {
		return nil, p.fault(OtherProduct)
	}
	_, err := p.o.Gate.State().PreviewRelease(p.releaseOptions(nil))
	fileOnly := !p.takesSeat(installed) && !p.given(installed)
	if err != nil && !fileOnly {
		return nil, p.explain(err)
	}
	v.Remove = &entry{FileOnly: fileOnly, ID: id, Name: "remove", Caption: p.t.typeOf(installed.kind) + ", " + installed.invoice, Rows: p.rows(installed.terms, nil, p.o.Now())}
	return v, nil
}
