package form

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/picture"
	"github.com/offlicense/offlicense/verify"
)

// of finds the activation of the path, and begins a form of it.
func (v *visit) of(title, verb string) (*held, *change, error) {
	a, err := v.activation(strings.ToUpper(v.Named("id")))
	if err != nil {
		return nil, nil, err
	}
	path := page.Path("activations", a.held.ID)
	return a, &change{title: title + " " + a.held.ID, path: path + "/" + verb, back: page.Link{To: path, Text: "Back"}}, nil
}

// rows say which server it is, and of which sale.
func (h *held) rows() facts {
	rows := []service.Row{{Label: "invoice", Text: h.Dossier.Invoice}, {Label: "customer", Text: h.Customer}, {Label: "product", Text: h.ProductName() + ", " + h.Type}}
	return factsOf("The activation", append(rows, service.ActivationRows(h.held)...))
}

// deactivate frees the seat of a server that is gone, or ends the bridge of a move.
func (v *visit) deactivate() error {
	a, c, err := v.of("Deactivate", "deactivate")
	if err != nil {
		return err
	}
	c.single, c.danger, c.button, c.fields = true, true, "Free the seat of this server", []*field{why(true)}
	c.lead = "For a server that is lost: its seat is free, and its licenses go on the next revocation list."
	bridge := a.held.State == ledger.StateBridge
	if bridge {
		c.button, c.lead = "Close this bridge and end its move", "The old server keeps its license and its seat."
	}
	c.look = func() (*looked, error) {
		l := &looked{facts: []facts{a.rows()}}
		if a.closed(v) {
			l.already = page.Path("activations", a.held.ID)
		}
		for i := range a.Activations {
			if !bridge && a.Activations[i].State == ledger.StateBridge {
				l.warnings = append(l.warnings, "If it is moving, the bridge of its new server ends, too.")
				break
			}
		}
		return l, nil
	}
	c.do = func() (string, string, error) {
		v.by.Why = c.value("why")
		_, err := v.Service.Deactivate(v.R.Context(), v.by, a.Dossier.Invoice, a.held.ID)
		if err != nil { // or somebody was faster
			if now, failed := v.activation(a.held.ID); failed == nil {
				*a = *now
			}
		}
		word := "deactivated"
		if bridge {
			word = "move-canceled"
		}
		return page.Path("activations", a.held.ID), word, err
	}
	return v.ask(c)
}

// reactivate frees the seat of a server that is gone, and signs for its successor.
func (v *visit) reactivate() error {
	a, c, err := v.of("Reactivate", "reactivate")
	if err != nil {
		return err
	}
	c.lead = "Its server is lost: the request of its successor gets the seat, and its licenses are revoked."
	return v.succeed(a, c, "Free that seat and sign for its successor", nil, "reactivated",
		fmt.Sprintf("licensor reactivate REQUEST --activation %s --why TEXT --out FILE", a.held.ID), func(q *verify.Request, issue ledger.Issue) (*ledger.License, error) {
			r, err := v.Service.Book.Reactivate(v.R.Context(), v.by, a.held.ID, q, issue)
			if err != nil {
				return nil, err
			}
			return r.License, nil
		})
}

// move gives the new server of a move a license that ends soon.
func (v *visit) move() error {
	a, c, err := v.of("Move", "move")
	if err != nil {
		return err
	}
	c.lead = "The new server runs beside the old one for a while; its real license comes with the release of the old one."
	overlap := &field{Name: "overlap", Label: "How long both run", Required: true, Value: fmt.Sprintf("%dd", int(a.Bridge().Hours()/24)), Help: "Days, such as 14d, at most 30d."}
	var days uint64
	c.check = func() {
		var err error
		if days, err = ledger.ParseDays(overlap.Value); err == nil {
			err = service.CheckOverlap(time.Duration(days) * 24 * time.Hour)
		}
		if err != nil && overlap.Value != "" {
			overlap.Error = page.Sentence(err.Error())
		}
	}
	return v.succeed(a, c, "Let both servers run that long", overlap, "moved",
		"licensor move "+text.ShellWord(a.Dossier.Invoice)+" --activation "+a.held.ID+" --overlap "+overlap.Value+" --why TEXT REQUEST --out FILE",
		func(q *verify.Request, issue ledger.Issue) (*ledger.License, error) {
			return v.Service.Book.Move(v.R.Context(), v.by, a.Dossier.Invoice, a.held.ID, time.Duration(days)*24*time.Hour, q, issue)
		})
}

