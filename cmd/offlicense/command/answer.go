package command

import (
	"errors"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/verify"
)

// answer is the result of verify: printed for people, or as JSON.
type answer struct {
	Version   int              `json:"version"`
	File      string           `json:"file,omitempty"` // where there are several
	Valid     bool             `json:"valid"`
	Reason    verify.Reason    `json:"reason,omitempty"`    // missing if it could not be checked
	Undecided bool             `json:"undecided,omitempty"` // revoked: not known to be so
	Warnings  []verify.Warning `json:"warnings"`
	License   *licenseAnswer   `json:"license,omitempty"` // missing unless valid
	Message   string           `json:"message,omitempty"` // missing if valid, as the following
	Expected  string           `json:"expected,omitempty"`
	Found     string           `json:"found,omitempty"`
	Hint      string           `json:"hint,omitempty"`
	Error     string           `json:"error,omitempty"` // why it could not be checked
}

// licenseAnswer is a license with the age of the list by which it was judged.
type licenseAnswer struct {
	*verify.License
	RevocationList *listAnswer `json:"revocation_list,omitempty"` // missing: none was seen
}

// answerOf splits what was judged from what could not be: only the latter is an error.
func answerOf(license *verify.License, err error, now time.Time) (answer, error) {
	if err == nil {
		return answer{
			Version: 1, Valid: true, Reason: license.Reason, Warnings: append([]verify.Warning{}, license.Warnings...),
			License: &licenseAnswer{license, answerList(license.RevocationList, now)},
		}, nil
	}
	if refusal, ok := errors.AsType[*verify.Refusal](err); ok {
		return refusedAnswer(refusal), nil
	}
	err = stateError(err)
	return uncheckedAnswer(err), err
}

// uncheckedAnswer is the answer for what could not be checked.
func uncheckedAnswer(err error) answer {
	return answer{Version: 1, Warnings: []verify.Warning{}, Error: err.Error(), Hint: hint.Of(err)}
}

func refusedAnswer(r *verify.Refusal) answer {
	return answer{
		Version: 1, Warnings: []verify.Warning{}, Reason: r.Reason, Undecided: r.Undecided, Message: r.Message, Expected: r.Expected, Found: r.Found, Hint: r.Hint(),
	}
}

// print writes the answer for one license, and below it rows of a name and a text.
func (a answer) print(env *cli.Env, below ...[2]string) {
	for _, warning := range a.Warnings {
		env.Warnf("%s", warning)
	}
	if a.Valid {
		fmt.Fprintln(env.Stdout, cli.Fold(env.Stdout, cli.State(env.Stdout, string(a.Reason))+": "+title(a.License.License)))
		table := licenseTable(a.License.License)
		table.Row("  revocations", a.License.RevocationList.String())
		for _, row := range below {
			table.Row("  "+row[0], row[1])
		}
		table.WriteTo(env.Stdout)
		return
	}
	fmt.Fprintln(env.Stdout, cli.Fold(env.Stdout, cli.Bad(env.Stdout, string(a.Reason))+": "+cli.Clean(a.Message)))
	for _, row := range append([][2]string{{"expected", a.Expected}, {"found", a.Found}, {"hint", a.Hint}}, below...) {
		if row[1] != "" {
			fmt.Fprintln(env.Stdout, cli.Fold(env.Stdout, fmt.Sprintf("  %-8s  %s", row[0], cli.Clean(row[1]))))
		}
	}
}

// line is the answer for one of many licenses.
func (a answer) line(env *cli.Env) string {
	text := cli.Bad(env.Stdout, string(a.Reason)) + ": " + cli.Clean(a.Message)
	switch {
	case a.Valid:
		text = statusText(env.Stdout, a.License.License)
	case a.Error != "":
		text = cli.Bad(env.Stdout, "could not be checked") + ": " + cli.Clean(a.Error)
	}
	return cli.Fold(env.Stdout, cli.Clean(a.File)+": "+text)
}
