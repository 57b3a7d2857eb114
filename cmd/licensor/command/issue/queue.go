package issue

import (
	"context"
	"fmt"
	"slices"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/spf13/pflag"
)

// queueCommand works on the requests that the service has left to the staff.
type queueCommand struct {
	signCommand
	say   string // what the customer is told
	state string
}

func queue(flags *pflag.FlagSet) cli.Run {
	var c queueCommand
	c.AddOne(flags)
	flags.StringVar(&c.say, "say", "", "")
	flags.StringVar(&c.state, "state", string(desk.Waits), "")
	cli.Choices(flags, "state", string(desk.Waits), string(desk.Signed), string(desk.Refused))
	return c.run
}

func (c *queueCommand) run(env *cli.Env, args []string) error {
	what := ""
	if len(args) > 0 {
		what, args = args[0], args[1:]
	}
	if c.say != "" && what != "refuse" {
		return cli.Usagef("--say is for queue refuse")
	}
	switch {
	case what == "list" && len(args) == 0:
		return c.list(env)
	case what == "show" && len(args) == 1:
		return c.with(env, args[0], func(_ context.Context, _ *desk.Desk, w *desk.Waiting) error { return showWaiting(env, w) })
	case what == "sign" && len(args) == 1:
		return c.with(env, args[0], func(ctx context.Context, d *desk.Desk, w *desk.Waiting) error { return c.sign(ctx, env, d, w) })
	case what == "refuse" && len(args) == 1:
		return c.with(env, args[0], func(ctx context.Context, d *desk.Desk, w *desk.Waiting) error { return c.refuse(ctx, env, d, w) })
	}
	return cli.Usagef("want queue list, or queue show, sign or refuse with one number").WithHint("licensor queue list has the numbers")
}

func (c *queueCommand) list(env *cli.Env) error {
	state := desk.State(c.state)
	if !slices.Contains([]desk.State{desk.Waits, desk.Signed, desk.Refused}, state) {
		return cli.Usagef("option --state does not take %s", cli.Quote(c.state)).WithHint("want waiting, signed or refused")
	}
	return c.WithDesk(env, func(ctx context.Context, d *desk.Desk) error {
		var t cli.Table
		t.Row("NUMBER", "INVOICE", "TYPE", "CODE", "HOST", "SINCE", "WHY")
		n := 0
		for behind := (*desk.Waiting)(nil); ; {
			page, err := d.List(ctx, state, behind)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			for _, w := range page {
				n++
				q := desk.ViewOf(w)
				t.Row(w.Number, w.Invoice, q.Type, q.Code, q.Host, text.Minute(w.Asked), w.Word)
				if err := env.AnswerLine(q); err != nil {
					return err
				}
				behind = w
			}
		}
		if n == 0 {
			fmt.Fprintf(env.Stderr, "No request is %s.\n", state)
			return nil
		}
		_, err := t.WriteTo(env.Stdout)
		return err
	})
}

// with opens the desk and finds the request of a number.
func (c *queueCommand) with(env *cli.Env, number string, f func(context.Context, *desk.Desk, *desk.Waiting) error) error {
	return c.WithDesk(env, func(ctx context.Context, d *desk.Desk) error {
		w, err := d.Numbered(ctx, number)
		if err != nil {
			return err
		}
		return f(ctx, d, w)
	})
}

func showWaiting(env *cli.Env, w *desk.Waiting) error {
	q := desk.ViewOf(w)
	t := cli.Table{Whole: true}
	t.Row("number", w.Number)
	t.Row("state", string(w.State))
	t.Row("invoice", w.Invoice)
	t.Row("code", q.Code)
	t.Row("type", q.Type)
	t.Row("site", q.Site)
	t.Row("host", q.Host)
	t.Row("since", text.Minute(w.Asked))
	t.Row("why", w.Word+": "+w.Why)
	if w.By != "" {
		t.Row(string(w.State)+" by", w.By+", "+text.Minute(w.At))
		t.Row("told", w.Said)
	}
	if _, err := t.WriteTo(env.Stdout); err != nil {
		return err
	}
	return env.Answer(q)
}

// sign goes the ordinary way of what came as a file, a request or a release. What was given out
// before the queue learned of it is given out again, and settles it all the same.
func (c *queueCommand) sign(ctx context.Context, env *cli.Env, d *desk.Desk, w *desk.Waiting) error {
	if err := c.CheckReason(""); err != nil {
		return err
	}
	if w.State == desk.Refused {
		fmt.Fprintf(env.Stderr, "Request %s was refused by %s: %s\n", w.Number, cli.Clean(w.By), cli.Clean(w.Said))
	}
	if kind, _, err := format.DecodeText([]byte(w.Request)); err == nil && kind == format.Release {
		return recordRelease(env, &c.Issuing, []byte(w.Request), func() error { return c.settle(ctx, env, d, w) })
	}
	request, err := verify.OpenRequest([]byte(w.Request))
	if err != nil {
		return err
	}
	return c.signOne(env, request, func(ctx context.Context, s *service.Service, license *ledger.License, again bool) error {
		if err := c.settle(ctx, env, d, w); err != nil {
			return err
		}
		if c.Flags.Changed("out") {
			return c.deliver(ctx, env, s, license, again)
		}
		// Who asked gets it from the service.
		fmt.Fprintf(env.Stderr, "Signed: license %s. It is there when the same request is posted again.\n", license.ID)
		return env.Answer(desk.ViewOf(w))
	})
}

// settle notes that what waited is signed, unless that is noted already.
func (c *queueCommand) settle(ctx context.Context, env *cli.Env, d *desk.Desk, w *desk.Waiting) error {
	by, err := c.Operation(env)
	if err != nil {
		return err
	}
	return d.SettleSigned(ctx, w, by.Operator, by.Now)
}

// refuse tells the customer no, when the same request is posted again.
func (c *queueCommand) refuse(ctx context.Context, env *cli.Env, d *desk.Desk, w *desk.Waiting) error {
	if c.say == "" {
		return cli.Usagef("--say is missing").WithHint("say in one sentence what the customer reads, such as what to do instead")
	}
	by, err := c.Agreed(env, fmt.Sprintf("Refuse request %s of invoice %s?", w.Number, cli.Clean(w.Invoice)), "not refused")
	if err != nil {
		return err
	}
	if err := d.Settle(ctx, w.Number, desk.Refused, c.say, by.Operator, by.Now); err != nil {
		return err
	}
	fmt.Fprintf(env.Stderr, "Request %s is refused; whoever posts it again reads: %s\n", w.Number, cli.Clean(c.say))
	w.State, w.Said, w.By, w.At = desk.Refused, c.say, by.Operator, by.Now
	return env.Answer(desk.ViewOf(w))
}
