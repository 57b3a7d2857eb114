package page

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// entry is a license on the page.
type entry struct {
	ID      string // of the license; "": there is none
	Name    string // of the element, and the prefix of those in it
	Caption string
	Active  bool
	Removed bool   // it was given up here
	Word    string // Active, or the reason why not
	Next    string // what to do
	Detail  string // in English
	Note    string
	Rows    []row

	Removable bool
	FileOnly  bool // there is nothing to give up
	Earlier   bool // another license has taken its place
	Other     bool // and is of another activation
}

// row is one line of the table.
type row struct {
	Name, Label string
	Values      []string
	Moment      string // of Values, as HTML has it; "": it is none
}

// terms are what is shown of a license, whether or not it holds.
type terms struct {
	id                                           format.ID
	activation                                   string
	kind, invoice, customer, edition, site, code string
	issued, notBefore, expires, updatesUntil     time.Time
	features                                     []string
	limits                                       map[string]uint64
}

func termsOf(l *verify.License) terms {
	return terms{
		l.ID, l.Activation, l.Type, l.Invoice, l.Customer, l.Edition, l.Site, l.Code,
		l.Issued, l.NotBefore, l.Expires, l.UpdatesUntil, l.Features, l.Limits,
	}
}

// signed is a license file that is genuine, and of which it is not known whether it holds.
type signed struct {
	*verify.Opened
	terms
	text    []byte
	product string
}

// open reads a license file; nil is one that is not genuine.
func (p *handler) open(path string) *signed {
	text, err := atomicfile.Read(path, format.MaxText)
	if err != nil {
		return nil
	}
	opened, err := p.o.Gate.Verifier().Open(text)
	if err != nil {
		return nil
	}
	return newSigned(opened)
}

func newSigned(opened *verify.Opened) *signed {
	text := opened.Text()
	raw, err := format.DecodeTextAs(text, format.LicenseFile)
	if err != nil {
		return nil
	}
	file, err := format.ParseFile(raw)
	if err != nil {
		return nil
	}
	c, err := format.UnmarshalLicense(file.License.UnverifiedPayload())
	if err != nil {
		return nil
	}
	expires, _ := c.Ends()
	return &signed{opened, terms{
		c.ID, c.Activation, c.Terms.Type, c.Terms.Invoice, c.Terms.Customer, c.Terms.Edition, c.Terms.Site, file.License.Code(),
		format.Time(c.IssuedAt), format.Time(c.NotBefore), expires, format.Time(c.Terms.UpdatesUntil), c.Terms.Features, c.Terms.Limits,
	}, text, c.Product}
}

// installed returns the license in its place, nil if there is none.
func (p *handler) installed() *signed {
	if p.o.Gate.State().Dir() == "" {
		return nil
	}
	return p.open(p.o.Gate.State().LicensePath())
}

// replaced returns the licenses that others have replaced, but for the one that is installed.
func (p *handler) replaced(installed *signed) (all []*signed) {
	for _, name := range p.names(licenseExt) {
		if s := p.replacedNamed(name); s != nil && (installed == nil || s.id != installed.id) {
			all = append(all, s)
		}
	}
	return all
}

// replacedNamed returns the one with an id, nil if there is none.
func (p *handler) replacedNamed(id string) *signed {
	if _, err := format.ParseID(id); err != nil || p.o.Gate.State().Dir() == "" {
		return nil
	}
	if s := p.open(p.notePath(id + licenseExt)); s != nil && s.id.String() == id {
		return s
	}
	return nil
}

const licenseExt = ".lic"

// program is that of the gate, with what is in use now.
func (p *handler) program() site.Program {
	program := p.o.Gate.Program()
	if p.o.Use != nil {
		program.Use = p.o.Use()
	}
	return program
}

// running returns the entry of what runs, or of why nothing does. It writes nothing.
func (p *handler) running(installed *signed, now time.Time) (e *entry, warnings []string) {
	gate, program := p.o.Gate, p.program()
	e = &entry{Name: "license", Caption: p.t.NoLicense}
	license, err := gate.State().Inspect(gate.Verifier(), program, now)
	if err != nil {
		e.Word, e.Detail = p.t.NoLicense, sentence(err.Error())
		if refusal, ok := errors.AsType[*verify.Refusal](err); ok {
			e.Word, e.Next = p.reason(refusal)
			e.Detail, e.Removed = detailOf(refusal), refusal.Reason == verify.Released
		} else {
			f := p.explain(err)
			e.Detail, e.Next = f.What, f.Next
		}
	}
	var shown *terms
	switch {
	case license != nil:
		t := termsOf(license)
		shown = &t
		if e.Active, e.Word = true, p.t.Active; license.Reason == verify.Grace {
			e.Word = p.t.InGrace
		}
	case installed != nil && p.variable() == "":
		shown = &installed.terms
	}
	if shown != nil {
		e.ID, e.Rows = shown.id.String(), p.rows(*shown, program.Use, now)
		e.Caption = p.t.typeOf(shown.kind) + ", " + shown.invoice
	}
	if license != nil {
		e.Rows = append(e.Rows, p.judgedRows(license)...)
		for _, w := range license.Warnings {
			if !w.AboutProgram() {
				warnings = append(warnings, p.warning(w, now))
			}
		}
	}
	if checked, err := gate.Current(now); err == nil && license != nil {
		for _, w := range checked.Warnings { // to look writes nothing, so these are known to the program's own check alone
			if slices.Contains([]verify.WarningCode{site.NotRecorded, site.ReadOnly, site.NotOwner}, w.Code) {
				warnings = append(warnings, p.warning(w, now))
			}
		}
	}
	if p.variable() != "" {
		e.Note = p.t.FromVariable
	}
	e.Removable = installed != nil && e.ID == installed.id.String() && !p.given(installed) && p.owns(installed)
	return e, warnings
}

