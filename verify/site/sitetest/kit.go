package sitetest

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
)

// Clock is a clock that the test sets; its Now takes the place of time.Now. The zero Clock
// says [Issued]. It may be used by many goroutines at once.
type Clock struct{ ahead atomic.Int64 }

// Now returns what the clock says.
func (c *Clock) Now() time.Time { return Issued.Add(time.Duration(c.ahead.Load())) }

// Set sets the clock; it may go backwards, and within 292 years of [Issued].
func (c *Clock) Set(to time.Time) { c.ahead.Store(int64(to.Sub(Issued))) }

// Advance moves the clock on.
func (c *Clock) Advance(by time.Duration) { c.ahead.Add(int64(by)) }

// Put puts a license into a state directory, which may be empty or not be there, in the place
// of the one that is. It is bound to no machine, so no request is needed. change, which may be nil, alters
// it before it is signed: the product, its end, what it grants. Its id follows from what it says.
func Put(t testing.TB, dir string, change func(*format.LicenseClaims)) format.ID {
	t.Helper()
	l := License()
	if change != nil {
		change(l)
	}
	payload, err := l.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(payload)
	l.ID = format.ID(sum[:len(l.ID)])
	text, err := Seal(l)
	if err := errors.Join(err, os.MkdirAll(filepath.Join(dir, "requests"), 0o755), replace(filepath.Join(dir, "license.lic"), text)); err != nil {
		t.Fatal(err)
	}
	return l.ID
}

// Revoke puts a revocation list into a state directory that revokes these licenses alone.
func Revoke(t testing.TB, dir string, ids ...[16]byte) {
	t.Helper()
	text, err := List(Root, 1, func(c *format.RevocationClaims) { c.Licenses = format.NewSet(ids...) })
	lists := filepath.Join(dir, "revocations")
	if err := errors.Join(err, os.MkdirAll(lists, 0o755), replace(filepath.Join(lists, "1.olv"), text)); err != nil {
		t.Fatal(err)
	}
}

// replace writes a file in one step: a watch may read at any moment.
func replace(path string, text []byte) error {
	return errors.Join(os.WriteFile(path+".new", text, 0o644), os.Rename(path+".new", path))
}
