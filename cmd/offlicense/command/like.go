package command

import (
	"slices"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/machine"
	"github.com/offlicense/offlicense/verify/site"
)

// likeLatest takes what is not given from the latest request of the directory: a machine that has
// changed, or will, is told to ask again, and who does that has no invoice at hand.
func (f *requestFlags) likeLatest(state *site.State) error {
	if f.product != "" && f.invoice != "" && f.email != "" && f.kind != "" {
		return nil
	}
	all, err := state.Requests()
	if err != nil {
		return stateError(err)
	}
	if len(all) == 0 {
		return nil
	}
	q := &all[len(all)-1].Request
	f.like = q
	for _, field := range [...]struct {
		given *string
		was   string
	}{{&f.product, q.Product}, {&f.invoice, q.Invoice}, {&f.kind, q.Type}, {&f.site, q.Site}} {
		if *field.given == "" {
			*field.given = field.was
		}
	}
	if !f.hostGiven() {
		f.host, f.hostGiven = q.Host, func() bool { return true }
	}
	if f.email == "" && format.InvoiceForm(f.invoice) == q.Invoice {
		f.account = q.Account
	}
	return nil
}

// likeMachine names the machine as the latest request did. What an operator gave then has to be given again.
func (f *requestFlags) likeMachine(o *site.RequestOptions) error {
	if f.like == nil {
		return nil
	}
	for _, c := range f.like.Components {
		switch {
		case machine.OfHost(c):
			o.HostID = true
		case c.Label == format.LabelMAC:
			o.MAC = true
		case c.Label == format.LabelMachineID, c.Label == format.LabelProductUUID, c.Label == format.LabelRootFS:
		case !slices.ContainsFunc(o.Components, func(v machine.Value) bool { return v.Label() == c.Label }):
			return cli.Usagef("the latest request of this site named %s, too", cli.Quote(c.Label)).
				WithHint("give it again, --component %s=VALUE, or say all of the request anew", c.Label)
		}
	}
	if len(f.like.Components) == 0 && len(o.Components) == 0 && !o.MAC && !o.HostID {
		f.keyOnly, o.KeyOnly = true, true
	}
	return nil
}

// likeChecker refuses to take root for a user who reads less.
func (f *requestFlags) likeChecker(who *checker) error {
	if f.like == nil || len(f.like.Unreadable) == 0 || who == nil || f.serviceUser != "" || who.UID != 0 {
		return nil
	}
	return cli.Usagef("the latest request of this site was for a user who checks it and is not root").
		WithHint("name the user who runs the product: --service-user NAME")
}