// succeed has a form take the request of a server that follows the one of an activation.
func (v *visit) succeed(a *held, c *change, button string, overlap *field, word, command string, sign func(*verify.Request, ledger.Issue) (*ledger.License, error)) error {
	c.about, c.wants, c.button = []facts{a.rows()}, requests, "Look at it"
	c.fields = statementFields("the new server's request")
	if overlap != nil {
		c.fields = append(c.fields, overlap)
	}
	c.fields = append(c.fields, why(true))
	var q *verify.Request
	c.look = func() (*looked, error) {
		file, err := c.statement()
		if err == nil {
			q, err = verify.OpenRequest(file)
		}
		if err != nil {
			c.field(picture.TextField).Error = "This is no request."
			return nil, err
		}
		v.by.Why = c.value("why")
		// Whether it may have the seat is seen once that is free; here, whether it has it.
		offer, err := v.Service.Preview(v.R.Context(), v.by, q)
		var refusal *ledger.Refusal
		if err != nil && !errors.As(err, &refusal) {
			return nil, err
		}
		table := factsOf("The new server", service.RequestRows(q))
		if overlap != nil {
			table.Rows = append(table.Rows, []string{"overlap", overlap.Value})
		}
		l := &looked{facts: []facts{a.rows(), table}, warnings: sentences(service.WarningsOf(q, v.by.Now)), button: button}
		switch now, failed := v.activation(a.held.ID); {
		case failed != nil:
			return nil, failed
		case err == nil && offer.License != nil && offer.License.Activation != a.held.ID && (overlap != nil && offer.Activation.State == ledger.StateBridge || now.closed(v)):
			l.already = licensePath(offer.License)
		case now.closed(v):
			return nil, hint.Errorf("activation %s is not active any more", a.held.ID).WithHint("sign the request by itself, if there is a free seat")
		case err == nil && offer.License != nil:
			l.warnings = append(l.warnings, "This server has a license already, in a seat of its own.")
		}
		return l, nil
	}
	c.do = func() (string, string, error) {
		license, err := sign(q, v.Signing.Issue(v.R.Context(), v.by))
		if err != nil {
			return "", "", notSigned(err, "%s", command)
		}
		v.Signing.Issued(1)
		return licensePath(license), word, nil
	}
	return v.ask(c)
}

// unbound signs a license for any machine.
func (v *visit) unbound() error {
	h, err := v.Service.Holding(v.R.Context(), v.Named("invoice"))
	if err != nil {
		return err
	}
	sale := page.Path("entitlements", h.Invoice)
	c := &change{title: "Sign for any machine: " + h.Invoice, path: sale + "/sign-unbound", single: true, button: "Sign a license for any machine",
		back: page.Link{To: sale, Text: "Back to the sale"}, about: []facts{factsOf("The sale", v.saleRows(h))},
		fields: []*field{{Name: "name", Label: "Name of this copy", Help: "Tells the copies of an invoice apart; the same name is the same license."}, why(false)}}
	c.look = func() (*looked, error) { return new(looked), nil }
	c.do = func() (string, string, error) {
		v.by.Why = c.value("why")
		license, err := v.Service.Book.SignUnbound(v.R.Context(), v.by, h.Invoice, c.value("name"), v.Signing.Issue(v.R.Context(), v.by))
		if err != nil {
			return "", "", notSigned(err, "licensor sign --unbound --invoice %s --name NAME --out FILE", text.ShellWord(h.Invoice))
		}
		if license.Issued.Before(ledger.Whole(v.by.Now)) {
			return licensePath(license), "already", nil
		}
		v.Signing.Issued(1)
		return licensePath(license), "signed", nil
	}
	return v.ask(c)
}
