package sitetest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// A product's own test: it ends, is renewed, and is revoked.
func TestKit(t *testing.T) {
	dir, clock := t.TempDir(), new(sitetest.Clock)
	ends := sitetest.Issued.AddDate(0, 1, 0)
	sitetest.Put(t, dir, func(l *format.LicenseClaims) { l.Product, l.Expires = "mine", ends.Unix() })
	gate := site.Open(dir, sitetest.Verifier(t), site.Program{Product: "mine", Version: "1", Built: sitetest.Issued})
	first, err := gate.Check(clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	clock.Set(ends)
	if _, err := gate.Current(clock.Now()); !errors.Is(err, verify.Expired) {
		t.Errorf("got %v", err)
	}
	id := sitetest.Put(t, dir, func(l *format.LicenseClaims) { l.Product = "mine" })
	if l, err := gate.Check(clock.Now()); err != nil || l.ID != id || first.ID == id {
		t.Errorf("got %v, %v", l, err)
	}
	sitetest.Revoke(t, dir, id)
	clock.Advance(time.Minute)
	if _, err := gate.Check(clock.Now()); !errors.Is(err, verify.Revoked) {
		t.Errorf("got %v", err)
	}
}
