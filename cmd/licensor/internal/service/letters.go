package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/letter"
	"github.com/offlicense/offlicense/format"
)

// Letter is a mail to a customer that nobody has sent.
type Letter struct {
	Customer string
	Email    string
	Invoices []string // that it is about
	Mail     []byte   // an .eml file; nil: there is none
	Subject  string   // of the mail
	Text     string   // of the mail
	Skipped  error    // why not
}

// LetterOptions say how letters are written.
type LetterOptions struct {
	Sender   string // the sender's address, with a name or without
	Template string // of the text; empty: DefaultLetter
	Now      time.Time

	// FileName makes the name of the file for the license of an activation.
	FileName func(a *ledger.Activation) string
}

// DefaultLetter is the template of a letter if the vendor has none.
func DefaultLetter() string { return letter.Default }

// letterWriter writes letters, one for each customer and address.
type letterWriter struct {
	s        *Service
	o        LetterOptions
	sender   *mail.Address
	template *letter.Template
	texts    *LicenseTexts
	drafts   map[[2]string]*letterDraft
	attached map[format.ID]bool
}

type letterDraft struct {
	letter.Letter
	files []letter.Attachment
}

func (s *Service) letterWriter(o LetterOptions) (*letterWriter, error) {
	w := &letterWriter{s: s, o: o, drafts: make(map[[2]string]*letterDraft), attached: make(map[format.ID]bool)}
	var err error
	if w.sender, err = mail.ParseAddress(o.Sender); err != nil {
		return nil, hint.Errorf("the sender %.64q is no address", o.Sender).WithHint(`give one such as "Acme Sales <sales@acme.example>"`)
	}
	w.template, err = letter.Parse(cmp.Or(o.Template, letter.Default))
	return w, err
}

// EndingLetters tell customers what ends in the window of a filter.
func (s *Service) EndingLetters(ctx context.Context, filter Filter, o LetterOptions) ([]Letter, error) {
	w, err := s.letterWriter(o)
	if err != nil {
		return nil, err
	}
	endings, err := s.Endings(ctx, filter)
	if err != nil {
		return nil, err
	}
	for i := range endings {
		w.ending(&endings[i])
	}
	return w.letters(), nil
}

// LettersOf tell the customers of some sales what ends after one time and by the other.
func (s *Service) LettersOf(ctx context.Context, invoices []string, after, by time.Time, o LetterOptions) ([]Letter, error) {
	w, err := s.letterWriter(o)
	if err != nil {
		return nil, err
	}
	for _, invoice := range invoices {
		h, err := s.Holding(ctx, invoice)
		if err != nil {
			return nil, err
		}
		if e := h.EndsIn(after, by); e.License || e.Updates {
			w.ending(&e)
		}
	}
	return w.letters(), nil
}

func (w *letterWriter) ending(e *ledger.Ending) {
	d := w.to(&e.Holding)
	expires, updates := lastDays(&e.Entitlement)
	d.Endings = append(d.Endings, letter.Ending{
		Invoice: e.Invoice, Product: e.ProductName(), Type: e.Type, Seats: e.Seats, On: e.On(),
		LicenseEnds: e.License, UpdatesEnd: e.Updates, Expires: expires, UpdatesUntil: updates,
	})
}

func lastDays(e *ledger.Entitlement) (expires, updates string) {
	return ledger.TermNamed("expires").Get(e), ledger.TermNamed("updates_until").Get(e)
}

// LicenseFile is a license file that goes to a customer.
type LicenseFile struct {
	Name string
	Text []byte
}

// PassedOver is a file for which there is no letter, and why not.
type PassedOver struct {
	Name string
	Err  error
}

// LicenseLetters bring customers their license files. Only the newest license of an
// activation is sent, and what is attached is what is on record of it.
func (s *Service) LicenseLetters(ctx context.Context, files []LicenseFile, o LetterOptions) (letters []Letter, passed []PassedOver, err error) {
	w, err := s.letterWriter(o)
	if err != nil {
		return nil, nil, err
	}
	if w.texts, err = s.LicenseTexts(ctx); err != nil {
		return nil, nil, err
	}
	for _, file := range files {
		why, err := w.attach(ctx, file.Text)
		if err != nil {
			return nil, nil, err
		}
		if why != nil {
			passed = append(passed, PassedOver{file.Name, why})
		}
	}
	return w.letters(), passed, nil
}

