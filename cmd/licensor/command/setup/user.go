package setup

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
)

// userAnswer is what add and disable print with --json.
type userAnswer struct {
	Version int `json:"version"`
	*desk.User
}

func (c *deskCommand) addUser(env *cli.Env, name string) error {
	by, err := c.Operation(env)
	if err != nil {
		return err
	}
	return c.WithDesk(env, func(ctx context.Context, d *desk.Desk) error {
		was, err := d.AddUser(ctx, desk.User{Name: name, Rights: c.named(), Changed: by.Now, By: by.Operator})
		if err != nil {
			return err
		}
		now, err := d.User(ctx, name)
		if err != nil {
			return err
		}
		switch {
		case was == nil:
			fmt.Fprintf(env.Stderr, "%s may %s. To sign in: licensor desk login%s --operator %s\n", name, words(now.Rights), c.FlagsText(), name)
		case was.Disabled:
			fmt.Fprintf(env.Stderr, "%s was disabled, and may %s now.\n", name, words(now.Rights))
		default:
			fmt.Fprintf(env.Stderr, "%s may %s now, and could %s before.\n", name, words(now.Rights), words(was.Rights))
		}
		if !now.May(desk.Read) {
			env.Warnf("without the right read no list and no page of a sale opens to %s", name)
		}
		return env.Answer(userAnswer{1, now})
	})
}

func (c *deskCommand) listUsers(env *cli.Env, _ string) error {
	return c.WithDesk(env, func(ctx context.Context, d *desk.Desk) error {
		users, err := d.Users(ctx)
		if err != nil {
			return err
		}
		var t cli.Table
		t.Row("NAME", "RIGHTS", "CHANGED", "BY")
		for _, u := range users {
			rights := words(u.Rights)
			if u.Disabled {
				rights = "disabled"
			}
			t.Row(u.Name, rights, u.Changed.Format(time.DateOnly), u.By)
			if err := env.AnswerLine(u); err != nil {
				return err
			}
		}
		if len(users) == 0 {
			fmt.Fprintln(env.Stderr, "There are no users; licensor desk user add NAME --right read,sell adds one.")
			return nil
		}
		_, err = t.WriteTo(env.Stdout)
		return err
	})
}

func (c *deskCommand) disableUser(env *cli.Env, name string) error {
	by, err := c.Operation(env)
	if err != nil {
		return err
	}
	return c.WithDesk(env, func(ctx context.Context, d *desk.Desk) error {
		if err := d.DisableUser(ctx, name, by.Operator, by.Now); err != nil {
			return err
		}
		now, err := d.User(ctx, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.Stderr, "%s is signed out, and signs in no more. What they did stays on record under that name.\n", name)
		return env.Answer(userAnswer{1, now})
	})
}

// loginAnswer is what login prints with --json.
type loginAnswer struct {
	Version int       `json:"version"`
	Name    string    `json:"name"`
	URL     string    `json:"url"`
	Until   time.Time `json:"until"`
}

// login prints a link that signs in once.
func (c *deskCommand) login(env *cli.Env, _ string) error {
	by, err := c.Operation(env)
	if err != nil {
		return err
	}
	return c.WithDesk(env, func(ctx context.Context, d *desk.Desk) error {
		origin, err := c.at(ctx, d)
		if err != nil {
			return err
		}
		secret, err := d.MakeLink(ctx, by.Operator, by.Now, env.Rand)
		if err != nil {
			return err
		}
		answer := loginAnswer{1, by.Operator, origin.JoinPath("sign-in", secret).String(), by.Now.Add(desk.LinkTime).UTC().Truncate(time.Second)}
		fmt.Fprintf(env.Stderr, "Open this within %d minutes to sign in as %s. It works once: give it to nobody else.\n", desk.LinkTime/time.Minute, by.Operator)
		if !env.JSON() {
			fmt.Fprintln(env.Stdout, answer.URL)
		}
		if !answers(origin) {
			env.Warnf("nothing answers at %s now: licensor serve has to run when the link is opened", origin.Host)
		}
		return env.Answer(answer)
	})
}

// at is where the staff's site is reached: as it was said, or as the service that was started last has it.
func (c *deskCommand) at(ctx context.Context, d *desk.Desk) (*url.URL, error) {
	if c.origin != "" {
		return common.Origin("origin", c.origin)
	}
	kept, err := d.Origin(ctx)
	if err != nil {
		return nil, err
	}
	if kept == "" {
		return nil, cli.Failf("no service was started here").WithHint("start licensor serve, and do this again; or give --origin with its address")
	}
	return common.Origin("origin", kept)
}

const answerTime = time.Second

// answers reports whether a program listens there.
func answers(origin *url.URL) bool {
	at := origin.Host
	if origin.Port() == "" {
		at = net.JoinHostPort(origin.Hostname(), origin.Scheme) // its name is the port's
	}
	conn, err := net.DialTimeout("tcp", at, answerTime)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
