package rules

import (
	"errors"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
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
	Rebinds     int                // how many of its licenses are revoked, for they do not hold on its machine
	BridgeUntil time.Time          // the end of the bridge that it gets; zero: no bridge
	From        *ledger.Activation // of a bridge, the old server

	// Grant is the license that would be signed; nil where License is given again.
	Grant *ledger.Grant
	Sells format.Strength // the binding that is sold with it; 0: as was sold

	own    *Activation // of Activation, unless License is what it asks for
	rebind *rebind
	void   *Activation // an ended bridge that makes way for a new activation
	from   *Activation // of From
	moves  bool        // it takes a seat that another machine has had
}

// Judge says what a request gets, and notes nothing. The error is a *ledger.Refusal if the
// rules give it nothing, or a *Waiting if a person is to look at it.
func Judge(f *Facts, by *ledger.Operation, q *verify.Request) (*Offer, error) {
	offer, err := (&judgement{Facts: f, by: by}).judge(q)
	if err == nil && by.Automatic {
		if waits := automatic(offer); waits != nil {
			err = waits
		}
	}
	if err != nil {
		return nil, err
	}
	return offer, nil
}

func (j *judgement) judge(q *verify.Request) (*Offer, error) {
	offer, err := j.consider(q)
	if err != nil || offer.License != nil {
		return offer, err
	}
	s := j.Sales[q.Invoice]
	offer.Entitlement = s.Begun(j.by.Now)
	offer.Grant = newGrant(offer.Entitlement, "new", offer.Epoch, q)
	if offer.Sells = weaker(s.Entitlement, offer.Grant); offer.Sells > 0 && !j.by.Weaker {
		return nil, refuseWeaker(s.Entitlement, offer.Sells, q)
	}
	if q.Type != s.Type { // consider lets a request for a bridge pass, and nothing else
		return offer, j.wantsBridge(s, offer, q)
	}
	if offer.Activation != nil {
		if offer.rebind != nil {
			return offer, j.checkMoves(s)
		}
		return offer, nil
	}
	if err := j.checkFree(s, q); err != nil {
		return nil, err
	}
	if offer.moves = offer.void == nil && j.movesIn(s, q); offer.moves { // its own bridge was the move
		return offer, j.checkMoves(s)
	}
	return offer, nil
}

// consider judges all but whether there is a seat.
func (j *judgement) consider(q *verify.Request) (*Offer, error) {
	s := j.Sales[q.Invoice]
	if s == nil {
		return nil, refuseInvoice(q)
	}
	// A request on record made its claim once: its hash is enough, whatever was corrected
	// since.
	if j.Answers[q.Hash] == nil {
		if err := checkClaim(s, q); err != nil {
			return nil, err
		}
	}
	if err := refuseCanceled(s.Entitlement); err != nil {
		return nil, err
	}
	offer := &Offer{Entitlement: s.Entitlement, SeatsUsed: s.Used}
	if err := j.earlier(offer, q); err != nil || offer.License != nil {
		return offer, err
	}
	if j.Answers[q.Hash] == nil || !j.due(s, q) {
		if err := checkClaim(s, q); err != nil {
			return nil, err
		}
	}
	if err := j.checkRequest(s.Entitlement, q); err != nil {
		return nil, err
	}
	own := j.Sites[SiteKey{q.Invoice, string(q.Key.Bytes())}]
	if own != nil && own.State == ledger.StateBridge {
		var err error
		if own, err = j.bridged(offer, own, q); err != nil {
			return nil, err
		}
	}
	offer.Epoch = 1
	if own == nil {
		return offer, nil
	}
	if err := refuseRevoked(own); err != nil {
		return nil, err
	}
	var err error
	if offer.rebind, err = j.comesBack(own, q); err != nil {
		return nil, err
	}
	if offer.rebind != nil {
		offer.Rebinds = len(offer.rebind.left)
	}
	offer.own, offer.Activation, offer.Epoch = own, &own.Activation, own.Epoch+1
	return offer, nil
}

