package staff

import (
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// commandsOf are what is done with a sale at the workstation alone.
func (v *visit) commandsOf(h *ledger.Holding) []step {
	if !v.Who.May(desk.Sell) || h.Standing == ledger.StandingCanceled {
		return nil
	}
	of := text.ShellWord(h.Invoice)
	return []step{
		{What: "give it to another customer", Command: "licensor customer transfer " + of + " NAME --email ADDRESS --out DIR --why TEXT"},
		{What: "let one more e-mail address claim it", Command: "licensor customer email " + of + " ADDRESS --why TEXT"},
	}
}

// commandsOfCustomer are likewise of all that one customer has bought.
func (v *visit) commandsOfCustomer(name string, partner bool) []step {
	if !v.Who.May(desk.Sell) {
		return nil
	}
	of := text.ShellWord(name)
	mark := step{What: "make it a partner, which may buy nfr licenses", Command: "licensor customer " + of + " --partner --why TEXT"}
	if partner {
		mark = step{What: "take the partner's mark away", Command: "licensor customer " + of + " --no-partner --why TEXT"}
	}
	return []step{
		{What: "change the name", Command: "licensor customer rename " + of + " NEW-NAME --why TEXT"},
		{What: "let one more e-mail address claim all of it", Command: "licensor customer email " + of + " ADDRESS --why TEXT"},
		mark,
		{What: "forget an e-mail address for good", Command: "licensor customer forget ADDRESS"},
	}
}
