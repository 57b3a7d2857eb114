package command

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/verify"
)

// The states of a plugin, which are its exit statuses: monitoring-plugins.org,
// "Development Guidelines", section "Plugin Return Codes".
var pluginStates = [...]string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}

const (
	pluginOK = iota
	pluginWarning
	pluginCritical
	pluginUnknown
)

// plugin answers as a plugin for Nagios, Icinga and others. Whatever hinders it is UNKNOWN.
func (f *statusFlags) plugin(env *cli.Env, args []string) error {
	s, err := f.status(env, args)
	if err != nil {
		return unknown(env, err)
	}
	return f.tell(env, s)
}

func unknown(env *cli.Env, err error) error {
	return new(statusFlags).tell(env, &status{answer: uncheckedAnswer(err)})
}

// unparsedStatus answers options that could not be parsed: to a monitoring system, too, in its form.
func unparsedStatus(env *cli.Env, args []string, err error) error {
	if slices.Contains(args, "nagios") || slices.Contains(args, "--format=nagios") {
		return unknown(env, err)
	}
	return err
}

func (f *statusFlags) tell(env *cli.Env, s *status) error {
	state, line := s.nagios(f.warning, f.critical)
	fmt.Fprintln(env.Stdout, line)
	if state == pluginOK {
		return nil
	}
	return &cli.Error{Exit: state}
}

// nagios is the state and the line of a plugin: a text for people, and performance data.
// A license that holds is critical in its grace and where at most so many days are left, and
// a warning where at most so many are left or where something is to be done about it.
func (s *status) nagios(warning, critical int) (state int, line string) {
	var said string
	switch {
	case s.Error != "":
		state, said = pluginUnknown, s.Error
	case s.Reason == verify.Standby:
		said = "standby: no emergency is declared"
	case !s.Valid:
		state, said = pluginCritical, string(s.Reason)+": "+s.Message
	default:
		l := s.License.License
		said = fmt.Sprintf("%s: %s", title(l), statusText(io.Discard, l))
		switch {
		case s.Reason == verify.Grace || s.DaysLeft != nil && *s.DaysLeft <= critical:
			state = pluginCritical
		case s.DaysLeft != nil && *s.DaysLeft <= warning:
			state = pluginWarning
		}
		for _, w := range s.Warnings {
			if w.Code == verify.EndsSoon || w.Code == verify.InGrace {
				continue // of which the thresholds decide
			}
			state = max(state, pluginWarning)
			said += "; " + w.Text
		}
	}
	// A bar begins the performance data.
	line = fmt.Sprintf("OFFLICENSE %s - %s", pluginStates[state], strings.ReplaceAll(cli.Clean(said), "|", "/"))
	if data := s.performance(warning, critical); len(data) > 0 {
		line += " | " + strings.Join(data, " ")
	}
	return state, line
}

// performance is the performance data: 'LABEL'=VALUE;WARNING;CRITICAL;MIN;MAX.
func (s *status) performance(warning, critical int) (data []string) {
	if s.DaysLeft != nil {
		data = append(data, fmt.Sprintf("days_left=%d;%d:;%d:;0;", *s.DaysLeft, warning+1, critical+1))
	}
	if s.License != nil && s.License.Machine != nil {
		data = append(data, fmt.Sprintf("margin=%d;;;0;%d", s.License.Machine.Margin, s.License.Machine.Named-s.License.Machine.Needed))
	}
	for _, name := range slices.Sorted(maps.Keys(s.use)) {
		most := ""
		if s.License != nil {
			if limit, limited := s.License.Limit(verify.Limit(name)); limited {
				most = fmt.Sprint(limit)
			}
		}
		data = append(data, fmt.Sprintf("'use_%s'=%d;;;0;%s", strings.NewReplacer("'", "", "=", "", "|", "").Replace(name), s.use[name], most))
	}
	if f := s.Failover; f != nil {
		most := ""
		if f.DaysGranted > 0 {
			most = fmt.Sprint(f.DaysGranted)
		}
		data = append(data, fmt.Sprintf("emergency_days=%d;;;0;%s", f.DaysUsed, most))
	}
	return data
}
