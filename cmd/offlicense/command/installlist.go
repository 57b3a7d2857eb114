package command

import (
	"errors"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
)

// installList installs a revocation list and prints the status of the installed license by
// it. That it does not hold any more is what the list is for, and no failure.
func installList(env *cli.Env, state *site.State, v *verify.Verifier, list []byte, o site.InstallOptions, done func()) error {
	l, err := state.InstallRevocations(v, list, o)
	if err != nil {
		return notInstalled(env, err)
	}
	done()
	code, err := codeOf(list)
	if err != nil {
		return err
	}
	installed := "installed"
	if l.Already {
		installed = "was already installed"
	}
	fmt.Fprintf(env.Stdout, "revocation list %d of %s %s\n", l.Number, text.Date(l.Issued()), installed)
	fmt.Fprintf(env.Stdout, "  code  %s\n", code)
	license, err := state.Installed(v, o)
	told := listInstalled{Version: 1, Code: code, Number: l.Number, Issued: l.Issued(), Already: l.Already}
	if !errors.Is(err, verify.NoLicense) {
		a, _ := answerOf(license, err, o.Now)
		told.Installed = &a
	}
	var refusal *verify.Refusal
	switch {
	case err == nil:
		for _, warning := range license.Warnings {
			env.Warnf("%s", warning)
		}
		fmt.Fprintf(env.Stdout, "the installed license is valid by it: %s\n  %s\n", title(license), statusText(env.Stdout, license))
	case errors.Is(err, verify.NoLicense):
		fmt.Fprintln(env.Stdout, "no license is installed here yet")
	case errors.As(err, &refusal):
		no := "not valid"
		if refusal.Reason == verify.Revoked {
			no = "no longer valid"
		}
		fmt.Fprintf(env.Stdout, "the installed license is %s: ", no)
		refusedAnswer(refusal).print(env)
	default:
		env.Warnf("the installed license could not be checked: %s", stateError(err))
	}
	return env.Answer(told)
}

// listInstalled is what install --json prints of a revocation list.
type listInstalled struct {
	Version   int       `json:"version"`
	Number    uint64    `json:"number"`
	Issued    time.Time `json:"issued"`
	Already   bool      `json:"already,omitempty"`
	Code      string    `json:"comparison_code"`
	Installed *answer   `json:"installed,omitempty"` // the installed license by it, as verify --json has it
}
