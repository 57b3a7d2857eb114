package key

import (
	"fmt"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/spf13/pflag"
)

// scopeOptions are the options that say what a key may sign. What is not given is not
// allowed.
type scopeOptions struct {
	products    []string
	types       []string
	maxTerm     uint64 // days
	maxSeats    uint64
	binding     string
	perpetual   bool
	revocations bool
	desk        bool // for the service: what is not given is as deskDefaults says
	flags       *pflag.FlagSet
}

func (o *scopeOptions) add(flags *pflag.FlagSet) {
	o.flags = flags
	flags.StringSliceVar(&o.products, "products", nil, "")
	flags.StringSliceVar(&o.types, "types", nil, "")
	common.AddDays(flags, &o.maxTerm, "max-term")
	// Every license is of an entitlement with one seat at least: a scope of none would
	// allow nothing at all.
	flags.Uint64Var(&o.maxSeats, "max-seats", 1, "")
	flags.StringVar(&o.binding, "binding", format.StrengthMachine.String(), "")
	cli.Choices(flags, "binding", common.Bindings()...)
	flags.BoolVar(&o.perpetual, "perpetual", false, "")
	flags.BoolVar(&o.revocations, "revocations", false, "")
	flags.BoolVar(&o.desk, "desk", false, "")
}

func (o *scopeOptions) scope() (format.Scope, error) {
	if o.revocations {
		for _, t := range service.ScopeTerms {
			if t.Option != "revocations" && o.flags.Changed(t.Option) {
				return format.Scope{}, cli.Usagef("--revocations and --%s contradict each other", t.Option).
					WithHint("a key signs licenses or revocation lists: make one of each")
			}
		}
		return format.Scope{Revocations: true}, nil
	}
	var err error
	s := format.Scope{MaxTerm: int64(o.maxTerm) * service.SecondsPerDay, MaxSeats: o.maxSeats, Perpetual: o.perpetual}
	if s.Weakest, err = format.ParseStrength(o.binding); err != nil {
		return format.Scope{}, cli.Usagef("unknown binding %s", cli.Quote(o.binding)).WithHint("--binding takes the weakest that is allowed: machine, operator, key or any")
	}
	if s.Products, err = o.list("products", o.products, "such as evoq,liquid", validProduct); err != nil {
		return format.Scope{}, err
	}
	if s.Types, err = o.list("types", o.types, "of "+strings.Join(format.Types(), ", "), validType); err != nil {
		return format.Scope{}, err
	}
	switch {
	case !o.flags.Changed("max-term"):
		return format.Scope{}, cli.Usagef("--max-term is missing").
			WithHint("the longest time from issue to the end of a license, grace included, such as 400d; what is not given is not allowed")
	case o.maxTerm == 0:
		return format.Scope{}, cli.Usagef("--max-term is 0, which allows no license with an end").WithHint("give a number of days, such as 400d")
	case o.maxSeats == 0:
		return format.Scope{}, cli.Usagef("--max-seats is 0, which allows no license at all").WithHint("the least is 1, which is also the default")
	}
	return s, nil
}

// deskDefaults fills in what a key of "licensor serve" is to sign: all products, the types that
// are sold and development, as many seats as are sold, for 400 days. Nobody sees what it signs
// before the customer does, so that a weaker binding, and what has no end, is asked for by name.
func (o *scopeOptions) deskDefaults(sold *service.ForSale) error {
	if o.revocations {
		return cli.Usagef("--revocations and --desk contradict each other").WithHint("a key signs licenses or revocation lists: make one of each")
	}
	defaults := map[string]string{"products": format.Any, "max-term": "400d"}
	if sold != nil {
		defaults["types"], defaults["max-seats"] = strings.Join(sold.Types(), ","), fmt.Sprint(sold.MaxSeats())
	} else if !o.flags.Changed("types") {
		return cli.Usagef("--types is missing, and no ledger here says which types are sold").WithHint("a list such as production,development; bridges of moves are of type development")
	}
	for name, value := range defaults {
		if !o.flags.Changed(name) {
			if err := o.flags.Set(name, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// list checks an allow-list, which is never empty: that would allow nothing, and
// everything is spelled out.
func (o *scopeOptions) list(name string, words []string, such string, valid func(string) error) ([]string, error) {
	if !o.flags.Changed(name) {
		return nil, cli.Usagef("--%s is missing", name).
			WithHint("a list %s, or '%s' for everything; what is not given is not allowed", such, format.Any)
	}
	var all []string
	for _, word := range words {
		word = strings.TrimSpace(word)
		if slices.Contains(all, word) && word != "" {
			return nil, cli.Usagef("--%s names %s twice", name, cli.Quote(word))
		}
		all = append(all, word)
	}
	switch {
	case len(all) == 0 || slices.Contains(all, ""):
		return nil, cli.Usagef("--%s has an empty name in it", name).WithHint("a list %s, or '%s' for everything", such, format.Any)
	case slices.Contains(all, format.Any) && len(all) > 1:
		return nil, cli.Usagef("--%s names everything (%s) and more", name, format.Any).WithHint("give '%s' alone, or the names alone", format.Any)
	}
	for _, word := range all {
		if word == format.Any {
			continue
		}
		if err := valid(word); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func validType(name string) error {
	if format.ValidType(name) != nil {
		return cli.Usagef("unknown license type %s", cli.Quote(name)).WithHint("--types takes '%s', or a list of %s", format.Any, strings.Join(format.Types(), ", "))
	}
	return nil
}

// validProduct refuses what no license could name. Nobody here knows which products
// there are.
func validProduct(name string) error {
	q := format.Request{Product: name, Invoice: "ANY", Type: format.Types()[0], Key: make([]byte, keys.PublicKeySize)}
	if _, err := q.Marshal(); err != nil {
		hint := "a product's name is 1 to 32 of a-z, 0-9, -, _ and ."
		if lower := strings.ToLower(name); lower != name {
			hint = fmt.Sprintf("names of products are in lower case: %s", cli.Clean(lower))
		}
		return cli.Usagef("%s names no product", cli.Quote(name)).WithHint("%s", hint)
	}
	return nil
}
