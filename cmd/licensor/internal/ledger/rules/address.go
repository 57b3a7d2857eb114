package rules

import (
	"slices"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/verify"
)

// maxAddresses is how many e-mail addresses a sale has besides its own.
const maxAddresses = 16

// SetAddress gives a sale one more e-mail address, or takes that off. Requests name any of
// them. Nil: it is so already.
func SetAddress(f *Facts, by *ledger.Operation, invoice string, a ledger.Addressed) (*Step, error) {
	s, err := f.sold(invoice)
	if err != nil {
		return nil, err
	}
	if err := by.NeedWhy("another e-mail address"); err != nil {
		return nil, err
	}
	if err := refuseCanceled(s.Entitlement); err != nil {
		return nil, err
	}
	known := slices.IndexFunc(s.More, func(m ledger.Address) bool { return ledger.AccountKey(m.Email) == ledger.AccountKey(a.Email) })
	own := !s.Forgotten && ledger.AccountKey(s.Email) == ledger.AccountKey(a.Email)
	switch {
	case !ledger.ValidEmail(a.Email):
		return nil, hint.Errorf("invalid e-mail address %.64q", a.Email).WithHint("want an address like ops@site.example")
	case a.Off && own:
		return nil, hint.Errorf("%s is the e-mail address of invoice %q itself", a.Email, invoice).WithHint("to put another in its place: licensor correct %s --email ADDRESS --why TEXT", text.ShellWord(invoice))
	case a.Off && known < 0, !a.Off && (known >= 0 || own):
		return nil, nil
	case a.Off:
		a.Account = s.More[known].Account
	case s.Type == ledger.TypeEvaluation:
		return nil, ledger.Refuse(ledger.RuleOnce, ledger.LiftNobody, "to change whose it is: licensor correct "+text.ShellWord(invoice)+" --email ADDRESS --why TEXT",
			"an evaluation is that of one e-mail address, and invoice %q has one", invoice)
	case len(s.More) >= maxAddresses:
		return nil, hint.Errorf("invoice %q has %d e-mail addresses besides its own", invoice, maxAddresses).WithHint("take one off first, with --remove")
	}
	return &Step{Event: ledger.Event{Action: ledger.ActionAddress, Invoice: invoice, Detail: a}}, nil
}

// claims reports whether a request names an e-mail address of a sale.
func (s *Sale) claims(q *verify.Request) bool {
	is := func(email string) bool { return ledger.Claimed(s.Invoice, email, q.Account) }
	return !s.Forgotten && is(s.Email) || slices.ContainsFunc(s.More, func(a ledger.Address) bool { return is(a.Email) })
}

// Claims reports whether a request names one of the addresses to which its invoice was sold.
// Where there is none it compares all the same, and takes as long.
func Claims(q *verify.Request, addresses []string) bool {
	if len(addresses) == 0 {
		ledger.Claimed(q.Invoice, "nobody@site.example", q.Account)
		return false
	}
	return slices.ContainsFunc(addresses, func(email string) bool { return ledger.Claimed(q.Invoice, email, q.Account) })
}
