package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// signUnbound signs a license for any machine.
func (c *signCommand) signUnbound(env *cli.Env, args []string) error {
	switch {
	case len(args) > 0:
		return cli.Usagef("%s is too much: a license for any machine answers no request", cli.Quote(args[0]))
	case c.invoice == "":
		return cli.Usagef("--invoice is missing").WithHint("a license for any machine has no request that names it")
	case c.report != "":
		return cli.Usagef("--report is for many requests")
	}
	if err := env.CheckOutput(c.out, "OLL1:"); err != nil {
		return err
	}
	return c.home.withLedger(env, ledger.Open, func(ctx context.Context, at home.Home, l *ledger.Ledger) error {
		h, err := holding(ctx, l, c.invoice)
		if err != nil {
			return err
		}
		t := cli.Table{Whole: true}
		addEntitlement(&t, &h.Entitlement)
		t.Row("in use", fmt.Sprint(h.Usage.Seats))
		t.Row("machine", "any")
		if c.name != "" {
			t.Row("copy", c.name)
		}
		t.WriteTo(messages(env, c.out))
		if err := c.agree(env, "Sign a license for any machine?", "not signed"); err != nil {
			return err
		}
		by, err := c.operation(env)
		if err != nil {
			return err
		}
		signer := c.signer(ctx, env, at, l, by)
		license, err := l.SignUnbound(ctx, by, c.invoice, c.name, signer.issue)
		if err != nil {
			return signer.explain(err)
		}
		return deliver(ctx, env, at, l, c.out, license)
	})
}

// holding returns one entitlement with who uses it.
func holding(ctx context.Context, l *ledger.Ledger, invoice string) (*ledger.Holding, error) {
	holdings, err := l.List(ctx, ledger.Filter{Invoice: invoice})
	if err != nil {
		return nil, err
	}
	if len(holdings) == 0 || invoice == "" {
		return nil, cli.Failf("no entitlement has the invoice %s", cli.Quote(invoice)).WithHint(`"licensor list" shows them all`)
	}
	return &holdings[0], nil
}

// held returns an activation of a holding that is active or a bridge, nil if it is not
// there: the ledger says why.
func held(h *ledger.Holding, activation string) *ledger.Held {
	for i := range h.Activations {
		if h.Activations[i].ID == activation {
			return &h.Activations[i]
		}
	}
	return nil
}

// activationValue is the option --activation. An id may be typed in small letters.
type activationValue struct{ id *string }

func (a activationValue) Type() string { return "activation" }

func (a activationValue) String() string {
	if a.id == nil {
		return ""
	}
	return *a.id
}

func (a activationValue) Set(s string) error {
	*a.id = strings.ToUpper(s)
	return nil
}
