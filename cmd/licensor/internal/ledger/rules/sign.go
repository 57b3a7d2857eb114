package rules

import (
	"errors"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Offer is what the rules say to a request.
type Offer struct {
	Entitlement *ledger.Entitlement
	SeatsUsed   uint64             // by all activations of the entitlement
	Activation  *ledger.Activation // the site's own, nil if it has none yet
	Epoch       uint64             // of the license that would be written, or of the site's newest
	License     *ledger.License    // what the same request got before; nil: nothing

	own  *Activation // of Activation; nil where License is given again
	void *Activation // an ended bridge that makes way for a new activation
}

// Judge says what a request gets, and notes nothing. The error is a *ledger.Refusal if the
// rules give it nothing.
func Judge(f *Facts, by *ledger.Operation, q *verify.Request) (*Offer, error) {
	offer, err := consider(f, by, q)
	if err != nil {
		return nil, err
	}
	if offer.Activation == nil {
		if err := checkFree(f.Sales[q.Invoice], q); err != nil {
			return nil, err
		}
	}
	return offer, nil
}

// consider is Judge but for the question whether a seat is free.
func consider(f *Facts, by *ledger.Operation, q *verify.Request) (*Offer, error) {
	s := f.Sales[q.Invoice]
	if s == nil || format.AccountHash(s.Invoice, s.Email) != q.Account {
		return nil, ledger.Refuse(ledger.RuleClaim, ledger.LiftNobody,
			`compare both with the customer, who makes a new request with the right ones; "licensor list" shows what was sold`,
			"no entitlement has the invoice %.64q and the e-mail address that the request was made with", q.Invoice)
	}
	offer := &Offer{Entitlement: s.Entitlement, SeatsUsed: s.Used}
	if err := earlier(f, by, offer, q); err != nil {
		return nil, err
	}
	if offer.License != nil {
		return offer, nil
	}
	if err := checkRequest(f, by, s.Entitlement, q); err != nil {
		return nil, err
	}
	own := f.Sites[SiteKey{q.Invoice, string(q.Key.Bytes())}]
	if own != nil && own.State == ledger.StateBridge {
		if own.Bridge == nil {
			return nil, ledger.Damaged("activation %s is a bridge without a move", own.ID)
		}
		if own.Bridge.Until.After(by.Now) {
			return nil, ledger.Refuse(ledger.RuleMove, ledger.LiftNobody, `release the old server: "licensor release FILE" then signs this one's license from the request on record`,
				"activation %s is the new server of a move that waits for the release of the old one", own.Name())
		}
		offer.void, own = own, nil
	}
	offer.Epoch = 1
	if own == nil {
		return offer, nil
	}
	if err := refuseRevoked(own); err != nil {
		return nil, err
	}
	if err := checkMachine(by, own, q); err != nil {
		return nil, err
	}
	offer.own, offer.Activation, offer.Epoch = own, &own.Activation, own.Epoch+1
	return offer, nil
}

// earlier finds what the very same request got before.
func earlier(f *Facts, by *ledger.Operation, offer *Offer, q *verify.Request) error {
	answer := f.Answers[q.Hash]
	if answer == nil {
		return nil
	}
	a := answer.Activation
	switch {
	case a.State == ledger.StateActive, a.State == ledger.StateBridge && a.Bridge != nil && a.Bridge.Until.After(by.Now):
		offer.License, offer.Activation, offer.Epoch = answer.License, &a.Activation, a.Epoch
		return refuseRevokedLicense(a, answer.License.ID)
	case a.State == ledger.StateReleased, a.State == ledger.StateDeactivated:
		return ledger.Refuse(ledger.RuleRequest, ledger.LiftNobody, "have the customer make a new request on the server that is to have the seat",
			"the request got its license as activation %s, whose seat was freed (%s)", a.Name(), a.State)
	}
	return nil
}

// checkRequest judges what a request asks for by what was sold.
func checkRequest(f *Facts, by *ledger.Operation, e *ledger.Entitlement, q *verify.Request) error {
	switch {
	case q.Product != e.Product:
		return ledger.Refuse(ledger.RuleProduct, ledger.LiftSales, "have the customer make a new request with --product "+e.Product,
			"the request is for %s, and invoice %q bought %s", q.Product, e.Invoice, e.Product)
	case q.Type != e.Type:
		return ledger.Refuse(ledger.RuleType, ledger.LiftSales, "have the customer make a new request with --type "+e.Type+", or with the invoice that bought "+q.Type,
			"the request is for a %s license, and invoice %q bought %s", q.Type, e.Invoice, e.Type)
	}
	return checkLicense(f, by, e)
}

// checkLicense says whether any license may be written for an entitlement now.
func checkLicense(f *Facts, by *ledger.Operation, e *ledger.Entitlement) error {
	// In the last second a license without grace would end as it begins.
	if !e.Expires.IsZero() && (by.Now.After(e.Expires) || !by.Now.Before(e.HardEnd())) {
		return ledger.Refuse(ledger.RuleTerm, ledger.LiftSales, fmt.Sprintf(`record the renewal with "licensor renew %s"`, e.Invoice),
			"invoice %q ended on %s", e.Invoice, e.Expires.Format(time.DateOnly))
	}
	if err := checkPartner(f, e); err != nil {
		return err
	}
	return checkProduction(f, by, e)
}

// Outcome is what became of one request of a batch.
type Outcome struct {
	Offer *Offer
	Step  *Step // the one that signs it; nil if it was signed before this batch, or refused
	Again bool  // the request had its license already, if only from this batch
	Err   error // a *ledger.Refusal
}

// Sign judges a request and grants it a license. newID names the activation that may
// begin. The error is about the whole batch: what the rules refuse is in the outcome.
func Sign(f *Facts, by *ledger.Operation, q *verify.Request, newID string) (Outcome, []*Step, error) {
	if s := f.given[q.Hash]; s != nil {
		return Outcome{Step: s, Again: true}, nil, nil
	}
	offer, err := Judge(f, by, q)
	var refusal *ledger.Refusal
	switch {
	case errors.As(err, &refusal):
		return Outcome{Err: refusal}, nil, nil
	case err != nil:
		return Outcome{}, nil, err
	case offer.License != nil:
		return Outcome{Offer: offer, Again: true}, nil, nil
	}
	var steps []*Step
	if offer.void != nil {
		steps = append(steps, void(by, offer.void))
	}
	a := offer.own
	var begins *ledger.Activation
	if a == nil {
		a = begin(by, q, newID, ledger.StateActive)
		f.took(a)
		begins = clone(&a.Activation)
	} else if a.Epoch++; a.Site != q.Site || a.Host != q.Host {
		a.Site, a.Host = q.Site, q.Host
		begins = clone(&a.Activation)
	}
	a.components, a.Newest = q.Components, nil
	step := signing(&ledger.Grant{Entitlement: offer.Entitlement, Activation: a.ID, Epoch: a.Epoch, Request: q}, begins)
	if f.given == nil {
		f.given = make(map[[32]byte]*Step)
	}
	f.given[q.Hash] = step
	return Outcome{Offer: offer, Step: step}, append(steps, step), nil
}

// begin returns the activation of a site that the rules have given a seat, or in a move
// a bridge.
func begin(by *ledger.Operation, q *verify.Request, id string, state ledger.State) *Activation {
	return &Activation{
		Activation: ledger.Activation{ID: id, State: state, Site: q.Site, Host: q.Host, MachineKey: q.Key.Bytes(), Since: ledger.Whole(by.Now)},
		Invoice:    q.Invoice, Epoch: 1,
	}
}

func clone(a *ledger.Activation) *ledger.Activation {
	c := *a
	return &c
}

// SignUnbound grants a license for any machine, under an entitlement that was sold so.
// name says which copy it is; each name is one activation and takes one seat. earlier is
// the activation that has the name already, nil if none has.
func SignUnbound(f *Facts, by *ledger.Operation, invoice, name string, earlier *Activation, newID string) (*ledger.License, *Step, error) {
	s, err := f.sold(invoice)
	if err != nil {
		return nil, nil, err
	}
	if !s.Unbound {
		return nil, nil, ledger.Refuse(ledger.RuleUnbound, `sales, with "licensor amend --unbound"`, "have the customer make a request",
			"invoice %q was not sold as a license for any machine", invoice)
	}
	if earlier != nil {
		if err := refuseRevoked(earlier); err != nil {
			return nil, nil, err
		}
		return earlier.Newest, nil, nil
	}
	if err := checkLicense(f, by, s.Entitlement); err != nil {
		return nil, nil, err
	}
	if err := checkFree(s, nil); err != nil {
		return nil, nil, err
	}
	a := &ledger.Activation{ID: newID, State: ledger.StateActive, Site: name, Since: ledger.Whole(by.Now)}
	return nil, signing(&ledger.Grant{Entitlement: s.Entitlement, Activation: newID, Epoch: 1}, a), nil
}
