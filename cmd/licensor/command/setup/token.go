package setup

import (
	"context"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
)

// tokenAnswer is what add prints with --json.
type tokenAnswer struct {
	Version int `json:"version"`
	*desk.Token
	Text string `json:"text,omitempty"`
}

func (c *deskCommand) addToken(env *cli.Env, name string) error {
	by, err := c.Operation(env)
	if err != nil {
		return err
	}
	token := desk.Token{Name: name, Rights: c.named(), Made: by.Now.UTC().Truncate(time.Second), By: by.Operator}
	return c.WithDesk(env, func(ctx context.Context, d *desk.Desk) error {
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

func (c *deskCommand) listTokens(env *cli.Env, _ string) error {
	return c.WithDesk(env, func(ctx context.Context, d *desk.Desk) error {
		tokens, err := d.Tokens(ctx)
		if err != nil {
			return err
		}
		var t cli.Table
		t.Row("NAME", "RIGHTS", "MADE", "BY")
		for _, token := range tokens {
			t.Row(token.Name, words(token.Rights), token.Made.Format(time.DateOnly), token.By)
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

func (c *deskCommand) removeToken(env *cli.Env, name string) error {
	return c.WithDesk(env, func(ctx context.Context, d *desk.Desk) error {
		if err := d.RemoveToken(ctx, name); err != nil {
			return err
		}
		fmt.Fprintf(env.Stderr, "The token %s no longer works.\n", name)
		return env.Answer(tokenAnswer{Version: 1, Token: &desk.Token{Name: name}})
	})
}
