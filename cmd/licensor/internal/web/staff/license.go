package staff

import (
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/sheet"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/frame"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// given is a license on record, as it is given out.
type given struct {
	license *ledger.License
	request *verify.Request
	shown   *service.Shown
	file    []byte
	service.CarriedLicense
}

// given finds the license of the path. It answers itself, and returns nil, where there is none.
func (v *visit) given() (*given, error) {
	ctx := v.R.Context()
	id, err := format.ParseID(v.Named("id"))
	if err != nil {
		return nil, v.noLicense()
	}
	g := new(given)
	if g.license, g.request, err = v.Service.Issued(ctx, id); frame.IsTrouble(err) {
		return nil, err
	} else if err != nil {
		return nil, v.noLicense()
	}
	if g.shown, err = v.shownActivation(ctx, g.license.Activation); err != nil {
		return nil, err
	}
	if g.shown == nil {
		return nil, ledger.Damaged("license %s has no activation", id)
	}
	texts, err := v.Service.LicenseTexts(ctx)
	if err != nil {
		return nil, err
	}
	if g.file, err = texts.Text(g.license); err != nil {
		return nil, err
	}
	g.CarriedLicense, err = texts.CarriedLicense(g.license, g.file, service.LeaveOut{})
	return g, err
}

func (v *visit) noLicense() error {
	return v.Nothing("No license on record is called "+text.Quote(v.Named("id"))+".", "The search on the page Sales finds it by its invoice, host or code.")
}

// name is the name of the file.
func (g *given) name() string {
	for i := range g.shown.Activations {
		if a := &g.shown.Activations[i]; a.ID == g.license.Activation {
			return service.LicenseFileName(&a.Activation)
		}
	}
	return g.license.ID.String() + ".lic"
}

// licenseView is a license in all the forms in which it goes to its server.
type licenseView struct {
	ID, Invoice, Customer, Activation string
	Site, Host, RequestCode, Code     string
	From, To, SignedBy                string
	Newer                             string // the license of that activation now
	Revoked                           string
	File, Name                        string
	Typed                             string // what the codes say
	Whole                             bool
	Codes                             []page.Code
	NoCodes                           string // why there are none
	Sender                            string
	MayRevoke                         bool
}

func (v *visit) license() error { return v.licensePage(nil) }

func (v *visit) licensePage(wrong error) error {
	g, err := v.given()
	if g == nil || err != nil {
		return err
	}
	l, e := g.license, &g.shown.Entitlement
	view := &licenseView{ID: l.ID.String(), Invoice: e.Invoice, Customer: e.Customer, Activation: l.Activation,
		From: text.Date(l.Issued), To: "perpetual", SignedBy: l.SignedBy, File: string(g.file), Name: g.name(), Typed: g.Text, Whole: g.Whole, Sender: v.Asked("sender"), MayRevoke: v.Who.May(desk.Revoke)}
	if !l.HardEnd.IsZero() {
		view.To = text.LastDay(l.HardEnd)
	}
	if g.request != nil {
		view.Site, view.Host, view.RequestCode = g.request.Site, g.request.Host, format.ComparisonCode(g.request.Hash)
	}
	if view.Code, err = format.CodeOf(format.LicenseFile, g.Raw); err != nil {
		return err
	}
	all := g.shown.Licenses[l.Activation]
	for _, r := range all {
		if r.ID == l.ID && r.Revoked != nil {
			view.Revoked = "It was revoked on " + text.Date(r.Revoked.Since) + ": " + r.Revoked.Why
		}
	}
	if n := len(all); n > 0 && all[n-1].Epoch > l.Epoch {
		view.Newer = all[n-1].ID.String()
	}
	if view.Codes, err = page.Codes(g.Text, format.MaxParts); err != nil {
		view.NoCodes = "It is too long for codes: send the file."
	}
	if wrong != nil {
		return v.Again("license", "License for "+e.ProductName(), view, wrong)
	}
	return v.Show("license", "License for "+e.ProductName(), view)
}

// licenseFile sends the license file.
func (v *visit) licenseFile() error {
	g, err := v.given()
	if g == nil || err != nil {
		return err
	}
	v.Download("text/plain; charset=utf-8", g.name(), g.file)
	return nil
}

// licenseSheet shows the sheet to print.
func (v *visit) licenseSheet() error {
	g, err := v.given()
	if g == nil || err != nil {
		return err
	}
	var rows []sheet.Row
	if g.Host != "" {
		rows = append(rows, sheet.Row{Label: "server", Text: g.Host})
	}
	s, err := sheet.Of(format.LicenseFile, g.Raw, g.Text, rows...)
	if err != nil {
		return err
	}
	h := v.W.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'") // the sheet's own style
	h.Set("Cache-Control", "no-store")
	v.W.Write(sheet.HTML([]*sheet.Sheet{s}))
	return nil
}

// licenseMail sends the mail to the customer, with the file attached, for a mail program.
func (v *visit) licenseMail() error {
	g, err := v.given()
	if g == nil || err != nil {
		return err
	}
	o := service.LetterOptions{Sender: v.Asked("sender"), Now: v.by.Now, FileName: service.LicenseFileName}
	letters, passed, err := v.Service.LicenseLetters(v.R.Context(), []service.LicenseFile{{Name: g.name(), Text: g.file}}, o)
	switch {
	case frame.IsTrouble(err):
		return err
	case err != nil:
		return v.licensePage(err)
	case len(passed) > 0:
		return v.licensePage(hint.Errorf("there is no letter: %w", passed[0].Err).WithHint("a letter brings the newest license of an activation that is in use"))
	case len(letters) != 1 || letters[0].Skipped != nil:
		return v.licensePage(hint.Errorf("there is no letter: %w", letters[0].Skipped).WithHint("add an address for the sale, or download the file"))
	}
	v.Download("message/rfc822", strings.TrimSuffix(g.name(), ".lic")+".eml", letters[0].Mail)
	return nil
}
