package main

import (
	"context"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/spf13/pflag"
)

type listCommand struct {
	home   homeOption
	filter ledger.Filter
	json   bool
}

func setupList(flags *pflag.FlagSet) cli.Run {
	var c listCommand
	c.home.addLedger(flags)
	flags.StringVar(&c.filter.Invoice, "invoice", "", "")
	flags.BoolVar(&c.json, "json", false, "")
	return c.run
}

func (c *listCommand) run(env *cli.Env, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	return c.home.withLedger(env, ledger.OpenToRead, func(ctx context.Context, _ home.Home, l *ledger.Ledger) error {
		holdings, err := l.List(ctx, c.filter)
		if err != nil {
			return err
		}
		if len(holdings) == 0 && c.filter.Invoice != "" {
			return cli.Failf("no entitlement has the invoice %s", cli.Quote(c.filter.Invoice)).WithHint(`"licensor list" shows them all`)
		}
		if c.json {
			return cli.WriteJSON(env.Stdout, newListing(holdings))
		}
		if len(holdings) == 0 {
			fmt.Fprintln(env.Stderr, `Nothing has been sold yet: "licensor entitle" records what was.`)
			return nil
		}
		_, err = table(holdings).WriteTo(env.Stdout)
		return err
	})
}

func table(holdings []ledger.Holding) *cli.Table {
	var t cli.Table
	t.Row("INVOICE", "CUSTOMER", "PRODUCT", "TYPE", "SEATS", "TERM")
	for _, h := range holdings {
		t.Row(h.Invoice, h.Customer, productName(&h.Entitlement), h.Type, seatsUsed(&h), term(&h.Entitlement))
		for _, a := range h.Activations {
			t.Row("  "+a.ID, a.Site, a.Host, string(a.State), "", "since "+date(a.Since))
		}
	}
	return &t
}

func seatsUsed(h *ledger.Holding) string {
	return fmt.Sprintf("%d/%d", h.Usage.Seats, h.Entitlement.Seats)
}

// listing is what list --json prints.
type listing struct {
	Version      int                 `json:"version"`
	Entitlements []listedEntitlement `json:"entitlements"`
}

type listedEntitlement struct {
	ledger.Entitlement
	ledger.Usage
	Activations []listedActivation `json:"activations"`
}

type listedActivation struct {
	ID         string        `json:"id"`
	State      ledger.State  `json:"state"`
	Site       string        `json:"site,omitempty"`
	Host       string        `json:"host,omitempty"`
	MachineKey string        `json:"machine_key"`
	Since      time.Time     `json:"since"`
	License    listedLicense `json:"license"`
}

type listedLicense struct {
	ID       format.ID `json:"id"`
	Epoch    uint64    `json:"epoch"`
	Issued   time.Time `json:"issued"`
	SignedBy string    `json:"signed_by"`
}

func newListing(holdings []ledger.Holding) *listing {
	l := &listing{Version: 1, Entitlements: []listedEntitlement{}}
	for _, h := range holdings {
		e := listedEntitlement{Entitlement: h.Entitlement, Usage: h.Usage, Activations: []listedActivation{}}
		for _, a := range h.Activations {
			e.Activations = append(e.Activations, listedActivation{
				ID: a.ID, State: a.State, Site: a.Site, Host: a.Host, MachineKey: fingerprint(a.MachineKey), Since: a.Since,
				License: listedLicense{ID: a.License.ID, Epoch: a.License.Epoch, Issued: a.License.Issued, SignedBy: a.License.Signer},
			})
		}
		l.Entitlements = append(l.Entitlements, e)
	}
	return l
}

func fingerprint(machineKey []byte) string {
	key, err := keys.NewPublicKey(machineKey)
	if err != nil {
		return "damaged: " + err.Error()
	}
	return key.Fingerprint()
}
