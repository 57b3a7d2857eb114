package form

import (
	"bytes"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/picture"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// What is revoked is noted here, and waits for the next revocation list. The root key that signs
// one is offline: a list that was signed elsewhere is recorded. A key is revoked with the command.

const revokedLead = "Its server runs on until the next revocation list reaches it; the seat stays taken until it is deactivated."

// revokeActivation notes all licenses of an activation for the next revocation list.
func (v *visit) revokeActivation() error {
	a, c, err := v.of("Revoke", "revoke")
	if err != nil {
		return err
	}
	c.single, c.danger, c.button, c.lead = true, true, "Revoke all licenses of this activation", revokedLead
	c.fields = []*field{why(true), again("activation", a.held.ID)}
	c.check = func() { c.checkAgain("activation", a.held.ID) }
	c.look = func() (*looked, error) {
		now, err := v.activation(a.held.ID)
		if err != nil {
			return nil, err
		}
		l := &looked{facts: []facts{now.rows()}}
		if !now.held.Revoked.IsZero() {
			l.already = page.Path("activations", a.held.ID)
		}
		return l, nil
	}
	c.do = func() (string, string, error) {
		v.by.Why = c.value("why")
		_, err := v.Service.RevokeActivation(v.R.Context(), v.by, a.held.ID)
		return page.Path("activations", a.held.ID), "revoked", err
	}
	return v.ask(c)
}

// revokeLicense notes one license.
func (v *visit) revokeLicense() error {
	id, err := format.ParseID(v.Named("id"))
	if err != nil {
		return v.Nothing("No license on record is called "+text.Quote(v.Named("id"))+".", "The search on the page Sales finds it by its invoice, host or code.")
	}
	path := page.Path("licenses", id.String())
	c := &change{title: "Revoke a license", path: path + "/revoke", back: page.Link{To: path, Text: "Back"},
		single: true, danger: true, button: "Revoke this license", lead: revokedLead}
	license, q, err := v.Service.Issued(v.R.Context(), id)
	if err != nil {
		return err
	}
	c.fields = []*field{why(true), again("activation", license.Activation)}
	c.check = func() { c.checkAgain("activation", license.Activation) }
	c.look = func() (*looked, error) {
		rows := []service.Row{{Label: "license", Text: id.String()}, {Label: "activation", Text: license.Activation}, {Label: "issued", Text: text.Date(license.Issued)}}
		if q != nil {
			rows = append(rows, service.Row{Label: "invoice", Text: q.Invoice}, service.Row{Label: "host", Text: q.Host})
		}
		l := &looked{facts: []facts{factsOf("The license", rows)}}
		now, err := v.activation(license.Activation)
		if err != nil {
			return nil, err
		}
		for _, record := range now.Licenses[license.Activation] {
			if record.ID == id && record.Revoked != nil {
				l.already = path
			}
		}
		return l, nil
	}
	c.do = func() (string, string, error) {
		v.by.Why = c.value("why")
		_, err := v.Service.RevokeLicense(v.R.Context(), v.by, id)
		return path, "revoked", err
	}
	return v.ask(c)
}

// recordList records a revocation list that was signed elsewhere.
func (v *visit) recordList() error {
	c := &change{title: "Record a revocation list", path: "/revocations", button: "Look at it", wants: []format.Kind{format.RevocationFile},
		back: page.Link{To: "/ledger", Text: "The ledger"}, fields: append(statementFields("the list"), why(false)),
		lead: "The root key is offline: who has it signs the list there, and it is recorded here before any server gets it. A key is revoked at the workstation: licensor revoke --key KEY --why TEXT."}
	c.field(picture.FileField).Help = "The list that licensor revocations has written."
	var file []byte
	var list *verify.RevocationList
	c.look = func() (_ *looked, err error) {
		if file, err = c.statement(); err == nil {
			list, err = v.Service.OpenList(file)
		}
		if err != nil {
			c.field(picture.TextField).Error = "This is no revocation list of yours."
			return nil, err
		}
		code, err := format.CodeOf(format.RevocationFile, list.Raw)
		if err != nil {
			return nil, err
		}
		v.by.Why = c.value("why")
		l := &looked{button: "Record this list", facts: []facts{factsOf("The list", []service.Row{
			{Label: "number", Text: fmt.Sprint(list.Number)}, {Label: "code", Text: code}, {Label: "issued", Text: text.Minute(list.Issued())},
			{Label: "licenses", Text: fmt.Sprint(list.Licenses.Len())}, {Label: "keys", Text: fmt.Sprint(len(list.Keys))}, {Label: "signed by", Text: list.Signer},
		})}}
		newest, err := v.Service.Book.NewestList(v.R.Context(), format.MaxRevocation)
		if err == nil && bytes.Equal(newest, list.Raw) {
			l.already = "/ledger"
		}
		return l, err
	}
	c.do = func() (string, string, error) {
		_, err := v.Service.RecordList(v.R.Context(), v.by, file)
		return "/ledger", "listed", err
	}
	return v.ask(c)
}

// newestList is the file of the newest revocation list.
func (v *visit) newestList() error {
	list, err := v.Service.NewestList(v.R.Context())
	if err != nil {
		return err
	}
	v.Download("application/octet-stream", fmt.Sprintf("list-%d.olv", list.Number), format.EncodeFile(format.RevocationFile, list.Raw))
	return nil
}
