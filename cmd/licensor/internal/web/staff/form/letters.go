package form

import (
	"net/url"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

// letterView is a mail that somebody sends, if they want to.
type letterView struct {
	service.Letter
	Download string
}

type lettersView struct {
	Sender   string
	Invoices []string
	Letters  []letterView
	Skipped  []string
}

// lettersOf writes to the customers of what was chosen. Nothing is sent.
func (v *visit) lettersOf() ([]service.Letter, error) {
	invoices := v.R.URL.Query()["invoice"]
	if len(invoices) > maxRenewals {
		return nil, hint.Errorf("%d are more than %d, to which is written at once", len(invoices), maxRenewals).WithHint("choose fewer, or write them with licensor letters")
	}
	year := v.by.Now.AddDate(1, 0, 1)
	return v.Service.LettersOf(v.R.Context(), invoices, v.by.Now.AddDate(-1, 0, 0), year, service.LetterOptions{Sender: v.Asked("sender"), Now: v.by.Now, FileName: service.LicenseFileName})
}

func (v *visit) letters() error {
	query := v.R.URL.Query()
	view := &lettersView{Sender: v.Asked("sender"), Invoices: query["invoice"]}
	if len(view.Invoices) == 0 {
		return v.Nothing("Nothing was chosen.", "Go back, and choose about what is written.")
	}
	if view.Sender == "" {
		return v.Show("letters", "Mails to customers", view)
	}
	letters, err := v.lettersOf()
	if err != nil {
		return v.Again("letters", "Mails to customers", view, err)
	}
	for _, l := range letters {
		if l.Skipped != nil {
			view.Skipped = append(view.Skipped, l.Customer+": "+l.Skipped.Error())
			continue
		}
		one := map[string][]string{"sender": {view.Sender}, "invoice": l.Invoices}
		view.Letters = append(view.Letters, letterView{l, "/letters/mail?" + url.Values(one).Encode()})
	}
	return v.Show("letters", "Mails to customers", view)
}

// letter is one of them as a file that a mail program opens.
func (v *visit) letter() error {
	letters, err := v.lettersOf()
	switch {
	case err != nil:
		return err
	case len(letters) != 1 || letters[0].Skipped != nil:
		return v.Nothing("There is no such mail.", "Go back, and write it again.")
	}
	v.Download("message/rfc822", service.SafeName(ledger.CustomerKey(letters[0].Customer))+".eml", letters[0].Mail)
	return nil
}