// attach adds a license to the letter to its customer, unless there is a reason why not.
func (w *letterWriter) attach(ctx context.Context, text []byte) (why, err error) {
	raw, why := format.DecodeTextAs(text, format.LicenseFile)
	if why != nil {
		return why, nil
	}
	file, why := format.ParseFile(raw)
	if why != nil {
		return why, nil
	}
	// Nothing is believed of it: it only says which one on record is meant.
	claims, why := format.UnmarshalLicense(file.License.UnverifiedPayload())
	if why != nil {
		return why, nil
	}
	if w.attached[claims.ID] {
		return errors.New("another file has the same license"), nil
	}
	holdings, err := w.s.List(ctx, Filter{Invoice: claims.Terms.Invoice})
	switch {
	case err != nil:
		return nil, err
	case len(holdings) == 0 || claims.Terms.Invoice == "":
		return fmt.Errorf("no entitlement has its invoice, %.64q", claims.Terms.Invoice), nil
	}
	h := &holdings[0]
	a := Held(h, claims.Activation)
	switch {
	case a == nil:
		return fmt.Errorf("its activation %.64q is not active", claims.Activation), nil
	case a.License.ID != claims.ID:
		return fmt.Errorf("activation %s has another license now", a.ID), nil
	case !a.Revoked.IsZero():
		return errors.New("it was revoked"), nil
	}
	license, _, err := w.s.Issued(ctx, claims.ID)
	if err != nil {
		return nil, err
	}
	content, err := w.texts.Text(license)
	if err != nil {
		return nil, err
	}
	w.attached[claims.ID] = true
	d := w.to(h)
	expires, updates := lastDays(&h.Entitlement)
	name := w.o.FileName(&a.Activation)
	d.files = append(d.files, letter.Attachment{Name: name, Content: content})
	d.Licenses = append(d.Licenses, letter.License{
		Invoice: h.Invoice, Product: h.ProductName(), Type: h.Type, Activation: a.ID, Site: a.Site, Host: a.Host,
		Code: a.Code, File: name, Expires: expires, UpdatesUntil: updates,
	})
	return nil, nil
}

// to returns the letter to the customer of an entitlement. Where the address of the sale
// was removed, another one that claims it takes its place.
func (w *letterWriter) to(h *ledger.Holding) *letterDraft {
	e, email := &h.Entitlement, h.Email
	if email == "" && len(h.MoreEmails) > 0 {
		email = h.MoreEmails[0]
	}
	key := [2]string{ledger.CustomerKey(e.Customer), ledger.AccountKey(email)}
	d := w.drafts[key]
	if d == nil {
		d = &letterDraft{Letter: letter.Letter{Vendor: w.s.Vendor(), Customer: strings.Join(strings.Fields(e.Customer), " "), Email: email}}
		w.drafts[key] = d
	}
	return d
}

// letters writes them, in the order of customers.
func (w *letterWriter) letters() []Letter {
	var all []Letter
	for _, d := range w.drafts {
		l := Letter{Customer: d.Customer, Email: d.Email}
		for _, e := range d.Endings {
			l.Invoices = append(l.Invoices, e.Invoice)
		}
		for _, e := range d.Licenses {
			if !slices.Contains(l.Invoices, e.Invoice) {
				l.Invoices = append(l.Invoices, e.Invoice)
			}
		}
		l.Skipped = w.write(d, &l)
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b Letter) int {
		return cmp.Or(strings.Compare(ledger.CustomerKey(a.Customer), ledger.CustomerKey(b.Customer)), strings.Compare(a.Email, b.Email))
	})
	return all
}

func (w *letterWriter) write(d *letterDraft, l *Letter) (err error) {
	if d.Email == "" {
		return errors.New("the e-mail address was removed")
	}
	if l.Subject, l.Text, err = w.template.Write(&d.Letter); err != nil {
		return err
	}
	m := letter.Mail{From: *w.sender, To: mail.Address{Name: d.Customer, Address: d.Email}, Subject: l.Subject, Text: l.Text, Attachments: d.files, Date: w.o.Now}
	l.Mail, err = m.Bytes()
	return err
}
