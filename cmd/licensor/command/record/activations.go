package record

import (
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

// activationListing is what list --activations --json prints.
type activationListing struct {
	Version     int                `json:"version"`
	Activations []listedActivation `json:"activations"`
}

type listedActivation struct {
	Invoice  string `json:"invoice"`
	Customer string `json:"customer"`
	Email    string `json:"email,omitempty"`
	Product  string `json:"product"`
	Edition  string `json:"edition,omitempty"`
	Type     string `json:"type"`
	service.ActivationView
}

// listActivations is list --activations: a line for each.
func (c *listCommand) listActivations(env *cli.Env, holdings []ledger.Holding, now time.Time) error {
	var all []listedActivation
	var t cli.Table
	t.Row("ACTIVATION", "INVOICE", "CUSTOMER", "PRODUCT", "TYPE", "SITE", "HOST", "STATE", "SINCE OR UNTIL")
	for i := range holdings {
		h := &holdings[i]
		activations := h.Activations
		if c.state != "" {
			activations = service.InState(h, ledger.Status(c.state), now)
		}
		for i := range activations {
			a := &activations[i]
			state, when := service.ActivationState(a, &h.Entitlement, now)
			t.Row(a.ID, h.Invoice, h.Customer, h.ProductName(), h.Type, a.Site, service.HostOf(a), state, when)
			all = append(all, listedActivation{h.Invoice, h.Customer, h.Email, h.Product, h.Edition, h.Type, service.ViewActivation(a, &h.Entitlement, now)})
		}
	}
	switch {
	case env.JSON():
		return env.Answer(activationListing{1, append([]listedActivation{}, all...)})
	case c.csv.On:
		return c.writeActivations(env, all)
	case len(all) == 0:
		fmt.Fprintln(env.Stderr, "No activation fits all that was asked for.")
		return nil
	}
	_, err := t.WriteTo(env.Stdout)
	return err
}

var activationColumns = []string{"activation", "invoice", "customer", "email", "product", "edition", "type", "site", "host", "code", "machine_key",
	"state", "since", "ended", "license", "epoch", "issued", "hard_end", "signed_by", "revoked"}

func (c *listCommand) writeActivations(env *cli.Env, all []listedActivation) error {
	table := c.csv.Table(env.Stdout, activationColumns)
	for _, a := range all {
		l := a.License
		table.Row(a.ID, a.Invoice, a.Customer, a.Email, a.Product, a.Edition, a.Type, a.Site, a.Host, a.Code, a.MachineKey,
			string(a.State), ledger.FormatDate(a.Since), ledger.FormatDate(a.Ended), l.ID.String(), fmt.Sprint(l.Epoch), ledger.FormatDate(l.Issued), ledger.FormatEnd(l.HardEnd), l.SignedBy, ledger.FormatDate(l.Revoked))
	}
	return table.Close()
}
