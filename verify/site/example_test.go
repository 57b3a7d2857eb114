package site_test

import (
	_ "embed"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
)

// The vendor's root keys, as "licensor roots" prints them, built into the program.
//
//go:embed testdata/roots.pub
var roots []byte

// A program that runs only with a license.
func Example() {
	verifier, err := verify.ParseRoots(roots)
	if err != nil {
		log.Fatal(err)
	}
	dir := exampleDirectory()                                     // such as /var/lib/evoq/license, from the program's own settings
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)         // time.Now() in earnest
	components, err := site.ParseComponents("cluster=5f0e4c539d") // os.Getenv(site.ComponentsVariable)
	if err != nil {
		log.Fatal(err)
	}

	license, err := site.Check(dir, verifier, site.Program{
		Product:    "evoq",
		Version:    "9.2.0",
		Built:      time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC),
		Use:        map[string]uint64{"cores": 8},
		Components: components,
	}, now)
	var refusal *verify.Refusal
	switch {
	case errors.As(err, &refusal): // why there is no license, and what to do
		log.Fatalf("%s\n%s", refusal, refusal.Hint())
	case err != nil: // the question could not be answered, as when a file may not be read
		log.Fatal(err)
	}
	for _, warning := range license.Warnings {
		log.Print(warning)
	}
	fmt.Println("licensed to", license.Customer, "until", verify.LastDay(license.Expires).Format(time.DateOnly))
	if license.HasFeature("sso") {
		fmt.Println("with single sign-on")
	}
	// Output:
	// licensed to Site Ltd until 2027-11-21
	// with single sign-on
}
