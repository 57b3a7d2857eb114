// Package letter writes mails to customers: what they say comes out of a template, and
// the bytes are those of an .eml file. It sends nothing, and reads no clock.
package letter

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"text/template"
	"unicode"

	"github.com/offlicense/offlicense/cmd/internal/hint"
)

// Letter is what a template can say. All its texts may come from strangers.
type Letter struct {
	Vendor   string
	Customer string
	Email    string
	Endings  []Ending  // what ends soon
	Licenses []License // the files that are attached
}

// Ending is an entitlement that ends soon, or whose updates do. Dates are the last days,
// like 2027-11-21; empty: never.
type Ending struct {
	Invoice, Product, Type string
	Seats                  uint64
	On                     string // the earlier of those that end soon
	LicenseEnds            bool   // on Expires
	UpdatesEnd             bool   // on UpdatesUntil
	Expires, UpdatesUntil  string
}

// License is a license file that is attached.
type License struct {
	Invoice, Product, Type string
	Activation             string
	Site, Host             string // as the request called them; may be empty
	Code                   string // the comparison code of the request; empty: it answers none
	File                   string // its name
	Expires, UpdatesUntil  string
}

// Default is the template that is used if the vendor has none.
//
//go:embed default.txt
var Default string

// Template makes the text of letters.
type Template struct{ t *template.Template }

const (
	maxText    = 1 << 20 // bytes
	maxSubject = 250
	subject    = "Subject: "
)

// Parse reads a template, and tries it: what it names must be there.
func Parse(text string) (*Template, error) {
	parsed, err := template.New("letter").Parse(text)
	if err != nil {
		return nil, broken(err)
	}
	t := &Template{parsed}
	sample := Letter{
		Vendor: "acme.example", Customer: "Site Ltd", Email: "ops@site.example",
		Endings: []Ending{{Invoice: "INV0042-1", Product: "evoq", Type: "production", Seats: 1, On: "2027-11-21", LicenseEnds: true, UpdatesEnd: true,
			Expires: "2027-11-21", UpdatesUntil: "2027-11-21"}},
		Licenses: []License{{Invoice: "INV0042-1", Product: "evoq", Type: "production", Activation: "A", Site: "shop", Host: "web1", Code: "C", File: "A.lic", Expires: "2027-11-21"}},
	}
	if _, _, err := t.Write(&sample); err != nil {
		return nil, err
	}
	return t, nil
}

func broken(err error) error {
	return hint.Errorf("the template: %s", strings.TrimPrefix(err.Error(), "template: letter:")).WithHint(`"licensor letters --print-template" prints one that works`)
}

// Write returns the subject and the text of a letter.
func (t *Template) Write(l *Letter) (about, text string, err error) {
	var b limited
	if err := t.t.Execute(&b, l); err != nil {
		return "", "", broken(err)
	}
	first, rest, _ := strings.Cut(strings.TrimLeft(strings.ReplaceAll(b.String(), "\r\n", "\n"), "\n"), "\n")
	about, found := strings.CutPrefix(first, subject)
	about = strings.TrimSpace(about)
	switch {
	case !found || about == "":
		return "", "", broken(fmt.Errorf("its first line does not begin with %q", subject))
	case len(about) > maxSubject:
		return "", "", broken(fmt.Errorf("its subject is longer than %d bytes", maxSubject))
	case strings.ContainsFunc(about, unicode.IsControl):
		return "", "", broken(errors.New("its subject has a control character"))
	}
	return about, strings.Trim(rest, "\n") + "\n", nil
}

// limited is a buffer that no template fills.
type limited struct{ strings.Builder }

func (b *limited) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxText {
		return 0, errors.New("it makes more than 1 MiB")
	}
	return b.Builder.Write(p)
}
