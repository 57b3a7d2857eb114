package sale

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// productCommand is what is done with the products that are sold.
type productCommand struct {
	common.Options
	example string
	print   bool
}

func product(flags *pflag.FlagSet) cli.Run {
	var c productCommand
	c.AddChange(flags)
	c.AddYes(flags)
	flags.StringVar(&c.example, "example", "", "")
	cli.Choices(flags, "example", service.Examples...)
	flags.BoolVar(&c.print, "print", false, "")
	return func(env *cli.Env, args []string) error {
		words := []string{"add", "show", "list", "amend"}
		if len(args) == 0 {
			return cli.Usagef("product needs a subcommand: %s", strings.Join(words, ", "))
		}
		word, args := args[0], args[1:]
		if (c.example != "" || c.print) && word != "add" {
			return cli.Usagef("--example and --print are for product add")
		}
		switch word {
		case "add", "amend":
			return c.set(env, args, word == "amend")
		case "show":
			return c.show(env, args)
		case "list":
			return c.list(env, args)
		}
		return cli.Usagef("product does not know %s", cli.Quote(word)).WithHint("one of %s", strings.Join(words, ", "))
	}
}

// productAnswer is what product add, amend and show print with --json.
type productAnswer struct {
	Version int             `json:"version"`
	Changed bool            `json:"changed,omitempty"`
	Product *ledger.Product `json:"product"`
	Text    string          `json:"text"` // its file
}

// productsAnswer is what product list --json prints.
type productsAnswer struct {
	Version  int               `json:"version"`
	Products []*ledger.Product `json:"products"`
}

// set adds a product, or amends one.
func (c *productCommand) set(env *cli.Env, args []string, amends bool) error {
	text, err := c.read(env, args)
	if err != nil {
		return err
	}
	if c.print {
		_, err := env.Stdout.Write(text)
		return err
	}
	p, err := service.ParseProduct(text)
	if err != nil {
		return err
	}
	by, err := c.Operation(env)
	if err != nil {
		return err
	}
	return c.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		if amends {
			before, err := s.Product(ctx, p.Name)
			if err != nil {
				return err
			}
			after, err := p.Normal(s.Vendor(), by.Now)
			if err != nil {
				return err
			}
			if _, err := common.ProductChanges(before, after).WriteTo(env.Stdout); err != nil {
				return err
			}
			if err := c.Agree(env, "Amend the product? What was sold stays what it was.", "not changed"); err != nil {
				return err
			}
		}
		changed, err := s.SetProduct(ctx, by, p, amends)
		if err != nil {
			return err
		}
		recorded, err := s.Product(ctx, p.Name)
		if err != nil {
			return err
		}
		if !changed {
			env.Warnf("nothing is different from what is on record")
		} else if _, err := common.ProductTable(recorded).WriteTo(env.Stdout); err != nil {
			return err
		}
		if changed && !amends {
			fmt.Fprintf(env.Stderr, "Recorded. Sell it: licensor entitle --product %s --edition EDITION --invoice NUMBER --email ADDRESS --customer NAME\n", cli.Clean(cli.ShellWord(p.Name)))
		}
		return answerProduct(env, recorded, changed)
	})
}

// read returns the file of a product.
func (c *productCommand) read(env *cli.Env, args []string) ([]byte, error) {
	if c.example != "" {
		if err := common.NoArguments(args); err != nil {
			return nil, err
		}
		return service.ExampleProduct(c.example)
	}
	if c.print {
		return nil, cli.Usagef("--print is for --example").WithHint(`"licensor product show NAME" prints what is on record`)
	}
	file, err := common.OneFile(args, "one with a product")
	if err != nil {
		return nil, err
	}
	return env.ReadFile(file, service.MaxProductFile)
}

func answerProduct(env *cli.Env, p *ledger.Product, changed bool) error {
	text, err := service.FormatProduct(p)
	if err != nil {
		return err
	}
	return env.Answer(productAnswer{1, changed, p, string(text)})
}

// show prints the file of a product.
func (c *productCommand) show(env *cli.Env, args []string) error {
	if len(args) != 1 {
		return cli.Usagef("got %d names, want that of one product", len(args))
	}
	return c.WithService(env, service.ToRead, func(ctx context.Context, s *service.Service) error {
		p, err := s.Product(ctx, args[0])
		if err != nil {
			return err
		}
		if env.JSON() {
			return answerProduct(env, p, false)
		}
		text, err := service.FormatProduct(p)
		if err != nil {
			return err
		}
		_, err = env.Stdout.Write(text)
		return err
	})
}

// list shows all products, an edition a line.
func (c *productCommand) list(env *cli.Env, args []string) error {
	if err := common.NoArguments(args); err != nil {
		return err
	}
	return c.WithService(env, service.ToRead, func(ctx context.Context, s *service.Service) error {
		products, err := s.Products(ctx)
		if err != nil {
			return err
		}
		if env.JSON() {
			return env.Answer(productsAnswer{1, slices.Concat([]*ledger.Product{}, products)})
		}
		if len(products) == 0 {
			fmt.Fprintln(env.Stderr, `There are no products, and names are not checked: "licensor product add --example cms" shows how it is.`)
			return nil
		}
		_, err = common.ProductTable(products...).WriteTo(env.Stdout)
		return err
	})
}
