// Package scopetest is the matrix of what a delegation bounds, for the tests of every
// path on which a license is signed or opened. Only tests import it.
//
// A bound that is enforced on one path only is no bound. So each path runs all cases: one
// step inside the bound it takes the license, one step outside it refuses the license as
// out of scope and names the dimension.
//
// The cases bring no vendor of their own. They change the delegation and the license of
// whoever runs them, and never what else a path looks at, such as the product that the
// license is for:
//
//	scopetest.Run(t, scopetest.Path{Claims: …, Open: …})
//
// or, where a path makes its own delegations and licenses, such as from the options of a
// command:
//
//	for _, c := range scopetest.Cases() {
//		license := …                    // claims such as the path will make
//		c.License(license)
//		c.Outside(delegation, license)  // says what delegation to make
//		…                               // want c.Refusal() in the output
//	}
//
// A license to begin with must be within its delegation, bound to at least one component
// of a machine, end, and have no grace; the delegation must allow licenses of every binding
// and such without an end.
package scopetest

import (
	"errors"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Case is one bound of a delegation.
type Case struct {
	Name      string // of the case: the dimension, and what is tried of it
	Dimension string // the word that the refusal names

	// License makes the license what the case is about. It comes first.
	License func(*format.LicenseClaims)

	// Inside and Outside bound the delegation so that the license is one step inside or
	// outside. They read the license and do not change it.
	Inside, Outside func(*format.DelegationClaims, *format.LicenseClaims)
}

// Refusal is how the message of the refusal ends when the license is outside.
func (c Case) Refusal() string { return "was not allowed to sign this license: " + c.Dimension }

// Check returns nil if an error is right for a license that is inside, or outside.
func (c Case) Check(outside bool, err error) error {
	refusal := new(verify.Refusal)
	switch {
	case !outside:
		return err
	case err == nil:
		return errors.New("accepted")
	case !errors.As(err, &refusal) || refusal.Reason != verify.OutOfScope:
		return errors.Join(errors.New("want a *verify.Refusal that says out-of-scope"), err)
	case !strings.HasSuffix(refusal.Message, c.Refusal()):
		return errors.Join(errors.New("want a message that ends with: "+c.Refusal()), err)
	case refusal.Expected == "" || refusal.Found == "" || refusal.Hint() == "":
		return errors.Join(errors.New("it does not say what was expected, what was found and what to do"), err)
	}
	return nil
}

// Path is one way of a license into a program.
type Path struct {
	// Claims returns a delegation and a license under it, anew for each call.
	Claims func(*testing.T) (*format.DelegationClaims, *format.LicenseClaims)
	// Open signs both and opens the license file on the path under test.
	Open func(*testing.T, *format.DelegationClaims, *format.LicenseClaims) error
}

// Run tries all cases on one path.
func Run(t *testing.T, path Path) {
	t.Helper()
	for _, c := range Cases() {
		for name, outside := range map[string]bool{"inside": false, "outside": true} {
			t.Run(c.Name+"/"+name, func(t *testing.T) {
				d, l := path.Claims(t)
				c.License(l)
				if outside {
					c.Outside(d, l)
				} else {
					c.Inside(d, l)
				}
				if err := c.Check(outside, path.Open(t, d, l)); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
