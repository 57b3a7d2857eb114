package form

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/picture"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/frame"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Requests and releases: those that wait in the queue, and those that somebody has brought.

// statementFields ask for a statement, as text or as a file.
func statementFields(what string) []*field {
	return []*field{
		{Name: picture.TextField, Label: "Text", Kind: kindArea, Help: "Paste " + what + ", or the whole mail that it came in."},
		{Name: picture.FileField, Label: "Or a file", Kind: kindFile, Help: "The file that came from the server, a saved mail, or photos of the codes."},
	}
}

func (c *change) field(name string) *field {
	for _, f := range c.fields {
		if f.Name == name {
			return f
		}
	}
	panic("no field " + name)
}

// notSigned says why the service's key has not signed, and who can.
func notSigned(err error, command string, args ...any) error {
	var waits *service.Waiting
	var scope *verify.Refusal
	var rule *ledger.Refusal
	switch {
	case errors.As(err, &waits):
		return hint.Errorf("the service does not sign this: %s", waits.Message).Because(err).WithHint("sign it at the workstation: "+command, args...)
	case errors.As(err, &rule):
		return err
	case errors.As(err, &scope):
		return hint.Errorf("the service's key may not sign this: it allows %s, and this is %s", scope.Expected, scope.Found).Because(err).
			WithHint("sign it at the workstation: "+command, args...)
	}
	return err
}

// notOffered says of what the rules offer nothing for what is done about it at the workstation:
// a weaker binding than was sold is sold there, by who gives a reason.
func notOffered(err error, command string) error {
	var refusal *ledger.Refusal
	if errors.As(err, &refusal) && refusal.Rule == ledger.RuleBinding {
		return refusal.WithHint("the customer makes another request, or somebody sells it so at the workstation: %s --why TEXT", command)
	}
	return err
}

// sign signs and records the license that a request asks for.
func (v *visit) sign(q *verify.Request) (*ledger.License, error) {
	license, err := v.Service.Book.Sign(v.R.Context(), v.by, q, v.Signing.Issue(v.R.Context(), v.by))
	if err == nil {
		v.Signing.Issued(1)
	}
	return license, err
}

// SeenRequest returns the mark of what a page has shown that compares a request with what was
// bought: with it the request is signed at once. Besides, what there is to warn of, and the license
// that there is already; nil: none.
func (f *Forms) SeenRequest(v *frame.Visit, offer *service.Offer, q *verify.Request) (seen string, warnings []string, known *ledger.License, err error) {
	l, known, err := (&visit{v, f, f.By(v)}).weighed(offer, q)
	if err != nil {
		return "", nil, nil, err
	}
	return l.seen(), l.warnings, known, nil
}

// SeenRelease is the mark of what a page has shown of a release.
func SeenRelease(rows []service.Row) string {
	return (&looked{facts: []facts{factsOf("The release", rows)}}).seen()
}

// reviewed is a review for a person to agree to.
func reviewed(offer *service.Offer, q *verify.Request, now time.Time) *looked {
	r := service.ReviewOf(offer, q, now)
	table := facts{Caption: "Bought beside asked", Head: []string{"", "Bought", "Asked"}}
	for _, line := range r.Lines {
		table.Rows = append(table.Rows, []string{line.Label, line.Bought, line.Asked})
	}
	return &looked{facts: []facts{table}, warnings: sentences(r.Warnings), button: "Sign this license"}
}

func sentences(texts []string) []string {
	var all []string
	for _, text := range texts {
		all = append(all, page.Sentence(text))
	}
	return all
}

func licensePath(l *ledger.License) string { return page.Path("licenses", l.ID.String()) }

// requests are what a request may be: with its server's signature, or as from a QR code.
var requests = []format.Kind{format.SignedRequest, format.RequestBody}

