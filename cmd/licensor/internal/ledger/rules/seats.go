package rules

import (
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/verify"
)

// checkFree refuses when no seat is free. q is the request that wants one, nil if there
// is none.
func checkFree(s *Sale, q *verify.Request) error {
	switch {
	case s.Type == ledger.TypeDevelopment && (s.Allowance == 0 || s.Used < s.Allowance):
		return nil
	case s.Type == ledger.TypeDevelopment:
		return ledger.Refuse(ledger.RuleAllowance, `sales, with "licensor amend --allowance"`, "raise the allowance, or go on with the sites that are active",
			"no activation of invoice %q is free, %d of %d are in use", s.Invoice, s.Used, s.Allowance)
	case s.Used < s.Seats:
		return nil
	}
	next := `sell another seat, or free one: "licensor release" where the server gave it up, "licensor deactivate" where the server is gone`
	if same, err := lostDirectory(s, q); err != nil {
		return err
	} else if same != nil {
		next = fmt.Sprintf("the same machine as %s, its directory lost? licensor reactivate REQUEST --activation %s --why TEXT", same.Name(), same.ID)
	}
	return ledger.Refuse(ledger.RuleSeats, `sales, with "licensor amend --seats"`, next,
		"no seat of invoice %q is free, %d of %d are in use: %s", s.Invoice, s.Used, s.Seats, holders(s))
}

const maxHolders = 3

// holders names who has the seats of a sale, and since when.
func holders(s *Sale) string {
	var names []string
	for _, a := range s.Oldest[:min(len(s.Oldest), maxHolders)] {
		names = append(names, fmt.Sprintf("%s since %s", a.Name(), a.Since.Format(time.DateOnly)))
	}
	if more := int(s.Used) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return ledger.Join(names)
}

// lostDirectory returns the holder that seems to be on the machine of a request, nil if
// none does. It is a hint, and decides nothing: two sites may share a machine.
func lostDirectory(s *Sale, q *verify.Request) (*Activation, error) {
	if q == nil {
		return nil, nil
	}
	for _, a := range s.Oldest[:min(len(s.Oldest), maxHolders)] {
		if a.Site != "" && q.Site != "" && a.Site != q.Site {
			continue
		}
		before, err := a.machine()
		if err != nil {
			return nil, err
		}
		if sameMachine(before, q.Components) {
			return a, nil
		}
	}
	return nil, nil
}
