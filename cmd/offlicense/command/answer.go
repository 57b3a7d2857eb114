package command

import (
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/verify"
)

// answer is the result of verify: printed for people, or as JSON.
type answer struct {
	Version  int             `json:"version"`
	File     string          `json:"file,omitempty"` // where there are several
	Valid    bool            `json:"valid"`
	Reason   verify.Reason   `json:"reason,omitempty"` // missing if it could not be checked
	Warnings []string        `json:"warnings"`
	License  *verify.License `json:"license,omitempty"` // missing unless valid
	Message  string          `json:"message,omitempty"` // missing if valid, as the following
	Expected string          `json:"expected,omitempty"`
	Found    string          `json:"found,omitempty"`
	Next     string          `json:"next,omitempty"`
	Error    string          `json:"error,omitempty"` // why it could not be checked
}

// print writes the answer for one license.
func (a *answer) print(env *cli.Env) {
	for _, warning := range a.Warnings {
		env.Warnf("%s", warning)
	}
	if a.Valid {
		fmt.Fprintf(env.Stdout, "%s: %s\n", a.Reason, title(a.License))
		licenseTable(a.License).WriteTo(env.Stdout)
		return
	}
	fmt.Fprintf(env.Stdout, "%s: %s\n", a.Reason, cli.Clean(a.Message))
	for _, line := range [...]struct{ name, text string }{
		{"expected", a.Expected}, {"found", a.Found}, {"next", a.Next},
	} {
		if line.text != "" {
			fmt.Fprintf(env.Stdout, "  %-8s  %s\n", line.name, cli.Clean(line.text))
		}
	}
}

// printLine writes the answer for one of many licenses.
func (a *answer) printLine(env *cli.Env) {
	file := cli.Clean(a.File)
	for _, warning := range a.Warnings {
		env.Warnf("%s: %s", file, warning)
	}
	switch {
	case a.Valid:
		fmt.Fprintf(env.Stdout, "%s: %s\n", file, standing(a.License))
	case a.Error != "":
		fmt.Fprintf(env.Stdout, "%s: could not be checked: %s\n", file, cli.Clean(a.Error))
	default:
		fmt.Fprintf(env.Stdout, "%s: %s: %s\n", file, a.Reason, cli.Clean(a.Message))
	}
}
