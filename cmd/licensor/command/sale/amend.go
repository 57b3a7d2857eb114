package sale

import (
	_ "embed"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/spf13/pflag"
)

// amendCommand changes what an entitlement grants.
type amendCommand struct {
	revision
	flags *pflag.FlagSet
	to    ledger.Entitlement

	noFeatures, noLimits []string
	allUpdates           bool
}

//go:embed usage/amend.txt
var AmendUsage string

// Amend is the command amend.
func Amend(flags *pflag.FlagSet) cli.Run {
	c := amendCommand{flags: flags}
	c.add(flags)
	to := &c.to
	to.Limits = make(map[string]uint64)
	flags.StringVar(&to.Email, "email", "", "")
	flags.StringVar(&to.Customer, "customer", "", "")
	flags.StringVar(&to.Edition, "edition", "", "")
	flags.Uint64Var(&to.Seats, "seats", 0, "")
	flags.Uint64Var(&to.Allowance, "allowance", 0, "")
	flags.BoolVar(&to.Unbound, "unbound", false, "")
	flags.Var(common.DateFlag(&to.Expires), "expires", "")
	flags.Var(common.DaysFlag(&to.GraceDays), "grace", "")
	flags.Var(common.DaysFlag(&to.EmergencyDays), "emergency-days", "")
	flags.Var(common.DateFlag(&to.UpdatesUntil), "updates-until", "")
	flags.BoolVar(&c.allUpdates, "all-updates", false, "")
	flags.StringVar(&to.MaxVersion, "max-version", "", "")
	flags.StringArrayVar(&to.Features, "feature", nil, "")
	flags.StringArrayVar(&c.noFeatures, "no-feature", nil, "")
	flags.Var(common.LimitFlag(to.Limits), "limit", "")
	flags.StringArrayVar(&c.noLimits, "no-limit", nil, "")
	return c.run
}

func (c *amendCommand) run(env *cli.Env, args []string) error {
	changes := []string{"email", "customer", "edition", "seats", "allowance", "unbound", "expires", "grace", "emergency-days",
		"updates-until", "all-updates", "max-version", "feature", "no-feature", "limit", "no-limit"}
	if !slices.ContainsFunc(changes, c.flags.Changed) {
		return cli.Usagef("nothing is to be changed").WithHint("say what with an option such as --seats 3")
	}
	if c.allUpdates && !c.to.UpdatesUntil.IsZero() {
		return cli.Usagef("--all-updates and --updates-until contradict each other")
	}
	return c.revise(env, args, "Amend", ledger.NewAmendment(c.change))
}

// change makes an entitlement what was asked for; made twice it makes the same.
func (c *amendCommand) change(e *ledger.Entitlement) error {
	set := map[string]func(){
		"email":          func() { e.Email = c.to.Email },
		"customer":       func() { e.Customer = c.to.Customer },
		"edition":        func() { e.Edition = c.to.Edition },
		"seats":          func() { e.Seats = c.to.Seats },
		"allowance":      func() { e.Allowance = c.to.Allowance },
		"unbound":        func() { e.Unbound = c.to.Unbound },
		"expires":        func() { e.Expires = c.to.Expires },
		"grace":          func() { e.GraceDays = c.to.GraceDays },
		"emergency-days": func() { e.EmergencyDays = c.to.EmergencyDays },
		"updates-until":  func() { e.UpdatesUntil = c.to.UpdatesUntil },
		"all-updates":    func() { e.UpdatesUntil = time.Time{} },
		"max-version":    func() { e.MaxVersion = c.to.MaxVersion },
	}
	for name, set := range set {
		if c.flags.Changed(name) {
			set()
		}
	}
	for _, name := range c.to.Features {
		if !slices.Contains(e.Features, name) {
			e.Features = append(e.Features, name)
		}
	}
	e.Features = slices.DeleteFunc(e.Features, func(name string) bool { return slices.Contains(c.noFeatures, name) })
	if e.Limits == nil {
		e.Limits = make(map[string]uint64)
	}
	for name, n := range c.to.Limits {
		e.Limits[name] = n
	}
	for _, name := range c.noLimits {
		delete(e.Limits, name)
	}
	return nil
}
