package audit

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// The log knows e-mail addresses by commitments to them. The addresses stand in a table
// of their own; one that was forgotten is known to nobody, and what the rules would ask
// of it is counted, not judged.

// readEmails reads the addresses that the log commits to. Those that are not what a
// commitment says are passed over here, and found when the tables are compared.
func (a *audit) readEmails() error {
	return a.kept.EachEmail(func(e *store.Email) error {
		if bytes.Equal(ledger.Commitment(e.Salt, e.Address), e.Account) && ledger.AccountKey(e.Address) == e.Owner {
			number, _ := a.state.emailRows.add(email{[32]byte(e.Account), pack(e.Address, string(e.Salt))})
			a.state.emails.put(number)
		}
		return nil
	})
}

// email is an address that is known, by the commitment to it.
type email struct {
	account [32]byte
	texts   packed // the address, its salt
}

// known returns the address and the salt behind a commitment.
func (s *state) known(account []byte) (address, salt string, known bool) {
	if len(account) != 32 {
		return "", "", false
	}
	e := s.emails.find([32]byte(account))
	if e == nil {
		return "", "", false
	}
	address, rest := e.texts.cut()
	salt, _ = rest.cut()
	return address, salt, true
}

// email returns the address behind a commitment; unknown says that it is a word in its
// place, which no customer has.
func (s *state) email(account []byte) (address string, unknown bool) {
	if address, _, known := s.known(account); known {
		return address, false
	}
	return hex.EncodeToString(account) + "@forgotten.invalid", true
}

// withEmail returns what an event says was sold, with the address that it commits to.
func (s *state) withEmail(sold *ledger.Entitlement) *ledger.Entitlement {
	e := sold.Clone()
	if e.Account == nil {
		e.Email, e.Forgotten = "", true
		return e
	}
	e.Email, _ = s.email(e.Account)
	return e
}

// unjudged reports whether the rules cannot be asked about the address of a sale as it
// was: it is known no more.
func (s *state) unjudged(e *ledger.Entitlement) bool {
	_, _, known := s.known(e.Account)
	return !e.Forgotten && !known
}

// forget asks about addresses that are removed. Whose they are, nobody knows any more.
func (s *state) forget(d ledger.Forgotten) error {
	for i, account := range d.Accounts {
		if !s.accounts[string(account)] || i > 0 && bytes.Compare(d.Accounts[i-1], account) >= 0 {
			return errors.New("it removes an address that no sale has")
		}
	}
	if len(d.Accounts) == 0 {
		return errors.New("it removes nothing")
	}
	return nil
}

// applyForgotten removes addresses.
func (s *state) applyForgotten(d ledger.Forgotten) error {
	if err := s.forget(d); err != nil {
		return err
	}
	gone := make(map[string]bool)
	for _, account := range d.Accounts {
		gone[string(account)] = true
		delete(s.accounts, string(account))
	}
	for of, all := range s.more {
		s.more[of] = slices.DeleteFunc(all, func(account []byte) bool { return gone[string(account)] })
	}
	for _, of := range s.sales {
		if of.Account != nil && gone[string(of.Account)] {
			s.index(of, false)
			e := of.Entitlement.Clone()
			e.Account, e.Email, e.Forgotten = nil, "", true
			of.Entitlement = e
			s.index(of, true)
		}
	}
	return nil
}

// applyAddressed gives a sale one more address, or takes that off.
func (s *state) applyAddressed(invoice string, d ledger.Addressed) error {
	of := s.sales[invoice]
	if of == nil {
		return fmt.Errorf("invoice %.64q was never sold", invoice)
	}
	at := slices.IndexFunc(s.more[of], func(account []byte) bool { return bytes.Equal(account, d.Account) })
	switch {
	case d.Off && at < 0, !d.Off && s.accounts[string(d.Account)]:
		return fmt.Errorf("the address is one already, or none, of invoice %.64q", invoice)
	case d.Off:
		s.more[of] = slices.Delete(s.more[of], at, at+1)
	default:
		s.more[of] = append(s.more[of], d.Account)
		s.accounts[string(d.Account)] = true
	}
	return nil
}

// address asks about an address that a sale gets besides its own, or that is taken off.
func (s *state) address(by *ledger.Operation, invoice string, d ledger.Addressed) (*rules.Step, error) {
	f := s.facts()
	f.sale(invoice)
	d.Email, _ = s.email(d.Account)
	step, err := rules.SetAddress(f.Facts, by, invoice, d)
	if err == nil && step == nil {
		err = errors.New("it changes nothing")
	}
	return step, err
}

// claiming returns a request as the rules are to be asked about it: where it names none of
// the addresses that are known, and one of its sale was forgotten since, one that names what
// stands in the place of that.
func (s *state) claiming(of *sale, q *verify.Request) *verify.Request {
	accounts := s.more[of]
	if !of.Forgotten {
		accounts = append([][]byte{of.Account}, accounts...)
	}
	var instead *verify.Request
	for _, account := range accounts {
		email, unknown := s.email(account)
		if ledger.Claimed(of.Invoice, email, q.Account) {
			return q
		}
		if unknown && instead == nil {
			claims := *q
			claims.Account = format.AccountHash(of.Invoice, email)
			instead = &claims
		}
	}
	if instead != nil {
		return instead
	}
	return q
}
