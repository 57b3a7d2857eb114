//go:build !development

package site_test

import (
	"errors"
	"fmt"

	"github.com/offlicense/offlicense/verify"
)

// A product adds a root for its developers from a file with a build tag: what is delivered
// does not know it.
func Example_development() {
	fmt.Println(errors.Is(judgeDevelopers(), verify.UnknownKey))
	// Output:
	// true
}
