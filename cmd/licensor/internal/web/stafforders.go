package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// terms are what a sale says, by the columns of a CSV file: the one table of terms reads them.
// A list is a list or the text of a column; null takes a term away.
type terms struct {
	says []said
}

type said struct {
	term *ledger.Term
	text string
}

// UnmarshalJSON refuses terms that there are not, and values that they do not take.
func (t *terms) UnmarshalJSON(raw []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil || all == nil {
		return errors.New("terms is no object")
	}
	t.says = nil
	for _, name := range slices.Sorted(maps.Keys(all)) {
		term := ledger.TermNamed(name)
		if term == nil {
			return fmt.Errorf("there is no term %.64q", name)
		}
		text, err := termText(term, all[name])
		if err == nil {
			err = term.Set(new(ledger.Entitlement), text, time.Time{})
		}
		if err != nil {
			return fmt.Errorf("the term %s: %w", name, err)
		}
		t.says = append(t.says, said{term, text})
	}
	return nil
}

// termText returns a value as the column has it.
func termText(t *ledger.Term, raw json.RawMessage) (string, error) {
	var value any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return "", errors.New("it is no JSON")
	}
	switch v := value.(type) {
	case nil:
		if t.Required {
			return "", errors.New("each sale has it")
		}
		if t.Unset != "" {
			return t.Unset, nil
		}
		return ledger.None, nil
	case string:
		if strings.TrimSpace(v) == "" {
			return "", errors.New("it is empty, and null takes it away")
		}
		return v, nil
	case json.Number:
		return v.String(), nil
	case []any:
		if t.Add == nil {
			return "", errors.New("it is no list")
		}
		items := make([]string, len(v))
		for i, item := range v {
			text, ok := item.(string)
			if !ok || text == "" || strings.ContainsAny(text, "; ") {
				return "", errors.New("want a list of words")
			}
			items[i] = text
		}
		if len(items) == 0 {
			return ledger.None, nil
		}
		return strings.Join(items, ";"), nil
	}
	return "", errors.New("want a text, a number or a list")
}

func (t *terms) apply(e *ledger.Entitlement, at time.Time) error {
	has := func(name string) bool {
		return slices.ContainsFunc(t.says, func(s said) bool { return s.term.Name == name })
	}
	for _, s := range t.says {
		if err := s.term.Set(e, s.text, at); err != nil {
			return err
		}
	}
	e.OneEnd(has("expires"), has("term"))
	return nil
}

// sale is the body of a call that sells.
type sale struct {
	Terms terms  `json:"terms"`
	Why   string `json:"why"`
}

// sell records a sale as import does: the same one again is passed over.
func (s *staff) sell(ctx context.Context, c *call, body *sale) (any, error) {
	c.by.Why = body.Why
	order := service.Order{Line: 1}
	order.At = func(at time.Time) ledger.Entitlement {
		e := ledger.Entitlement{Seats: 1}
		body.Terms.apply(&e, at) // what it takes was seen before
		return e
	}
	order.Entitlement = order.At(c.by.Now)
	for _, one := range body.Terms.says {
		order.Said.Add(one.term.Name)
	}
	for _, t := range ledger.Terms {
		if t.Asked() && !order.Said.Has(t.Name) {
			return nil, &problemError{Status: http.StatusBadRequest, Rule: "body", Detail: "The term " + t.Name + " is missing.", Next: "See /v1/openapi.yaml."}
		}
	}
	orders := []service.Order{order}
	if err := s.Service.Import(ctx, c.by, orders, nil); err != nil {
		return nil, err
	}
	sold, err := s.Service.AnswerEntitlement(ctx, order.Invoice, c.by.Now)
	return service.CorrectionAnswer{EntitlementAnswer: sold, Changed: !orders[0].Known}, err
}

// change is the body of a call that changes a sale.
type change struct {
	Invoice string `json:"invoice"`
	Terms   terms  `json:"terms"`
	Why     string `json:"why"`
}

func (b *change) of(c *call) (string, error) {
	c.by.Why = b.Why
	if len(b.Terms.says) == 0 {
		return "", &problemError{Status: http.StatusBadRequest, Rule: "body", Detail: "No term is to be changed.", Next: "Name one in terms, such as seats."}
	}
	return invoiceOf(b.Invoice)
}

func invoiceOf(text string) (string, error) {
	invoice, err := format.ParseInvoice(text)
	if err != nil {
		return "", &problemError{Status: http.StatusBadRequest, Rule: "body", Detail: "The invoice is missing or invalid.", Next: "Name it as invoice."}
	}
	return invoice, nil
}

