package verify_test

import (
	_ "embed"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// The vendor's root keys, as "licensor roots" prints them, built into the program.
//
//go:embed site/testdata/roots.pub
var exampleRoots []byte

// A program that runs only with a license, which it finds by itself. This one is bound
// to no machine; what a bound one is compared with is kept by package site.
func Example() {
	verifier, err := verify.ParseRoots(exampleRoots)
	if err != nil {
		log.Fatal(err)
	}
	text, err := sitetest.Seal(sitetest.License()) // os.ReadFile("license.lic")
	if err != nil {
		log.Fatal(err)
	}

	license, err := verifier.Check(text, verify.Facts{
		Now:     time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), // time.Now() in earnest
		Product: "evoq",
		Version: "9.2.0",
		Built:   time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC),
		Site:    &verify.Site{},
		Use:     map[string]uint64{"cores": 8},
	})
	var refusal *verify.Refusal
	switch {
	case errors.As(err, &refusal): // why there is no license, and what to do
		log.Fatalf("%s\n%s", refusal, refusal.Hint())
	case err != nil: // a fact was missing
		log.Fatal(err)
	}
	for _, warning := range license.Warnings {
		log.Print(warning)
	}
	fmt.Println("licensed to", license.Customer, "until", verify.LastDay(license.Expires).Format(time.DateOnly))
	// Output:
	// licensed to Site Ltd until 2027-11-21
}

// A license that does not hold says so in one word.
func ExampleVerifier_Check() {
	verifier, err := verify.ParseRoots(exampleRoots)
	if err != nil {
		log.Fatal(err)
	}
	text, err := sitetest.Seal(sitetest.License())
	if err != nil {
		log.Fatal(err)
	}
	_, err = verifier.Check(text, verify.Facts{Now: sitetest.Ends, Product: "evoq", AnyMachine: true})
	fmt.Println(errors.Is(err, verify.Expired))
	fmt.Println(err)
	// Output:
	// true
	// expired: the license ended on 2027-11-21 UTC
}