func refuseInvoice(q *verify.Request) error {
	return ledger.Refuse(ledger.RuleClaim, ledger.LiftNobody, `compare it with the customer; "licensor list" shows what was sold`,
		"there is no invoice %.64q", q.Invoice)
}

// checkClaim judges whether the sale is that of whoever has made the request.
func checkClaim(s *Sale, q *verify.Request) error {
	switch {
	case s.claims(q):
		return nil
	case s.Forgotten && len(s.More) == 0:
		return ledger.Refuse(ledger.RuleClaim, ledger.LiftNobody, fmt.Sprintf("ask the customer for it: licensor amend %s --email ADDRESS --out DIR", text.ShellWord(s.Invoice)),
			"the e-mail address of invoice %q was removed, and a new request is known by it", s.Invoice)
	}
	return ledger.Refuse(ledger.RuleClaim, ledger.LiftNobody, fmt.Sprintf(`compare the address in "licensor show %s" with the customer's`, text.ShellWord(s.Invoice)),
		"invoice %q is another account's: it was sold to %s, and not to the e-mail address of the request", s.Invoice, s.Customer)
}

// earlier finds what the very same request got before.
func (j *judgement) earlier(offer *Offer, q *verify.Request) error {
	answer := j.Answers[q.Hash]
	if answer == nil {
		return nil
	}
	a := answer.Activation
	switch {
	case j.due(j.Sales[q.Invoice], q):
		return nil
	case a.State == ledger.StateActive, a.State == ledger.StateBridge && a.Bridge != nil && a.Bridge.Until.After(j.by.Now):
		offer.License, offer.Activation, offer.Epoch = answer.License, &a.Activation, a.Epoch
		return refuseRevokedLicense(a, answer.License.ID)
	case a.State == ledger.StateReleased, a.State == ledger.StateDeactivated:
		return ledger.Refuse(ledger.RuleRequest, ledger.LiftNobody, "have the customer make a new request on the server that is to have the seat",
			"the request got its license as activation %s, whose seat was freed (%s)", a.Name(), a.State)
	}
	return nil
}

// due reports whether what a request got before is to be signed again: its sale was revised
// since, and no license was signed with that. Where none may be written now, it is given as it
// is.
func (j *judgement) due(s *Sale, q *verify.Request) bool {
	a := j.Answers[q.Hash].Activation
	return a.State == ledger.StateActive && a.Seq != 0 && a.Seq <= s.Due && j.Answers[q.Hash].License.ID == a.Newest.ID &&
		a.revoked() == nil && j.checkRequest(s.Entitlement, q) == nil
}

// bridged judges a request of the new server of a move. It returns its activation if the
// seat waits for it, and nil if the bridge has ended.
func (j *judgement) bridged(offer *Offer, own *Activation, q *verify.Request) (*Activation, error) {
	switch {
	case own.Bridge == nil:
		return nil, ledger.Damaged("activation %s is a bridge without a move", own.ID)
	case !own.Bridge.Until.After(j.by.Now):
		offer.void = own
		return nil, nil
	case q.Type != offer.Entitlement.Type:
		return nil, ledger.Refuse(ledger.RuleMove, ledger.LiftNobody, fmt.Sprintf(`ask for %s once the old server is released`, offer.Entitlement.Type),
			"activation %s has its bridge, until %s", own.Name(), ledger.FormatEnd(own.Bridge.Until))
	case own.Bridge.State == MoveWaiting:
		return own, nil
	}
	return nil, ledger.Refuse(ledger.RuleMove, ledger.LiftNobody, `release the old server: "licensor release FILE"`,
		"activation %s is the new server of a move that waits for the release of the old one", own.Name())
}

