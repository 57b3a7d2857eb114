//go:build development

package site_test

import (
	"fmt"

	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// In earnest the roots file of "licensor init --home development", with go:embed.
func init() { developmentRoots = sitetest.Roots() }

// With -tags development.
func Example_development() {
	fmt.Println(judgeDevelopers())
	// Output:
	// <nil>
}
