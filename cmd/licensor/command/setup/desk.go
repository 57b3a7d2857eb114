package setup

import (
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/spf13/pflag"
)

// deskCommand says who may use the service: people with a browser, and programs with a token.
type deskCommand struct {
	common.Options
	rights []string
	origin string
}

func setupDesk(flags *pflag.FlagSet) cli.Run {
	var c deskCommand
	c.AddLedger(flags)
	c.AddOperator(flags)
	common.AddJSON(flags)
	flags.StringSliceVar(&c.rights, "right", nil, "")
	cli.Choices(flags, "right", "read", "sell", "sign", "revoke")
	flags.StringVar(&c.origin, "origin", "", "")
	return c.run
}

// deskVerbs are the commands, with how many names are behind each.
var deskVerbs = map[string]struct {
	names int
	run   func(c *deskCommand, env *cli.Env, name string) error
}{
	"login":        {0, (*deskCommand).login},
	"user add":     {1, (*deskCommand).addUser},
	"user list":    {0, (*deskCommand).listUsers},
	"user disable": {1, (*deskCommand).disableUser},
	"token add":    {1, (*deskCommand).addToken},
	"token list":   {0, (*deskCommand).listTokens},
	"token remove": {1, (*deskCommand).removeToken},
}

func (c *deskCommand) run(env *cli.Env, args []string) error {
	verb, args := strings.Join(args[:min(len(args), 2)], " "), args[min(len(args), 2):]
	if rest, login := strings.CutPrefix(verb, "login "); login {
		return cli.Usagef("unexpected argument %s", cli.Quote(rest)).WithHint("name who signs in with --operator, such as licensor desk login --operator anna")
	}
	known, ok := deskVerbs[verb]
	switch {
	case !ok:
		return cli.Usagef("want desk login, desk user add, list or disable, or desk token add, list or remove").WithHint("licensor desk user list has the users that there are")
	case len(args) != known.names:
		want := verb
		if known.names > 0 {
			want += " NAME"
		}
		return cli.Usagef("want desk %s", want)
	case len(c.rights) > 0 && !strings.HasSuffix(verb, " add"):
		return cli.Usagef("--right is for desk user add and desk token add")
	case c.origin != "" && verb != "login":
		return cli.Usagef("--origin is for desk login")
	}
	return known.run(c, env, strings.Join(args, ""))
}

// named returns the rights that were typed.
func (c *deskCommand) named() []desk.Right {
	rights := make([]desk.Right, len(c.rights))
	for i, r := range c.rights {
		rights[i] = desk.Right(r)
	}
	return rights
}

func words(rights []desk.Right) string {
	texts := make([]string, len(rights))
	for i, r := range rights {
		texts[i] = string(r)
	}
	return strings.Join(texts, ", ")
}
