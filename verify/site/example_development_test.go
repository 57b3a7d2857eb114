package site_test

import (
	"os"
	"time"

	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// What a product is delivered with: the vendor's roots, whose private keys are offline.
var deliveredRoots = sitetest.OtherRoots()

// developmentRoots are trusted beside them in a development build alone. The file that sets
// them, example_developmentroot_test.go, is built with -tags development and not otherwise. So
// developers have licenses of their own, from a root of their own, and each of them is judged as any other:
// there is no switch that skips a signature.
var developmentRoots []byte

// judgeDevelopers judges a license that the development root stands behind.
func judgeDevelopers() error {
	verifier, err := verify.ParseRoots(append(deliveredRoots, developmentRoots...))
	if err != nil {
		return err
	}
	_, dir, clock := exampleGate()
	defer os.RemoveAll(dir)
	_, err = site.Check(dir, verifier, site.Program{Product: "evoq", Version: "9.2.0", Built: time.Time{}}, clock.Now())
	return err
}
