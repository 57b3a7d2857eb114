package site

import (
	"bytes"
	"testing"

	"github.com/offlicense/offlicense/verify"
)

// FuzzDirectoryFiles: the files that the directory keeps in lines are read in the one form in
// which they are written, or not at all.
func FuzzDirectoryFiles(f *testing.F) {
	g := releasedLicense{ReleasedLicense: verify.ReleasedLicense{At: now, Vendor: "acme.example", Activation: "A \"B\" ü"}, days: 12}
	own := tally{vendor: "acme.example", activation: "A B", used: days{{20700, 20701}, {20779, 20779}}, settled: 20779, from: 20000}
	f.Add(g.marshal())
	f.Add(marshalTallies([]tally{own, {vendor: "other.example", activation: "C", used: days{{0, 0}}}}))
	f.Add(declaration{since: now, vendor: "acme.example", activation: "A B", why: "\"fire\""}.marshal())
	f.Add(seen{now, now}.marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		same := func(again []byte, err error) {
			if err == nil && !bytes.Equal(again, b) {
				t.Fatalf("read  %q\nwrote %q", b, again)
			}
		}
		released, err := parseReleased(b)
		same(released.marshal(), err)
		tallies, err := parseTallies(b)
		same(marshalTallies(tallies), err)
		declared, err := parseDeclaration(b)
		same(declared.marshal(), err)
		clock, err := parseClock(b)
		same(clock.marshal(), err)
	})
}

func TestDirectoryFilesRoundTrip(t *testing.T) {
	g := releasedLicense{ReleasedLicense: verify.ReleasedLicense{At: now, Vendor: "acme.example", Activation: "A \"B\" ü"}, days: 12}
	if got, err := parseReleased(g.marshal()); err != nil || got != g {
		t.Errorf("got %+v, %v", got, err)
	}
	own := tally{vendor: "acme.example", activation: "A B", used: days{{20700, 20701}, {20779, 20779}}, settled: 20779, from: 20000}
	if list, err := parseTallies(marshalTallies([]tally{own, own})); err != nil || len(list) != 2 || !list[0].equal(own) {
		t.Errorf("got %+v, %v", list, err)
	}
	d := declaration{since: now, vendor: "acme.example", activation: "A B", why: "\"fire\" ü"}
	if got, err := parseDeclaration(d.marshal()); err != nil || got != d {
		t.Errorf("got %+v, %v", got, err)
	}
}
