package service

import (
	"context"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// Standing is what a customer is shown of what an invoice bought.
type Standing struct {
	Invoice, Product, Edition, Type string
	State                           ledger.Status
	Expires, UpdatesUntil           time.Time // zero: never; as far as the sale says it
	Term                            string    // of a sale whose time begins with the activation; "" for none
	Seats, Used                     uint64

	// Whose they are; nil for who has shown nothing but the invoice and the address.
	Owner *Owner
	Sites []StandingSite // those that are active
}

// Owner is to whom an invoice was sold.
type Owner struct{ Customer, Email string }

// StandingSite is a site that is active.
type StandingSite struct {
	Code  string // the comparison code of its request; "" if there is none
	State ledger.Status
	Since time.Time
	Ends  time.Time // of its license; zero: never

	// Where it is: empty but for the owner.
	Host, Name string
}

// wrongLookup is the one answer to all that is wrong.
var wrongLookup = &Declined{"lookup", wrongClaim.Detail, "Compare both with the purchase mail.", nil}

// Standing shows what an invoice bought to who names its e-mail address. It is asked as a
// request of an unknown machine is: with the same limit, and one answer to all that is wrong.
func (a *Activator) Standing(ctx context.Context, invoice, email string) (*Standing, error) {
	nobody, err := keys.Generate(a.o.Random)
	if err != nil {
		return nil, err
	}
	invoice, err = format.ParseInvoice(invoice)
	if err != nil || email == "" {
		return nil, wrongLookup
	}
	q := &verify.Request{Key: nobody.Public()}
	q.Invoice, q.Account = invoice, format.AccountHash(invoice, email)
	now := a.o.Now()
	asked, err := a.ask(ctx, q)
	switch {
	case err != nil:
		return nil, err
	case asked.closed:
		return nil, &Declined{waitsForGuesses, "Too many wrong addresses were given for this invoice.", "Try again in an hour, or ask the vendor.", nil}
	case !asked.Right:
		return nil, wrongLookup
	}
	h, err := a.s.Holding(ctx, invoice)
	if err != nil {
		return nil, err
	}
	return standingOf(h, now, false), nil
}

// freshTime is how old a statement may be that shows who has sent it: somebody else may have
// seen an older one. A server's clock may be wrong by as much.
const freshTime = 24 * time.Hour

// StandingOf shows all of it to who has a statement of today, signed by the key of a machine
// that is active under the invoice; nil for any other statement.
func (a *Activator) StandingOf(ctx context.Context, text []byte) (*Standing, error) {
	now := a.o.Now()
	var invoice string
	var by keys.PublicKey
	var at int64
	if q, err := verify.OpenRequest(text); err == nil && q.Signed {
		invoice, by, at = q.Invoice, q.Key, q.Time
	} else if s, err := verify.OpenAttestation(text); err == nil {
		_, request, err := a.s.Issued(ctx, s.License)
		switch {
		case err != nil && IsRefusal(err), err == nil && request == nil:
			return nil, nil // nothing of ours: who has sent it learns nothing
		case err != nil:
			return nil, err
		}
		invoice, by, at = request.Invoice, s.Key, s.IssuedAt
	}
	if age := now.Sub(time.Unix(at, 0)); invoice == "" || age > freshTime || age < -freshTime {
		return nil, nil
	}
	h, err := a.s.List(ctx, Filter{Invoice: invoice})
	if err != nil || len(h) != 1 || !slices.ContainsFunc(h[0].Activations, func(held ledger.Held) bool { return string(held.MachineKey) == string(by.Bytes()) }) {
		return nil, err
	}
	return standingOf(&h[0], now, true), nil
}

// standingOf shows a holding; whole to its owner.
func standingOf(h *ledger.Holding, now time.Time, whole bool) *Standing {
	e := &h.Entitlement
	s := &Standing{
		Invoice: e.Invoice, Product: e.Product, Edition: e.Edition, Type: e.Type, State: e.Status(now),
		Expires: e.Expires, UpdatesUntil: e.UpdatesUntil, Seats: e.Seats, Used: h.SeatsUsed,
	}
	if e.Expires.IsZero() && !e.Term.IsZero() {
		s.Term = e.Term.String()
	}
	if whole {
		s.Owner = &Owner{e.Customer, e.Email}
	}
	for _, held := range h.Activations {
		site := StandingSite{Code: held.Code, State: held.Status(e, now), Since: held.Since, Ends: held.License.HardEnd}
		if whole {
			site.Host, site.Name = held.Host, held.Site
		}
		s.Sites = append(s.Sites, site)
	}
	return s
}