// variable returns the license that the environment holds.
func (p *handler) variable() string {
	getenv := p.o.Gate.Program().Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	return strings.TrimSpace(getenv(site.LicenseVariable))
}

// owns reports whether a license is of this product, and not of another one that was given the same directory.
func (p *handler) owns(s *signed) bool { return s.product == p.o.Gate.Program().Product }

// given reports whether a license was given up here.
func (p *handler) given(s *signed) bool {
	preview, err := p.o.Gate.State().PreviewRelease(p.releaseOptions(s.text))
	return err == nil && !preview.Since.IsZero() || errors.Is(err, verify.Released)
}

// earlier returns the entry of a license that was replaced.
func (p *handler) earlier(s *signed, name string, now time.Time) *entry {
	e := &entry{
		ID: s.id.String(), Name: name, Caption: p.t.Earlier + ": " + p.t.typeOf(s.kind) + ", " + s.invoice,
		Word: p.t.EarlierState, Note: p.t.EarlierSame,
		Rows: slices.DeleteFunc(p.rows(s.terms, nil, now), func(r row) bool {
			return !slices.Contains([]string{"type", "invoice", "valid-from", "expires", "activation"}, r.Name)
		}),
		Earlier: true, Removable: true, Other: p.takesSeat(s),
	}
	if e.Other {
		e.Note = p.t.EarlierOther
	}
	return e
}

// takesSeat reports whether a license has a seat that this server can give up, and has not.
func (p *handler) takesSeat(s *signed) bool {
	preview, err := p.o.Gate.State().PreviewRelease(p.releaseOptions(s.text))
	for _, nothing := range []error{site.ErrReplaced, site.ErrNotBound, verify.Released, verify.Revoked, verify.WrongSite} {
		if errors.Is(err, nothing) {
			return false
		}
	}
	return err != nil || preview.Since.IsZero()
}

// rows are those that follow from the license alone.
func (p *handler) rows(t terms, use map[string]uint64, now time.Time) (rows []row) {
	add := func(name, label string, values ...string) {
		if values = slices.DeleteFunc(values, func(v string) bool { return v == "" }); len(values) > 0 {
			rows = append(rows, row{Name: name, Label: label, Values: values})
		}
	}
	date := func(name, label string, at time.Time, values ...string) {
		add(name, label, values...)
		if !at.IsZero() {
			rows[len(rows)-1].Moment = at.UTC().Format(time.RFC3339)
		}
	}
	add("type", p.t.Type, p.t.typeOf(t.kind))
	add("invoice", p.t.Invoice, t.invoice)
	add("customer", p.t.Customer, t.customer)
	add("edition", p.t.Edition, t.edition)
	add("site", p.t.Site, t.site)
	from := t.notBefore
	if from.IsZero() {
		from = t.issued
	}
	date("valid-from", p.t.ValidFrom, from, p.t.Time(from))
	if last := verify.LastDay(t.expires); last.IsZero() {
		add("expires", p.t.Expires, p.t.Never)
	} else {
		left := ""
		if days := (verify.Warning{Date: last}).Days(now); days > 0 {
			left = put(p.t.DaysLeft, "{days}", strconv.Itoa(days))
		}
		date("expires", p.t.Expires, last, p.t.Day(last), left)
	}
	if !t.updatesUntil.IsZero() {
		date("updates-until", p.t.UpdatesUntil, t.updatesUntil, p.t.Day(t.updatesUntil))
	}
	add("limits", p.t.Limits, p.limits(t.limits, use)...)
	add("features", p.t.Features, strings.Join(t.features, ", "))
	add("activation", p.t.Activation, t.activation)
	add("code", p.t.Code, t.code)
	return rows
}

func (p *handler) limits(most, use map[string]uint64) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(most)) {
		used, known := use[name]
		text := p.t.LimitIs
		if known {
			text = p.t.LimitUsed
		}
		all = append(all, put(text, "{name}", name, "{most}", strconv.FormatUint(most[name], 10), "{used}", strconv.FormatUint(used, 10)))
	}
	for _, name := range slices.Sorted(maps.Keys(use)) {
		if _, limited := most[name]; !limited {
			all = append(all, put(p.t.LimitFree, "{name}", name, "{used}", strconv.FormatUint(use[name], 10)))
		}
	}
	return all
}

// judgedRows are those of a license that holds.
func (p *handler) judgedRows(l *verify.License) (rows []row) {
	if m := l.Machine; m != nil {
		number := func(n uint64) string { return strconv.FormatUint(n, 10) }
		rows = append(rows, row{Name: "margin", Label: p.t.Margin, Values: []string{
			put(p.t.MarginIs, "{matching}", number(m.Matching), "{named}", number(m.Named), "{needed}", number(m.Needed)),
		}})
	}
	if r := l.RevocationList; r != nil {
		rows = append(rows, row{Name: "revocations", Label: p.t.RevocationList, Values: []string{
			put(p.t.ListIs, "{number}", strconv.FormatUint(r.Number, 10), "{date}", p.t.Day(r.Issued)),
		}})
	}
	return rows
}

// warning returns the words of the product for a warning, or the English ones.
func (p *handler) warning(w verify.Warning, now time.Time) string {
	text, known := p.t.Warn[w.Code]
	if !known {
		return sentence(w.Text)
	}
	date := ""
	if !w.Date.IsZero() {
		date = p.t.Day(w.Date)
	}
	return put(text, "{date}", date, "{days}", strconv.Itoa(w.Days(now)), "{value}", w.Value,
		"{count}", strconv.FormatUint(w.Count, 10), "{of}", strconv.FormatUint(w.Of, 10))
}