// signRequest signs a request that did not come to the service.
func (v *visit) signRequest() error {
	c := &change{title: "Sign a request", path: "/sign", button: "Look at it", wants: requests, back: page.Link{To: "/queue", Text: "The queue"},
		fields: append(statementFields("the request"), why(false))}
	var q *verify.Request
	c.look = func() (*looked, error) {
		text, err := c.statement()
		if err == nil {
			q, err = verify.OpenRequest(text)
		}
		if err != nil {
			c.field(picture.TextField).Error = "This is no request."
			return nil, err
		}
		v.by.Why = c.value("why")
		offer, err := v.Service.Preview(v.R.Context(), v.by, q)
		if err != nil {
			return nil, notOffered(err, "licensor sign REQUEST")
		}
		l := reviewed(offer, q, v.by.Now)
		if offer.License != nil {
			l.already = licensePath(offer.License)
		}
		return l, nil
	}
	c.do = func() (string, string, error) {
		license, err := v.sign(q)
		if err != nil {
			return "", "", notSigned(err, "licensor sign REQUEST --out FILE")
		}
		return licensePath(license), "signed", nil
	}
	return v.ask(c)
}

// queued finds what waits under the number of the path.
func (v *visit) queued() (*desk.Waiting, error) {
	return v.Desk.Numbered(v.R.Context(), strings.ToUpper(v.Named("number")))
}

// queueSign signs what waits, or records it, if it is a release.
func (v *visit) queueSign() error {
	w, err := v.queued()
	if err != nil {
		return err
	}
	c := &change{title: "Sign " + w.Number, path: page.Path("queue", w.Number, "sign"), single: true, button: "Sign this license",
		back: page.Link{To: page.Path("queue", w.Number), Text: "Back"}, fields: []*field{why(false)}}
	if w.State == desk.Refused {
		return v.unasked(c, hint.Errorf("request %s was refused by %s", w.Number, w.By).WithHint("to sign it all the same, take its text to Sign a request"))
	}
	if kind, _, err := format.DecodeText([]byte(w.Request)); err == nil && kind == format.Release {
		v.recordRelease(c, func() ([]byte, error) { return []byte(w.Request), nil }, w)
		return v.ask(c)
	}
	var q *verify.Request
	var known *ledger.License
	c.look = func() (*looked, error) {
		if q, err = verify.OpenRequest([]byte(w.Request)); err != nil {
			return nil, err
		}
		v.by.Why = c.value("why")
		offer, err := v.Service.Preview(v.R.Context(), v.by, q)
		if err != nil {
			return nil, notOffered(err, "licensor queue sign "+w.Number)
		}
		var l *looked
		if l, known, err = v.weighed(offer, q); err != nil {
			return nil, err
		}
		switch {
		case known != nil && w.State == desk.Signed:
			l.already = licensePath(known)
		case known != nil:
			l.button = "Give out that license"
		}
		return l, nil
	}
	c.do = func() (string, string, error) {
		license := known
		if license == nil {
			if license, err = v.sign(q); err != nil {
				return "", "", notSigned(err, "licensor queue sign %s", w.Number)
			}
		}
		return licensePath(license), "signed", v.Desk.SettleSigned(v.R.Context(), w, v.by.Operator, v.by.Now)
	}
	return v.ask(c)
}

// weighed is a review of a request that waits, and the license that its server has already.
func (v *visit) weighed(offer *service.Offer, q *verify.Request) (l *looked, known *ledger.License, err error) {
	l, known = reviewed(offer, q, v.by.Now), offer.License
	if known == nil {
		if known, err = v.overtaken(offer, q); err == nil && known != nil {
			l.warnings = append(l.warnings, "Its server has made another request since, and has the license "+known.ID.String()+" by that: nobody waits for this one.")
		}
	}
	return l, known, err
}

// overtaken returns the license that the server of a request has by another one, which it made
// later: nobody waits for the first one any more. It is nil if there is none.
func (v *visit) overtaken(offer *service.Offer, q *verify.Request) (*ledger.License, error) {
	if offer.Activation == nil {
		return nil, nil
	}
	a, err := v.activation(offer.Activation.ID)
	if err != nil || a.held.License == nil {
		return nil, err
	}
	_, by, err := v.Service.Issued(v.R.Context(), a.held.License.ID)
	if err != nil || by == nil || by.Hash == q.Hash || by.Time < q.Time {
		return nil, err
	}
	return a.held.License, nil
}

