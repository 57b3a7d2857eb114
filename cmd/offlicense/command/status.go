package command

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/spf13/pflag"
)

//go:embed usage/status.txt
var statusUsage string

type statusFlags struct {
	tool
	programFlags

	state, roots, format, out string
	warning, critical         int
}

func (t tool) statusCommand() cli.Command {
	return cli.Command{
		Name: "status", Summary: "tell people or a monitoring system how the license stands", Usage: statusUsage, Unparsed: unparsedStatus,
		Setup: func(flags *pflag.FlagSet) cli.Run {
			f := &statusFlags{tool: t}
			flags.StringVar(&f.state, "state", "", "")
			flags.StringVar(&f.roots, "roots", "", "")
			f.programFlags.add(flags)
			flags.StringVar(&f.format, "format", "text", "")
			cli.Choices(flags, "format", "text", "json", "prometheus", "nagios")
			flags.StringVar(&f.out, "out", "-", "")
			flags.IntVar(&f.warning, "warning", 30, "")
			flags.IntVar(&f.critical, "critical", 7, "")
			return f.run
		},
	}
}

// status is what is known of a site at one time. Each format is made of it alone.
type status struct {
	answer
	State   string    `json:"state"`
	Checked time.Time `json:"checked"`
	// DaysLeft is how many days there are until the license ends, the one that has begun counted
	// whole; 0 in its grace; missing: it does not end, or does not hold.
	DaysLeft *int          `json:"days_left,omitempty"`
	Failover *failoverView `json:"failover,omitempty"` // of a failover license

	use map[string]uint64
}

func (f *statusFlags) run(env *cli.Env, args []string) error {
	if f.format == "nagios" {
		return f.plugin(env, args)
	}
	s, err := f.status(env, args)
	if err != nil {
		return err
	}
	switch f.format {
	case "json":
		var data []byte
		if data, err = cli.JSONFile(s); err == nil {
			err = env.WriteFile(f.out, data, 0o644)
		}
	case "prometheus":
		err = env.WriteFile(f.out, s.prometheus(), 0o644)
	default:
		s.print(env)
	}
	switch {
	case err != nil:
		return err
	case s.Error != "":
		return cli.Failf("%s", s.Error).WithHint("%s", s.Hint)
	case !s.Valid && s.Reason != verify.Standby:
		return cli.ErrNotValid
	}
	return nil
}

// status finds out how the site stands. An error is about how the command was called: what
// could not be checked is a part of the status.
func (f *statusFlags) status(env *cli.Env, args []string) (*status, error) {
	switch f.format {
	case "text", "json", "prometheus", "nagios":
	default:
		return nil, cli.Usagef("option --format does not take %s", cli.Quote(f.format)).WithHint("want text, json, prometheus or nagios")
	}
	switch {
	case len(args) > 0:
		return nil, cli.Usagef("status takes no files").WithHint("check license files with \"offlicense verify\"")
	case f.out != "-" && f.format != "json" && f.format != "prometheus":
		return nil, cli.Usagef("--out is for --format json and prometheus")
	case f.warning < f.critical || f.critical < 0:
		return nil, cli.Usagef("--warning and --critical are days, and --warning is not fewer")
	}
	state, err := site.At(""), error(nil)
	if stateDirectory(env, f.state) != "" || env.Getenv(site.LicenseVariable) == "" { // as verify has it
		state, err = requireState(env, f.state)
	}
	if err != nil {
		return nil, err
	}
	p, err := f.program(env, true)
	if err != nil {
		return nil, err
	}
	s := &status{State: state.Dir(), Checked: env.Now().UTC(), use: p.Use}
	verifier, err := f.loadRoots(env, f.roots)
	if known, ok := errors.AsType[*cli.Error](err); ok && known.Exit == exitUsage {
		return nil, err
	}
	var license *verify.License
	if err == nil {
		if p.MinRevocation, err = f.minList(); err == nil {
			license, err = state.Inspect(verifier, p, env.Now())
		}
	}
	s.answer, _ = answerOf(license, err, env.Now())
	if p.Version == "" && p.Built.IsZero() {
		s.Warnings = slices.DeleteFunc(s.Warnings, verify.Warning.AboutProgram)
	}
	if license != nil {
		s.DaysLeft = daysLeft(license, env.Now())
	}
	if failover, err := state.Failover(site.FailoverOptions{Now: env.Now(), Getenv: env.Getenv}); err == nil {
		view := viewFailover(failover)
		s.Failover = &view
	}
	return s, nil
}

// daysLeft counts the days of a license, nil for one without an end.
func daysLeft(l *verify.License, now time.Time) *int {
	if l.Expires.IsZero() {
		return nil
	}
	days := verify.Warning{Date: verify.LastDay(l.Expires)}.Days(now)
	return &days
}

func grace(l *verify.License) string {
	if days := int(l.HardEnd.Sub(l.Expires) / (24 * time.Hour)); days > 0 {
		return fmt.Sprintf(", and %d of grace behind the end", days)
	}
	return ""
}

// print writes one screen for a person.
func (s *status) print(env *cli.Env) {
	var rows [][2]string
	if s.DaysLeft != nil {
		rows = append(rows, [2]string{"left", cli.Plural(uint64(*s.DaysLeft), "day", "days") + grace(s.License.License)})
	}
	if s.License != nil && s.License.Machine != nil && !s.License.Machine.HadMargin() {
		rows = append(rows, noMargin)
	}
	if f := s.Failover; f != nil {
		emergency := "none is declared"
		if f.Declared {
			emergency = fmt.Sprintf("declared on %s: %s", text.Minute(f.Since), f.Why)
		}
		rows = append(rows, [2]string{"emergency", emergency})
	}
	rows = append(rows, [2]string{"state", cmp.Or(s.State, "none")}, [2]string{"checked", text.Minute(s.Checked)})
	if s.Error == "" {
		s.answer.print(env, rows...)
	}
}
