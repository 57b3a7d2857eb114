package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// choose returns the components of a request that its license names, and how many of
// them must match. They are among those that its checker reads. What the sale demands is named
// alone: whoever has a copy of the disk has the rest. For a sale that demands a machine it names what only a machine has:
// its machine-id and product-uuid, and one thing more that may change; or the one of them
// that is there alone, for what is copied along with it would only make an honest change
// fatal. Otherwise it names all, and more than half must match.
func choose(e *ledger.Entitlement, q *format.Request) (named []format.Component, need uint64) {
	offered := q.Readable()
	pick := func(label string) bool {
		i := slices.IndexFunc(offered, func(c format.Component) bool { return c.Label == label })
		if i >= 0 {
			named = append(named, offered[i])
		}
		return i >= 0
	}
	if e.Demand != "" && pick(e.Demand) {
		return named, 1
	}
	if e.Weakest() != format.StrengthMachine {
		return offered, ledger.Majority(len(offered))
	}
	switch id, uuid := pick(format.LabelMachineID), pick(format.LabelProductUUID); {
	case id && uuid:
		if !pick(format.LabelRootFS) {
			pick(format.LabelMAC)
		}
		return named, 2
	case id || uuid:
		return named, 1
	}
	return offered, ledger.Majority(len(offered))
}

// newGrant returns the grant of a license that answers a request, or none.
func newGrant(e *ledger.Entitlement, activation string, epoch uint64, q *verify.Request) *ledger.Grant {
	g := &ledger.Grant{Entitlement: e, Activation: activation, Epoch: epoch, Request: q}
	if q != nil {
		g.Components, g.Need = choose(e, &q.Request)
	}
	return g
}

// strength returns what holds an activation's newest license to its place.
func (a *Activation) strength() format.Strength {
	if len(a.MachineKey) == 0 {
		return format.StrengthAny
	}
	l := a.Licenses[len(a.Licenses)-1]
	return (&format.LicenseClaims{Binding: &format.Binding{Need: l.Need, Components: l.Components}}).Strength()
}

// weaker returns how weakly the license of a request would be held to its place, if that is
// weaker than was sold; otherwise 0.
func weaker(e *ledger.Entitlement, g *ledger.Grant) format.Strength {
	if asked := g.Strength(); asked > e.Weakest() {
		return asked
	}
	return 0
}

// refuseWeaker refuses a license that would be held to its place more weakly than was
// sold. What was asked can be sold: see Operation.Weaker.
func refuseWeaker(e *ledger.Entitlement, asked format.Strength, q *verify.Request) error {
	return ledger.Refuse(ledger.RuleBinding, ledger.LiftSales, fmt.Sprintf("sell that: licensor amend %s --binding %s --why TEXT --out DIR", text.ShellWord(e.Invoice), asked),
		"sold: %s, asked: %s (%s)", e.Weakest(), asked, labels(q))
}

// unidentified says why a request has not what the sale demands of a machine; "" if it has.
func unidentified(e *ledger.Entitlement, q *verify.Request) string {
	is := func(c format.Component) bool { return c.Label == e.Demand }
	switch {
	case e.Demand == "" || slices.ContainsFunc(q.Readable(), is):
		return ""
	case slices.ContainsFunc(q.Components, is):
		return fmt.Sprintf("invoice %q demands %s, which by the request the user who checks cannot read", e.Invoice, e.Demand)
	}
	return fmt.Sprintf("invoice %q demands %s, which the request does not name", e.Invoice, e.Demand)
}

// refuseUnidentified refuses a request without what the sale demands of a machine.
func refuseUnidentified(e *ledger.Entitlement, q *verify.Request) error {
	why := unidentified(e, q)
	if why == "" {
		return nil
	}
	return ledger.Refuse(ledger.RuleIdentity, fmt.Sprintf("sales: licensor amend %s --demand none --out DIR", text.ShellWord(e.Invoice)),
		"have the product's user read it (README, \"product-uuid\"), and a new request made", "%s", why)
}

// labels names the components of a request.
func labels(q *verify.Request) string {
	if len(q.Components) == 0 {
		return "nothing identifies the machine"
	}
	names := make([]string, len(q.Components))
	for i, c := range q.Components {
		names[i] = c.Label
	}
	return strings.Join(names, ", ")
}

// sellWeaker sells the binding that a request asks for, as an amendment with a reason. The
// licenses that there are remain as they are.
func (j *judgement) sellWeaker(offer *Offer) ([]*Step, error) {
	if err := j.by.NeedWhy("a weaker binding than was sold"); err != nil {
		return nil, err
	}
	invoice := offer.Entitlement.Invoice
	revised, err := Revise(j.Facts, j.by, invoice, NewAmendment(func(e *ledger.Entitlement) error {
		e.Binding = offer.Sells.String()
		return nil
	}), nil)
	if err != nil {
		return nil, err
	}
	j.Sales[invoice].Entitlement, offer.Entitlement = revised.After, revised.After
	return revised.Steps, nil
}