func (s *staff) correct(ctx context.Context, c *call, body *change) (any, error) {
	invoice, err := body.of(c)
	if err != nil {
		return nil, err
	}
	// A call before this one may have changed the number, and have broken off.
	after := ledger.Entitlement{Invoice: invoice}
	body.Terms.apply(&after, c.by.Now) // what it takes was seen before
	done := false
	if after.Invoice != invoice {
		if done, err = s.Service.Renumbered(ctx, invoice, after.Invoice); err != nil {
			return nil, err
		}
	}
	if done {
		sold, err := s.Service.AnswerEntitlement(ctx, after.Invoice, c.by.Now)
		return service.CorrectionAnswer{EntitlementAnswer: sold}, err
	}
	revised, err := s.Service.Correct(ctx, c.by, invoice, service.NewCorrection(func(e *ledger.Entitlement) error { return body.Terms.apply(e, c.by.Now) }))
	if err != nil {
		return nil, err
	}
	sold, err := s.Service.AnswerEntitlement(ctx, revised.After.Invoice, c.by.Now)
	return service.CorrectionAnswer{EntitlementAnswer: sold, Changed: len(revised.Steps) > 0}, err
}

func (s *staff) amend(ctx context.Context, c *call, body *change) (any, error) {
	invoice, err := body.of(c)
	if err != nil {
		return nil, err
	}
	return s.revise(ctx, c, invoice, service.NewAmendment(func(e *ledger.Entitlement) error { return body.Terms.apply(e, c.by.Now) }))
}

// renewal is the body of renew. A time like 12m begins on a day that is named: so a call that
// comes again renews nothing twice.
type renewal struct {
	Invoice   string `json:"invoice"`
	Expires   string `json:"expires"`
	Perpetual bool   `json:"perpetual"`
	Updates   string `json:"updates_until"`
	From      string `json:"from"`
	Why       string `json:"why"`
}

func (s *staff) renew(ctx context.Context, c *call, body *renewal) (any, error) {
	c.by.Why = body.Why
	invoice, err := invoiceOf(body.Invoice)
	if err != nil {
		return nil, err
	}
	wrong := func(member string, err error) error {
		return &problemError{Status: http.StatusBadRequest, Rule: "body", Detail: member + ": " + err.Error() + ".", Next: "See /v1/openapi.yaml."}
	}
	if body.Expires == "" && body.Updates == "" && !body.Perpetual {
		return nil, &problemError{Status: http.StatusBadRequest, Rule: "body", Detail: "A renewal needs the new end.", Next: "Give expires, updates_until or perpetual."}
	}
	to := service.Renewal{Perpetual: body.Perpetual}
	for _, end := range []struct {
		member, text string
		into         *ledger.End
	}{{"expires", body.Expires, &to.Expires}, {"updates_until", body.Updates, &to.Updates}} {
		if end.text == "" {
			continue
		}
		if *end.into, err = ledger.ParseEnd(end.text); err != nil {
			return nil, wrong(end.member, err)
		}
		if end.into.IsSpan() && body.From == "" {
			return nil, wrong("from", errors.New("a time like 12m begins on a day, such as the one after the present end"))
		}
	}
	if body.From != "" {
		if to.From, err = ledger.ParseDay(body.From); err != nil {
			return nil, wrong("from", err)
		}
	}
	return s.revise(ctx, c, invoice, service.NewRenewal(to))
}

// maxTexts is how many license files an answer has: each server may ask for its own.
const maxTexts = 50

// revise changes a sale. Its licenses are signed at once where the token and the key may; else
// each when its server's request comes again.
func (s *staff) revise(ctx context.Context, c *call, invoice string, r service.Revision) (any, error) {
	c.by.Later = !c.token.May(desk.Sign)
	done, err := s.Service.Book.Revise(ctx, c.by, invoice, r, s.Signing.Issue(ctx, c.by))
	if waits := (*service.Waiting)(nil); errors.As(err, &waits) { // the key may not sign now
		c.by.Later = true
		done, err = s.Service.Book.Revise(ctx, c.by, invoice, r, s.Signing.Issue(ctx, c.by))
	}
	if err != nil {
		return nil, err
	}
	answer := service.RevisionAnswer{Changed: len(done.Steps) > 0, Licenses: []service.Delivered{}}
	if answer.Changed {
		s.Signing.Issued(len(done.Licenses))
	}
	texts, err := s.Service.LicenseTexts(ctx)
	if err != nil {
		return nil, err
	}
	for i, license := range done.Licenses {
		if i == maxTexts {
			break
		}
		d, err := s.Service.DeliveredText(ctx, texts, license)
		if err != nil {
			return nil, err
		}
		answer.Licenses = append(answer.Licenses, *d)
	}
	answer.EntitlementAnswer, err = s.Service.AnswerEntitlement(ctx, invoice, c.by.Now)
	return answer, err
}

// named is the body of a call that needs no more than an invoice.
type named struct {
	Invoice string `json:"invoice"`
	Why     string `json:"why"`
}

func (s *staff) standing(to ledger.Standing) func(context.Context, *call, *named) (any, error) {
	return func(ctx context.Context, c *call, body *named) (any, error) {
		c.by.Why = body.Why
		invoice, err := invoiceOf(body.Invoice)
		if err != nil {
			return nil, err
		}
		revoked, changed, err := s.Service.SetStanding(ctx, c.by, invoice, to)
		if err != nil {
			return nil, err
		}
		h, err := s.Service.Holding(ctx, invoice)
		if err != nil {
			return nil, err
		}
		return service.StandingAnswer{Version: 1, Invoice: h.Invoice, State: h.Entitlement.Status(c.by.Now), Changed: changed, ToRevoke: revoked}, nil
	}
}

