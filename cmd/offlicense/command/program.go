package command

import (
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/verify/machine"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/offlicense/offlicense/verify/site/counter"
	"github.com/spf13/pflag"
)

// programFlags are what a program would say of itself.
type programFlags struct {
	product, edition, version, built string
	use                              []string
	components                       componentFlags
}

func (f *programFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.product, "product", "", "")
	flags.StringVar(&f.edition, "edition", "", "")
	flags.StringVar(&f.version, "product-version", "", "")
	flags.StringVar(&f.built, "built", "", "")
	flags.StringArrayVar(&f.use, "use", nil, "")
	f.components.add(flags)
}

// program is what is judged. here says that it is this machine that it runs on.
func (f *programFlags) program(env *cli.Env, here bool) (site.Program, error) {
	p := site.Program{Getenv: env.Getenv, Product: f.product, Edition: f.edition, Version: f.version}
	var err error
	if p.Built, err = parseBuilt(f.built); err != nil {
		return p, err
	}
	if p.Use, err = parseUse(env, f.use, here); err != nil {
		return p, err
	}
	p.Components, err = f.components.read(env)
	return p, err
}

func parseBuilt(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range [...]string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, cli.Usagef("--built does not take %s", cli.Quote(text)).
		WithHint("a date such as 2026-06-01, or a time such as 2026-06-01T12:00:00Z")
}

// countable is the limit that the tool can count itself.
const countable = "cores"

// usersIn counts the concurrent users in a directory of package counter.
func usersIn(env *cli.Env, dir string) (uint64, error) {
	c, err := counter.New(counter.Options{Dir: dir, Random: env.Rand})
	if err != nil {
		return 0, cli.Usagef("--use NAME=@DIR needs the directory of concurrent users")
	}
	n, err := c.InUse(env.Now())
	if err != nil {
		return 0, cli.Failf("the users in %s cannot be counted: %w", cli.Quote(dir), err).WithHint("name the directory of the product's concurrent users, such as /run/evoq/users")
	}
	return n, nil
}

// parseUse reads what is in use. here says that it is this machine that is judged.
func parseUse(env *cli.Env, items []string, here bool) (map[string]uint64, error) {
	use := make(map[string]uint64, len(items))
	for _, item := range items {
		name, number, given := strings.Cut(item, "=")
		n, err := strconv.ParseUint(number, 10, 63)
		if name == countable && (!given || number == "auto") {
			if !here {
				return nil, cli.Usagef("--use %s counts this machine, and --any-machine compares with none", cli.Clean(item)).
					WithHint("give the number: --use cores=12")
			}
			n, err = machine.Cores(), nil
		}
		if dir, counted := strings.CutPrefix(number, "@"); counted && here && name != "" {
			if n, err = usersIn(env, dir); err != nil {
				return nil, err
			}
		}
		if _, twice := use[name]; err != nil || name == "" || twice {
			return nil, cli.Usagef("--use does not take %s", cli.Quote(item)).
				WithHint("give each limit once, as NAME=NUMBER, such as users=12, users=@/run/evoq/users or cores=auto")
		}
		use[name] = n
	}
	return use, nil
}