// checkRequest judges what a request asks for by what was sold.
func (j *judgement) checkRequest(e *ledger.Entitlement, q *verify.Request) error {
	switch {
	case q.Product != e.Product:
		return ledger.Refuse(ledger.RuleProduct, ledger.LiftSales, "have the customer make a new request with --product "+e.Product,
			"the request is for %s, and invoice %q bought %s", q.Product, e.Invoice, e.Product)
	case q.Type != e.Type && !asksForBridge(e, q):
		return ledger.Refuse(ledger.RuleType, ledger.LiftSales, "have the customer make a new request with --type "+e.Type+", or with the invoice that bought "+q.Type,
			"the request is for a %s license, and invoice %q bought %s", q.Type, e.Invoice, e.Type)
	}
	if err := refuseUnidentified(e, q); err != nil {
		return err
	}
	return j.checkLicense(e)
}

// checkLicense says whether any license may be written for an entitlement now.
func (j *judgement) checkLicense(e *ledger.Entitlement) error {
	if err := checkStanding(e); err != nil {
		return err
	}
	if !e.Expires.IsZero() && !j.by.Now.Before(e.Expires) {
		return ledger.Refuse(ledger.RuleTerm, ledger.LiftSales, fmt.Sprintf("record the renewal: licensor renew %s --expires DATE --out DIR", text.ShellWord(e.Invoice)),
			"invoice %q ended on %s", e.Invoice, ledger.FormatEnd(e.Expires))
	}
	if err := j.checkPartner(e); err != nil {
		return err
	}
	return j.checkProduction(e)
}

// Outcome is what became of one request of a batch.
type Outcome struct {
	Offer *Offer
	Step  *Step // the one that signs it; nil if it was signed before this batch, or refused
	Again bool  // the request had its license already, if only from this batch
	Err   error // a *ledger.Refusal or a *Waiting
}

// Sign judges a request and grants it a license. newID names the activation that may
// begin. The error is about the whole batch: what the rules refuse is in the outcome.
func Sign(f *Facts, by *ledger.Operation, q *verify.Request, newID string) (Outcome, []*Step, error) {
	j := &judgement{Facts: f, by: by}
	outcome, steps, err := j.sign(q, newID)
	return outcome, j.done(steps), err
}

func (j *judgement) sign(q *verify.Request, newID string) (Outcome, []*Step, error) {
	if s := j.given[q.Hash]; s != nil {
		return Outcome{Step: s, Again: true}, nil, nil
	}
	offer, err := j.judge(q)
	if err == nil && j.by.Automatic {
		if waits := automatic(offer); waits != nil {
			return Outcome{Err: waits}, nil, nil
		}
	}
	var sold []*Step
	if err == nil && offer.Sells > 0 {
		sold, err = j.sellWeaker(offer)
	}
	var refusal *ledger.Refusal
	switch {
	case errors.As(err, &refusal):
		return Outcome{Err: refusal}, nil, nil
	case err != nil:
		return Outcome{}, nil, err
	case offer.License != nil:
		return Outcome{Offer: offer, Again: true}, nil, nil
	}
	steps, signed := j.grant(offer, q, newID)
	if j.given == nil {
		j.given = make(map[[32]byte]*Step)
	}
	j.given[q.Hash] = signed
	return Outcome{Offer: offer, Step: signed}, append(sold, steps...), nil
}

