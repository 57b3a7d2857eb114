package ledger

import (
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Offer is what the rules say to a request.
type Offer struct {
	Entitlement *Entitlement
	SeatsUsed   uint64      // by all activations of the entitlement
	Activation  *Activation // the site's own, nil if it has none yet
	Epoch       uint64      // of the license that would be written, or of the site's newest
	License     *License    // what the same request got before; nil: nothing
	Seat        string      // shared with others on the same machine; empty: a seat of its own
	Leaves      string      // the seat that the site leaves, for by its request it is on another machine than that one's; empty: it stays

	// EmergencyDays are those that the license would carry, of type failover.
	EmergencyDays uint64

	own  *activationRow // the row of Activation
	void *activationRow // an ended bridge that stands in the way of a new activation
}

// judge applies the rules of licensing to a request.
func (v *view) judge(q *verify.Request) (*Offer, error) {
	e, err := v.bought(q.Invoice)
	if err != nil {
		return nil, err
	}
	if e == nil || format.AccountHash(e.Invoice, e.Email) != q.Account {
		return nil, refuse(RuleClaim, liftNobody,
			"compare both with the customer, who makes a new request with the right ones; \"licensor list\" shows what was sold",
			"no entitlement has the invoice %.64q and the e-mail address that the request was made with", q.Invoice)
	}
	offer := &Offer{Entitlement: e.Entitlement, SeatsUsed: e.usage.Seats}
	if err := v.earlier(offer, q); err != nil {
		return nil, err
	}
	if offer.License != nil {
		if err := v.refuseRevoked(offer.License.ID.String()); err != nil {
			return nil, err
		}
		return offer, nil
	}
	if err := v.checkRequest(e.Entitlement, q); err != nil {
		return nil, err
	}
	own, err := v.site(siteOf(q))
	if err != nil {
		return nil, err
	}
	if own != nil && own.State == StateBridge {
		ended, err := v.bridgeEnded(own)
		switch {
		case err != nil:
			return nil, err
		case !ended:
			return nil, refuse(RuleMove, liftNobody, "release the old server, \"licensor release FILE\" then signs this one's license from the request on record",
				"activation %s is the new server of a move that waits for the release of the old one", own.Name())
		}
		offer.void, own = own, nil
	}
	if own != nil {
		if err := v.refuseRevoked(own.license); err != nil {
			return nil, err
		}
		if err := v.checkMachine(own, q); err != nil {
			return nil, err
		}
		offer.own, offer.Activation, offer.Epoch = own, &own.Activation, own.epoch+1
		if err := v.checkShared(e, offer, q); err != nil {
			return nil, err
		}
		if offer.EmergencyDays, err = v.checkDaysLeft(e, own.ID); err != nil {
			return nil, err
		}
		return offer, nil
	}
	offer.Epoch = 1
	if err := v.checkSeat(e, offer, q); err != nil {
		return offer, err
	}
	offer.EmergencyDays, err = v.checkDaysLeft(e, "")
	return offer, err
}

// earlier finds what the very same request got before.
func (v *view) earlier(offer *Offer, q *verify.Request) error {
	answers, err := v.answers(q.Hash)
	if err != nil || len(answers) == 0 {
		return err
	}
	newest := answers[len(answers)-1]
	switch state := newest.activation.State; {
	case state == StateActive, state == StateBridge && newest.moveUntil.After(v.now):
		offer.License, offer.Activation, offer.Epoch = newest.License, &newest.activation.Activation, newest.activation.epoch
	case state == StateReleased, state == StateLost:
		return refuse(RuleRequest, liftNobody, "the customer makes a new request on the server that shall have the seat",
			"the request got its license as activation %s, which was given up (%s)", newest.activation.Name(), state)
	}
	return nil
}

func (v *view) bridgeEnded(a *activationRow) (bool, error) {
	var until time.Time
	found, err := v.row("SELECT until FROM moves WHERE successor = $1", []any{a.ID}, (*unixTime)(&until))
	if err == nil && !found {
		err = damaged("activation %s is a bridge without a move", a.ID)
	}
	return !until.After(v.now), err
}

// checkRequest judges what a request asks for by what was sold.
func (v *view) checkRequest(e *Entitlement, q *verify.Request) error {
	switch {
	case q.Product != e.Product:
		return refuse(RuleProduct, liftSales, "the customer makes a new request with --product "+e.Product,
			"the request is for %s, and invoice %q bought %s", q.Product, e.Invoice, e.Product)
	case q.Type != e.Type:
		return refuse(RuleType, liftSales, "the customer makes a new request with --type "+e.Type+", or with the invoice that bought "+q.Type,
			"the request is for a %s license, and invoice %q bought %s", q.Type, e.Invoice, e.Type)
	}
	return v.checkLicense(e)
}

// checkLicense says whether any license may be written for an entitlement now.
func (v *view) checkLicense(e *Entitlement) error {
	// In the last second a license without grace would end as it begins.
	if !e.Expires.IsZero() && (v.now.After(e.Expires) || !v.now.Before(e.HardEnd())) {
		return refuse(RuleTerm, liftSales, fmt.Sprintf("sales records the renewal with \"licensor renew %s\"", e.Invoice),
			"invoice %q ended on %s", e.Invoice, e.Expires.Format(time.DateOnly))
	}
	if err := v.checkPartner(e); err != nil {
		return err
	}
	return v.checkProduction(e)
}

// holders names who has the seats of an invoice, and since when.
func (v *view) holders(invoice string) (string, error) {
	const most = 3
	oldest, known := v.oldest[invoice]
	if !known {
		// SQLite uses an index with a condition only where the query repeats it.
		var err error
		oldest, err = v.activations("a.id IN (SELECT h.id FROM activations h WHERE h.invoice = $1"+
			" AND h.state IN ('active', 'bridge') AND h.state = 'active' ORDER BY h.since, h.id LIMIT 3)", invoice)
		if err != nil {
			return "", err
		}
		v.oldest[invoice] = oldest
	}
	shown := slices.Concat(oldest, v.added[invoice])
	var names []string
	for _, a := range shown[:min(len(shown), most)] {
		names = append(names, fmt.Sprintf("%s since %s", a.Name(), a.Since.Format(time.DateOnly)))
	}
	if more := int(v.sold[invoice].usage.Seats) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return join(names), nil
}
