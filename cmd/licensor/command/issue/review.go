package issue

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// oldRequest is the age from which a request is warned of.
const oldRequest = 30 * 24 * time.Hour

// review shows what was bought beside what is asked for: all that the license will say.
func review(env *cli.Env, out io.Writer, offer *service.Offer, q *verify.Request, now time.Time) {
	e := offer.Entitlement
	seat := "a new one"
	switch {
	case offer.From != nil:
		seat = "a bridge until " + text.Minute(offer.BridgeUntil) + ", to move " + offer.From.Name()
	case offer.Activation != nil:
		seat = "its own, " + offer.Activation.Name()
	}
	t := cli.Table{Whole: true}
	t.Row("", "BOUGHT", "ASKED")
	t.Row("invoice", e.Invoice, q.Invoice)
	t.Row("product", e.ProductName(), q.Product)
	t.Row("type", e.Type, q.Type)
	customer := "e-mail address agrees"
	if offer.License != nil { // it is known by its hash, whatever became of the address
		customer = "as it was signed"
	}
	t.Row("customer", e.Customer, customer)
	t.Row("seats", common.SeatsInUse(e, offer.SeatsUsed), seat)
	t.Row("binding", e.Weakest().String(), bindingOf(offer))
	common.AddEntitlement(&t, e, "invoice", "product", "type", "customer", "seats", "binding")
	addRequest(&t, q, "")
	t.WriteTo(out)

	warnOfRequest(env, q, now)
	if offer.Rebinds > 0 {
		env.Warnf("the site is on another machine: this counts as a move, and %s for the next revocation list",
			cli.Plural(offer.Rebinds, "license of it waits", "licenses of it wait"))
	}
	if offer.License != nil {
		env.Warnf("this request was signed on %s; here is the same license again", text.Date(offer.License.Issued))
		if offer.Epoch > offer.License.Epoch {
			env.Warnf("a newer license of that activation is on record, epoch %d, and this one is epoch %d: where that one is installed, this one does not install", offer.Epoch, offer.License.Epoch)
		}
	}
}

// bindingOf says what the license will be held to, and what may change before it stops.
func bindingOf(offer *service.Offer) string {
	if offer.License != nil {
		return "as it was signed"
	}
	g := offer.Grant
	n := uint64(len(g.Components))
	text := g.Strength().String()
	if offer.Sells > 0 {
		text += ", sold with it"
	}
	switch {
	case n == 0:
		return text + ": its state directory alone"
	case n == 1 && g.Components[0].Label == format.LabelMachineID:
		return text + ": machine-id must match, no margin; clones of one image pass"
	case n == 1:
		return fmt.Sprintf("%s: %s must match, no margin", text, common.Labels(g.Components))
	case g.Need == n:
		return fmt.Sprintf("%s: all %d of %s must match, no margin", text, n, common.Labels(g.Components))
	}
	return fmt.Sprintf("%s: %d of %d must match (%s), %d may change", text, g.Need, n, common.Labels(g.Components), n-g.Need)
}

// addRequest adds what a request says of its server. before are the cells between the
// name and the value.
func addRequest(t *cli.Table, q *verify.Request, before ...string) {
	row := func(cells ...string) { t.Row(slices.Insert(cells, 1, before...)...) }
	row("machine", common.MachineOf(q))
	common.AddPlace(row, q.Site, q.Host)
	if q.Prior != nil {
		row("replaces", q.Prior.String())
	}
	row("made", text.Minute(time.Unix(q.Time, 0)))
	row("code", format.ComparisonCode(q.Hash))
}

// warnOfRequest tells what a person should look at before the request is signed.
func warnOfRequest(env *cli.Env, q *verify.Request, now time.Time) {
	if !q.Signed {
		env.Warnf("the request came without its server's signature, as from a QR code: compare the code with the customer")
	}
	switch made := time.Unix(q.Time, 0); {
	case made.After(now.Add(verify.ClockTolerance)):
		env.Warnf("the server's clock is ahead of this workstation's: it says %s", text.Minute(made))
	case made.Before(now.Add(-oldRequest)):
		env.Warnf("the request is old, or the server's clock is behind: a license does not hold before it was issued")
	}
}