// grant returns the steps of an offer, and the one of them that signs. It notes their
// effect.
func (j *judgement) grant(offer *Offer, q *verify.Request, newID string) (steps []*Step, signed *Step) {
	if offer.void != nil {
		steps = append(steps, j.void(offer.void))
	}
	if offer.from != nil {
		begun, signed := j.bridge(offer.from, q, offer.BridgeUntil, newID, true)
		return append(steps, begun...), signed
	}
	s := j.Sales[q.Invoice]
	a := offer.own
	var begins *ledger.Activation
	switch {
	case a == nil:
		steps = append(steps, j.start(s)...)
		offer.Entitlement = s.Entitlement
		if offer.moves {
			j.move(s)
		}
		a = begin(j.by, q, newID, ledger.StateActive)
		j.took(a)
		begins = clone(&a.Activation)
	case a.State == ledger.StateBridge: // the seat has waited for it
		steps = append(steps, &Step{Event: ledger.Event{Action: ledger.ActionTakeOver, Invoice: a.Invoice, Activation: a.ID, Detail: ledger.TakenOver{Predecessor: a.Bridge.From}}})
		a.State, a.Bridge.State = ledger.StateActive, MoveDone
		s.Used++
	}
	if r := offer.rebind; r != nil {
		steps = append(steps, &Step{Event: ledger.Event{Action: ledger.ActionRebind, Invoice: a.Invoice, Activation: a.ID, Detail: ledger.Rebound{Replaces: r.replaces, Revoke: r.left}}})
		j.move(s)
		for _, id := range r.left {
			a.issued(id).Revoked = &ledger.Revocation{License: id, Activation: a.ID, Since: ledger.Whole(j.by.Now), Why: j.by.Why}
		}
	}
	if offer.own != nil {
		a.Epoch++
		if a.Site != q.Site || a.Host != q.Host {
			a.Site, a.Host = q.Site, q.Host
			begins = clone(&a.Activation)
		}
	}
	signed = signing(newGrant(offer.Entitlement, a.ID, a.Epoch, q), begins)
	signed.Event.Detail.(*ledger.Signed).Moves = offer.moves
	a.granted(signed.Grant)
	return append(steps, signed), signed
}

// start lets the term of a sale begin, if it waits for the first activation.
func (j *judgement) start(s *Sale) []*Step {
	if s.Term.IsZero() {
		return nil
	}
	s.Entitlement = s.Begun(j.by.Now)
	return []*Step{{Event: ledger.Event{Action: ledger.ActionBegin, Invoice: s.Invoice, Detail: s.Entitlement}}}
}

// granted notes a license that is about to be signed.
func (a *Activation) granted(g *ledger.Grant) {
	a.Licenses = append(a.Licenses, Issued{Epoch: g.Epoch, HardEnd: g.HardEnd(), Need: g.Need, Components: g.Components})
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

const maxCopy = 128 // bytes, as of a site in a request

// SignUnbound grants a license for any machine, under an entitlement that was sold so.
// name says which copy it is; each name is one activation and takes one seat. earlier is
// the activation that has the name already, nil if none has. The last step signs.
func SignUnbound(f *Facts, by *ledger.Operation, invoice, name string, earlier *Activation, newID string) (*ledger.License, []*Step, error) {
	if err := format.ValidText(name, maxCopy); name != "" && err != nil {
		return nil, nil, hint.Errorf("invalid name of a copy %.64q: %w", name, err).WithHint("give a name in plain text of at most %d bytes", maxCopy)
	}
	j := &judgement{Facts: f, by: by}
	s, err := f.sold(invoice)
	if err != nil {
		return nil, nil, err
	}
	if s.Weakest() != format.StrengthAny {
		return nil, nil, ledger.Refuse(ledger.RuleBinding, fmt.Sprintf("sales: licensor amend %s --binding any --out DIR", text.ShellWord(invoice)), "have the customer make a request",
			"invoice %q was not sold as a license for any machine", invoice)
	}
	if err := refuseCanceled(s.Entitlement); err != nil {
		return nil, nil, err
	}
	if earlier != nil {
		if err := refuseRevoked(earlier); err != nil {
			return nil, nil, err
		}
		return earlier.Newest, nil, nil
	}
	if err := j.checkLicense(s.Entitlement); err != nil {
		return nil, nil, err
	}
	if err := j.checkFree(s, nil); err != nil {
		return nil, nil, err
	}
	a := &ledger.Activation{ID: newID, State: ledger.StateActive, Site: name, Since: ledger.Whole(by.Now)}
	steps := j.start(s)
	return nil, j.done(append(steps, signing(newGrant(s.Entitlement, newID, 1, nil), a))), nil
}
