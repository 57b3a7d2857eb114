package command

import (
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/spf13/pflag"
)

//go:embed usage/failover.txt
var failoverUsage string

type failoverFlags struct {
	tool

	state, roots, why string
	components        componentFlags
	json              bool
}

func (t tool) failoverCommand() cli.Command {
	return cli.Command{
		Name: "failover", Summary: "declare or end an emergency, for a failover license", Usage: failoverUsage,
		Setup: func(flags *pflag.FlagSet) cli.Run {
			f := &failoverFlags{tool: t}
			flags.StringVar(&f.state, "state", "", "")
			flags.StringVar(&f.roots, "roots", "", "")
			flags.StringVar(&f.why, "why", "", "")
			f.components.add(flags)
			flags.BoolVar(&f.json, "json", false, "")
			return f.run
		},
	}
}

func (f *failoverFlags) run(env *cli.Env, args []string) error {
	if len(args) != 1 {
		return cli.Usagef("failover needs a subcommand: start, stop or status")
	}
	run, known := map[string]func(*cli.Env, *site.State) (*site.Failover, error){
		"start": f.start, "stop": f.stop, "status": f.status,
	}[args[0]]
	switch {
	case !known:
		return cli.Usagef("unknown subcommand %s", cli.Quote(args[0])).WithHint("one of start, stop, status")
	case args[0] != "start" && (f.why != "" || f.roots != "" || f.components.given()):
		return cli.Usagef("--why, --roots, --component and --component-file are options of failover start, not of %s", args[0])
	}
	state, err := requireState(env, f.state)
	if err != nil {
		return err
	}
	failover, err := run(env, state)
	if err != nil {
		return notDeclared(err)
	}
	if f.json {
		return env.Answer(viewFailover(failover))
	}
	return nil
}

func (f *failoverFlags) start(env *cli.Env, state *site.State) (*site.Failover, error) {
	if f.why == "" {
		return nil, cli.Usagef("--why is missing").WithHint("say in a few words what has happened; it is kept with the declaration")
	}
	components, err := f.components.read(env)
	if err != nil {
		return nil, err
	}
	verifier, err := f.loadRoots(env, f.roots)
	if err != nil {
		return nil, err
	}
	now, err := env.Time()
	if err != nil {
		return nil, err
	}
	failover, err := state.StartFailover(site.FailoverOptions{Why: f.why, Verifier: verifier, Components: components, Now: now, Getenv: env.Getenv})
	if err != nil {
		return nil, err
	}
	if failover.Already {
		env.Warnf("an emergency was already declared on %s and goes on", text.Minute(failover.Since))
	}
	if !f.json {
		fmt.Fprintf(env.Stdout, "emergency: %s; the failover license runs\n", declared(failover))
		failoverTable(failover).WriteTo(env.Stdout)
		fmt.Fprintf(env.Stdout, "next: when it is over\n    offlicense failover stop --state %s\n", typed(state.Dir()))
	}
	return failover, nil
}

func (f *failoverFlags) stop(env *cli.Env, state *site.State) (*site.Failover, error) {
	failover, err := state.StopFailover(site.FailoverOptions{Now: env.Now(), Getenv: env.Getenv})
	if err != nil {
		return nil, err
	}
	ended := *failover
	ended.Declared, ended.Since, ended.Why = false, time.Time{}, ""
	if f.json {
		return &ended, nil
	}
	if failover.Declared {
		fmt.Fprintf(env.Stdout, "ended: %s; the license is on standby\n", declared(failover))
	} else {
		fmt.Fprintln(env.Stdout, "ended: no emergency was declared")
	}
	if failover.Activation != "" {
		failoverTable(failover).WriteTo(env.Stdout)
	}
	return &ended, nil
}

func (f *failoverFlags) status(env *cli.Env, state *site.State) (*site.Failover, error) {
	failover, err := state.Failover(site.FailoverOptions{Now: env.Now(), Getenv: env.Getenv})
	if err != nil || f.json {
		return failover, err
	}
	switch {
	case !failover.Declared:
		fmt.Fprintln(env.Stdout, "standby: no emergency is declared")
	case failover.UsedUp:
		fmt.Fprintf(env.Stdout, "standby: %s; its days are used up\n", declared(failover))
	default:
		fmt.Fprintf(env.Stdout, "emergency: %s\n", declared(failover))
	}
	failoverTable(failover).WriteTo(env.Stdout)
	return failover, nil
}

func declared(f *site.Failover) string {
	return fmt.Sprintf("declared on %s: %s", text.Minute(f.Since), cli.Clean(f.Why))
}

func failoverTable(f *site.Failover) *cli.Table {
	var t cli.Table
	t.Row("  activation", f.Activation)
	t.Row("  days used", daysUsed(f))
	return &t
}

func daysUsed(f *site.Failover) string {
	if f.DaysGranted == 0 {
		return fmt.Sprintf("%d, not limited", f.DaysUsed)
	}
	return fmt.Sprintf("%d of %d", f.DaysUsed, f.DaysGranted)
}

// failoverView is the status of a failover license, as JSON.
type failoverView struct {
	Version     int       `json:"version"`
	Activation  string    `json:"activation,omitempty"`
	Declared    bool      `json:"declared"`
	Since       time.Time `json:"since,omitzero"`
	Why         string    `json:"why,omitempty"`
	DaysUsed    uint64    `json:"days_used"`
	DaysGranted uint64    `json:"days_granted,omitempty"` // missing: not limited
	UsedUp      bool      `json:"used_up"`
}

func viewFailover(f *site.Failover) failoverView {
	return failoverView{1, f.Activation, f.Declared, f.Since, f.Why, f.DaysUsed, f.DaysGranted, f.UsedUp}
}

func notDeclared(err error) error {
	var refusal *verify.Refusal
	var field *site.FieldError
	switch {
	case errors.As(err, &refusal):
		return refused("failover", refusal)
	case errors.Is(err, site.ErrNotFailover):
		return cli.Fail(err).WithHint("declare it on the server with the failover license, or check the path of the state directory")
	case errors.As(err, &field):
		return cli.Usagef("%w", field).WithHint("--why takes 1 to 128 bytes of text")
	}
	return stateError(err)
}
