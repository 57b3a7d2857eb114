package setup

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

// moveLedger moves the ledger of a home to another place, or gives the move up.
func (c *initCommand) moveLedger(env *cli.Env) error {
	at, err := c.Open(env)
	if err != nil {
		return err
	}
	vendor, err := c.noKeys(at)
	if err != nil {
		return err
	}
	m := service.Relocation{Home: at, Vendor: vendor}
	if m.From, err = c.oldPlace(); err != nil {
		return err
	}
	if m.To, err = c.newPlace(env, at); err != nil {
		return err
	}
	ctx := context.Background()
	if service.IsDatabase(m.From) && service.IsDatabase(m.To) {
		if _, err := os.Stat(at.LedgerFile()); err == nil {
			if err := service.RefuseUsed(ctx, at); err != nil {
				return err
			}
		}
	}
	by, err := c.Operation(env)
	if err != nil {
		return err
	}
	if err := c.reviewMove(env, vendor, &m); err != nil {
		return err
	}
	bars := common.StepBars{Env: env}
	m.Progress = bars.Show
	if c.abort {
		err = m.Abort(ctx, by)
		bars.Done()
		if err != nil {
			return common.ReadError(err)
		}
		return (&moveReport{Version: 1, Outcome: "given up"}).print(env)
	}
	moved, err := m.Run(ctx, by)
	bars.Done()
	if err != nil {
		return common.ReadError(err)
	}
	report := moveReport{Version: 1, Outcome: "moved", Events: moved.Events, Licenses: moved.Licenses, Head: moved.Head}
	if moved.Already {
		report.Outcome = "was moved"
	}
	if err := report.print(env); err != nil {
		return err
	}
	next := "Every workstation names it with --ledger, or with LICENSOR_LEDGER in its environment."
	if !service.IsDatabase(m.To) {
		next, c.Ledger = "Commands without --ledger use it now; LICENSOR_LEDGER must not be set any more.", ""
	}
	fmt.Fprintf(env.Stderr, "%s\nNext: licensor list%s\n", next, c.FlagsText())
	return nil
}

// oldPlace returns where the ledger is that is to move. It is not printed: it may hold a
// password.
func (c *initCommand) oldPlace() (string, error) {
	if !service.IsDatabase(c.from) && !common.IsFile(c.from) {
		return "", cli.Usagef("--from names no file, and no address that starts with postgres://").
			WithHint("name the old ledger, such as V/ledger.db, or where its database is")
	}
	return c.from, nil
}

// newPlace returns where the ledger goes: a database, or the file in the home.
func (c *initCommand) newPlace(env *cli.Env, at home.Home) (string, error) {
	where := cmp.Or(c.Ledger, env.Getenv("LICENSOR_LEDGER"))
	switch {
	case service.IsDatabase(where):
		return where, nil
	case where == "" || samePath(where, at.LedgerFile()):
		return at.LedgerFile(), nil
	}
	return "", cli.Usagef("--ledger names neither a PostgreSQL database nor the ledger file of the home").
		WithHint("an address starts with postgres://, and the file is %s", cli.ShellPath(at.LedgerFile()))
}

func samePath(a, b string) bool {
	x, err := filepath.Abs(a)
	y, errY := filepath.Abs(b)
	return err == nil && errY == nil && x == y
}

// reviewMove shows what moves, and asks.
func (c *initCommand) reviewMove(env *cli.Env, vendor string, m *service.Relocation) error {
	t := cli.Table{Whole: true}
	t.Row("vendor", vendor)
	t.Row("home", m.Home.Dir)
	t.Row("from", placeName(m.From, "--from"))
	t.Row("to", placeName(m.To, "--ledger or LICENSOR_LEDGER"))
	if _, err := t.WriteTo(env.Stdout); err != nil {
		return err
	}
	if c.abort {
		return c.Agree(env, "Give the move up, and go on with the old ledger?", "not given up")
	}
	return c.Agree(env, "Move this ledger? The old one is only read from then on.", "not moved")
}

// placeName names a ledger without its address.
func placeName(where, option string) string {
	if service.IsDatabase(where) {
		return "the PostgreSQL database that " + option + " names"
	}
	return where
}

// moveReport is what init --from --json prints.
type moveReport struct {
	Version  int    `json:"version"`
	Outcome  string `json:"outcome"` // "moved", "was moved" before, or "given up"
	Events   int64  `json:"events,omitempty"`
	Licenses int64  `json:"licenses,omitempty"`
	Head     string `json:"head,omitempty"`
}

func (r *moveReport) print(env *cli.Env) error {
	t := cli.Table{Whole: true}
	t.Row("ledger", r.Outcome)
	if r.Head != "" {
		t.Row("events", fmt.Sprint(r.Events))
		t.Row("licenses", fmt.Sprint(r.Licenses))
		t.Row("head", r.Head)
	}
	_, err := t.WriteTo(env.Stdout)
	return cmp.Or(err, env.Answer(r))
}
