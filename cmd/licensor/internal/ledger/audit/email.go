package audit

import (
	"bytes"
	"encoding/hex"
	"errors"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// The log knows e-mail addresses by commitments to them. The addresses stand in a table
// of their own; one that was forgotten is known to nobody, and what the rules would ask
// of it is counted, not judged.

// readEmails reads the addresses that the log commits to. Those that are not what a
// commitment says are passed over here, and found when the tables are compared.
func (a *audit) readEmails() error {
	a.state.emails = make(map[string]*store.Email)
	return a.kept.EachEmail(func(e *store.Email) error {
		if bytes.Equal(ledger.Commitment(e.Salt, e.Address), e.Account) && ledger.AccountKey(e.Address) == e.Owner {
			a.state.emails[string(e.Account)] = e
		}
		return nil
	})
}

// email returns the address behind a commitment; unknown says that it is a word in its
// place, which no customer has.
func (s *state) email(account []byte) (address string, unknown bool) {
	if e := s.emails[string(account)]; e != nil {
		return e.Address, false
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
	return !e.Forgotten && s.emails[string(e.Account)] == nil
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