// queueRefuse tells the customer no.
func (v *visit) queueRefuse() error {
	w, err := v.queued()
	if err != nil {
		return err
	}
	q := desk.ViewOf(w)
	c := &change{title: "Refuse " + w.Number, path: page.Path("queue", w.Number, "refuse"), single: true, button: "Refuse this request", danger: true,
		back:   page.Link{To: page.Path("queue", w.Number), Text: "Back"},
		fields: []*field{{Name: "say", Label: "What the customer reads", Required: true, Help: "One sentence, such as what to do instead."}}}
	c.look = func() (*looked, error) {
		said := c.field("say")
		if said.Value != "" && format.ValidText(said.Value, desk.MaxSaid) != nil {
			said.Error = fmt.Sprintf("Want one line of at most %d bytes.", desk.MaxSaid)
			return nil, hint.Errorf("the sentence for the customer is too long, or is no line of text").WithHint("say it shorter")
		}
		l := &looked{facts: []facts{{Caption: "The request", Rows: [][]string{
			{"number", w.Number}, {"invoice", w.Invoice}, {"host", q.Host}, {"code", q.Code}, {"why it waits", w.Why},
		}}}}
		switch {
		case w.State == desk.Refused && w.By == v.by.Operator && w.Said == said.Value:
			l.already = page.Path("queue", w.Number)
		case w.State != desk.Waits:
			return nil, hint.Errorf("request %s was %s by %s", w.Number, w.State, w.By).WithHint("the queue has those that wait")
		}
		return l, nil
	}
	c.do = func() (string, string, error) {
		return page.Path("queue", w.Number), "refused", v.Desk.Settle(v.R.Context(), w.Number, desk.Refused, c.value("say"), v.by.Operator, v.by.Now)
	}
	return v.ask(c)
}

// release records a release that did not come to the service.
func (v *visit) release() error {
	c := &change{title: "Record a release", path: "/release", button: "Look at it", wants: []format.Kind{format.Release}, back: page.Link{To: "/queue", Text: "The queue"},
		fields: append(statementFields("the release"), why(false))}
	v.recordRelease(c, c.statement, nil)
	return v.ask(c)
}

// recordRelease has a form record a release. w is where it waits; nil: it does not.
func (v *visit) recordRelease(c *change, text func() ([]byte, error), w *desk.Waiting) {
	command := "licensor release FILE --out FILE"
	if w != nil {
		command = "licensor queue sign " + w.Number
	}
	var given *service.ReleasePreview
	c.look = func() (*looked, error) {
		file, err := text()
		if err != nil {
			return nil, err
		}
		if given, err = v.Service.OpenRelease(v.R.Context(), file); err != nil {
			return nil, err
		}
		v.by.Why = c.value("why")
		l := &looked{facts: []facts{factsOf("The release", given.Rows())}, button: "Record this release"}
		shown, err := v.activation(given.Record.Activation)
		if err == nil && shown.held.State == ledger.StateReleased && (w == nil || w.State == desk.Signed) {
			l.already = page.Path("entitlements", shown.Invoice)
		}
		return l, err
	}
	c.do = func() (string, string, error) {
		ctx := v.R.Context()
		r, err := v.Service.RecordRelease(ctx, v.by, given, v.Signing.Issue(ctx, v.by))
		if err != nil {
			return "", "", notSigned(err, command)
		}
		if r.Final != nil {
			v.Signing.Issued(1)
		}
		if w != nil {
			if err := v.Desk.SettleSigned(v.R.Context(), w, v.by.Operator, v.by.Now); err != nil {
				return "", "", err
			}
		}
		switch {
		case r.License != nil:
			return licensePath(r.License), "released", nil
		case r.Refusal != nil:
			return page.Path("entitlements", r.Invoice), "released-refused", nil
		case r.Waits != nil:
			return page.Path("entitlements", r.Invoice), "released-waits", nil
		}
		return page.Path("entitlements", r.Invoice), "released", nil
	}
}

// held is an activation with the sale that it is of.
type held struct {
	*service.Shown
	held *ledger.Held
}

// activation finds an activation.
func (v *visit) activation(id string) (*held, error) {
	shown, err := v.Service.Show(v.R.Context(), id, 1)
	if frame.IsTrouble(err) {
		return nil, err
	}
	if err == nil && shown != nil && shown.Activation == id {
		for i := range shown.Activations {
			if a := &shown.Activations[i]; a.ID == id {
				return &held{shown, a}, nil
			}
		}
	}
	return nil, hint.Errorf("there is no activation %.32q", id).WithHint("the sale's page shows who is active")
}

// closed reports whether it has left its seat.
func (h *held) closed(v *visit) bool { return h.held.Status(&h.Entitlement, v.by.Now).Closed() }
