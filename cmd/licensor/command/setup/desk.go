package setup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/spf13/pflag"
)

// deskCommand gives programs of the vendor's their tokens.
func deskCommand(flags *pflag.FlagSet) cli.Run {
	var o common.Options
	o.AddLedger(flags)
	o.AddOperator(flags)
	common.AddJSON(flags)
	rights := flags.StringSlice("right", nil, "")
	cli.Choices(flags, "right", "read", "sell", "sign", "revoke")
	return func(env *cli.Env, args []string) error {
		if len(args) < 2 || args[0] != "token" {
			return cli.Usagef("want desk token add, list or remove").WithHint("licensor desk token list has the tokens that there are")
		}
		if len(*rights) > 0 && args[1] != "add" {
			return cli.Usagef("--right is for desk token add")
		}
		switch {
		case args[1] == "add" && len(args) == 3:
			return addToken(env, &o, args[2], *rights)
		case args[1] == "list" && len(args) == 2:
			return listTokens(env, &o)
		case args[1] == "remove" && len(args) == 3:
			return o.WithDesk(env, func(ctx context.Context, d *desk.Desk) error {
				if err := d.RemoveToken(ctx, args[2]); err != nil {
					return err
				}
				fmt.Fprintf(env.Stderr, "The token %s is good for nothing now.\n", args[2])
				return env.Answer(tokenAnswer{Version: 1, Token: &desk.Token{Name: args[2]}})
			})
		}
		return cli.Usagef("want desk token add NAME, list, or remove NAME")
	}
}

// tokenAnswer is what add prints with --json.
type tokenAnswer struct {
	Version int `json:"version"`
	*desk.Token
	Text string `json:"text,omitempty"`
}

func addToken(env *cli.Env, o *common.Options, name string, rights []string) error {
	by, err := o.Operation(env)
	if err != nil {
		return err
	}
	token := desk.Token{Name: name, Made: by.Now.UTC().Truncate(time.Second), By: by.Operator}
	for _, r := range rights {
		token.Rights = append(token.Rights, desk.Right(r))
	}
	return o.WithDesk(env, func(ctx context.Context, d *desk.Desk) error {
		text, err := d.AddToken(ctx, token, env.Rand)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.Stderr, "The token of %s, which nobody gets again: keep it as you keep a password.\n", name)
		if !env.JSON() {
			fmt.Fprintln(env.Stdout, text)
		}
		return env.Answer(tokenAnswer{1, &token, text})
	})
}

func listTokens(env *cli.Env, o *common.Options) error {
	return o.WithDesk(env, func(ctx context.Context, d *desk.Desk) error {
		tokens, err := d.Tokens(ctx)
		if err != nil {
			return err
		}
		var t cli.Table
		t.Row("NAME", "RIGHTS", "MADE", "BY")
		for _, token := range tokens {
			words := make([]string, len(token.Rights))
			for i, r := range token.Rights {
				words[i] = string(r)
			}
			t.Row(token.Name, strings.Join(words, ", "), token.Made.Format(time.DateOnly), token.By)
			if err := env.AnswerLine(token); err != nil {
				return err
			}
		}
		if len(tokens) == 0 {
			fmt.Fprintln(env.Stderr, "There are no tokens.")
			return nil
		}
		_, err = t.WriteTo(env.Stdout)
		return err
	})
}