// asked is the body of sign.
type asked struct {
	Request string `json:"request"` // its text
	Why     string `json:"why"`
}

func (s *staff) sign(ctx context.Context, c *call, body *asked) (any, error) {
	c.by.Why = body.Why
	return s.signText(ctx, c, body.Request)
}

func (s *staff) signText(ctx context.Context, c *call, text string) (any, error) {
	if kind, _, err := format.DecodeText([]byte(text)); err == nil && kind == format.Release {
		return nil, &problemError{Status: http.StatusUnprocessableEntity, Rule: "release", Detail: "This is a release, and no request.", Next: "Record it with licensor release, or licensor queue sign."}
	}
	request, err := verify.OpenRequest([]byte(text))
	if err != nil {
		return nil, err
	}
	offer, err := s.Service.Preview(ctx, c.by, request)
	if err != nil {
		return nil, err
	}
	license := offer.License
	if license == nil {
		if license, err = s.Service.Book.Sign(ctx, c.by, request, s.Signing.Issue(ctx, c.by)); err != nil {
			return nil, err
		}
		s.Signing.Issued(1)
	}
	texts, err := s.Service.LicenseTexts(ctx)
	if err != nil {
		return nil, err
	}
	d, err := s.Service.DeliveredText(ctx, texts, license)
	return service.LicenseAnswer{Version: 1, Delivered: d, Again: offer.License != nil}, err
}

// numbered is the body of a call about a request that waits.
type numbered struct {
	Number string `json:"number"`
	Say    string `json:"say"` // to the customer, where it is refused
	Why    string `json:"why"`
}

func (s *staff) queueSign(ctx context.Context, c *call, body *numbered) (any, error) {
	c.by.Why = body.Why
	w, err := s.Desk.Numbered(ctx, body.Number)
	if err != nil {
		return nil, err
	}
	answer, err := s.signText(ctx, c, w.Request)
	if err == nil {
		err = s.Desk.SettleSigned(ctx, w, c.by.Operator, c.by.Now)
	}
	return answer, err
}

func (s *staff) queueRefuse(ctx context.Context, c *call, body *numbered) (any, error) {
	if body.Say == "" || format.ValidText(body.Say, desk.MaxSaid) != nil {
		return nil, &problemError{Status: http.StatusBadRequest, Rule: "body", Detail: "say is missing, or is not one line of text.", Next: "Say in one sentence what the customer reads."}
	}
	w, err := s.Desk.Numbered(ctx, body.Number)
	if err != nil {
		return nil, err
	}
	if w.State != desk.Refused || w.By != c.by.Operator || w.Said != body.Say { // else a call before this one has broken off
		if err := s.Desk.Settle(ctx, w.Number, desk.Refused, body.Say, c.by.Operator, c.by.Now); err != nil {
			return nil, err
		}
		if w, err = s.Desk.Numbered(ctx, w.Number); err != nil {
			return nil, err
		}
	}
	return desk.ViewOf(w), nil
}

// waitingAnswer is a page of the queue.
type waitingAnswer struct {
	Version  int         `json:"version"`
	Requests []desk.View `json:"requests"` // the oldest first; none: the page before was the last
}

func (s *staff) queue(ctx context.Context, r *http.Request, _ time.Time) (any, error) {
	state, behind := desk.Waits, (*desk.Waiting)(nil)
	if text := r.URL.Query().Get("state"); text != "" {
		if state = desk.State(text); !slices.Contains([]desk.State{desk.Waits, desk.Signed, desk.Refused}, state) {
			return nil, &problemError{Status: http.StatusBadRequest, Rule: "query", Detail: "There is no such state.", Next: "Want waiting, signed or refused."}
		}
	}
	if after := r.URL.Query().Get("after"); after != "" {
		var err error
		if behind, err = s.Desk.Numbered(ctx, after); err != nil {
			return nil, err
		}
	}
	page, err := s.Desk.List(ctx, state, behind)
	answer := waitingAnswer{1, []desk.View{}}
	for _, w := range page {
		answer.Requests = append(answer.Requests, desk.ViewOf(w))
	}
	return answer, err
}

// shownEvents is how many events an answer has.
const shownEvents = 100

func (s *staff) show(ctx context.Context, r *http.Request, now time.Time) (any, error) {
	of := r.URL.Query().Get("of")
	if of == "" {
		return nil, &problemError{Status: http.StatusBadRequest, Rule: "query", Detail: "Nothing is named.", Next: "Give ?of= an invoice, an activation, a license or a comparison code."}
	}
	shown, err := s.Service.Show(ctx, of, shownEvents)
	if err != nil {
		return nil, err
	}
	if shown == nil {
		return nil, &problemError{Status: http.StatusNotFound, Rule: "unknown", Detail: "Nothing on record is called that.", Next: "Compare it with the invoice."}
	}
	partners, err := s.Service.Partners(ctx)
	if err != nil {
		return nil, err
	}
	return s.Show(shown, partners, now), nil
}
