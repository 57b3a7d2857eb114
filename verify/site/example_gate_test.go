package site_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// What this product knows of what a license grants, each in one place.
const (
	singleSignOn verify.Feature = "sso"
	users        verify.Limit   = "users"
)

// exampleGate opens the gate of a directory with a license of sitetest, as a product's own tests may.
func exampleGate() (gate *site.Gate, dir string, clock *sitetest.Clock) {
	dir, err := os.MkdirTemp("", "offlicense-example")
	if err != nil {
		log.Fatal(err)
	}
	t := new(testing.B) // a test has its own
	sitetest.Put(t, dir, nil)
	program := site.Program{Product: "evoq", Version: "9.2.0", Built: sitetest.Issued}
	return site.Open(dir, sitetest.Verifier(t), program), dir, new(sitetest.Clock)
}

// Each request asks from memory, in less than a microsecond, for a feature and a limit.
func ExampleGate_Current() {
	gate, dir, clock := exampleGate() // time.Now in earnest
	defer os.RemoveAll(dir)
	if _, err := gate.Check(clock.Now()); err != nil { // once, when the program starts
		log.Fatal(err)
	}

	serve := func() {
		license, err := gate.Current(clock.Now())
		if err != nil {
			fmt.Println("not licensed:", err)
			return
		}
		if license.HasFeature(singleSignOn) {
			fmt.Println("with single sign-on")
		}
		if most, limited := license.Limit(users); limited {
			fmt.Println("up to", most, "users")
		}
	}
	serve()
	clock.Set(sitetest.Ends)
	serve()
	// Output:
	// with single sign-on
	// up to 200 users
	// not licensed: expired: the license ended on 2027-11-21 UTC
}

// A program that tells its administrator what changes, in its own words.
func ExampleGate_Watch() {
	gate, dir, clock := exampleGate()
	defer os.RemoveAll(dir)
	if _, err := gate.Check(clock.Now()); err != nil {
		log.Fatal(err)
	}
	told := make(chan string, 100)
	tell := func(e site.Event) {
		switch e.Kind {
		case site.Renewed:
			told <- "a new license, until " + verify.LastDay(e.License.Expires).Format("2 January 2006")
		case site.Warned:
			switch e.Warning.Code {
			case verify.EndsSoon:
				told <- fmt.Sprintf("the license ends in %d days, on %s", e.Days, e.Warning.Date.Format("2 January 2006"))
			default:
				told <- e.Warning.Text // in English
			}
		case site.Refused: // what runs goes on, what is new is refused: the product decides
			told <- "no license: " + e.Err.Error()
		case site.Unchecked, site.Checked: // for a log
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go gate.Watch(ctx, site.WatchOptions{Now: clock.Now, Tell: tell, Interval: 10 * time.Millisecond}) // a minute in earnest

	clock.Set(sitetest.Ends.AddDate(0, 0, -10))
	fmt.Println(<-told)
	id := sitetest.Put(new(testing.B), dir, func(l *format.LicenseClaims) { l.Expires = sitetest.Ends.AddDate(1, 0, 0).Unix() })
	fmt.Println(<-told)
	sitetest.Revoke(new(testing.B), dir, id)
	fmt.Println(<-told)
	// Output:
	// the license ends in 10 days, on 21 November 2027
	// a new license, until 21 November 2028
	// no license: revoked: the vendor has revoked this license, by its revocation list 1 of 2026-11-21
}
