package site

import (
	"bytes"
	"testing"

	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/internal/emergency"
)

// FuzzDirectoryFiles: the files that the directory keeps in lines are read in the one form in
// which they are written, or not at all.
func FuzzDirectoryFiles(f *testing.F) {
	g := releasedLicense{ReleasedLicense: verify.ReleasedLicense{At: now, Vendor: "acme.example", Activation: "A \"B\" ü"}, days: 12}
	f.Add(g.marshal())
	f.Add([]byte("offlicense failover days 1\n2026-11-22 2024-10-04 2026-09-04..2026-09-05,2026-11-22 \"acme.example\" \"A B\"\n" +
		"1970-01-01 1970-01-01 1970-01-01 \"other.example\" \"C\"\n"))
	f.Add(emergency.Declaration{Since: now, Vendor: "acme.example", Activation: "A B", Why: "\"fire\""}.Marshal())
	f.Add(seen{now, now}.marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		same := func(again []byte, err error) {
			if err == nil && !bytes.Equal(again, b) {
				t.Fatalf("read  %q\nwrote %q", b, again)
			}
		}
		released, err := parseReleased(b)
		same(released.marshal(), err)
		tallies, err := emergency.ParseTallies(b)
		same(emergency.MarshalTallies(tallies), err)
		if declared, err := emergency.ParseDeclaration(b); err == nil {
			same(declared.Marshal(), nil)
		}
		clock, err := parseClock(b)
		same(clock.marshal(), err)
	})
}

func TestDirectoryFilesRoundTrip(t *testing.T) {
	g := releasedLicense{ReleasedLicense: verify.ReleasedLicense{At: now, Vendor: "acme.example", Activation: "A \"B\" ü"}, days: 12}
	if got, err := parseReleased(g.marshal()); err != nil || got != g {
		t.Errorf("got %+v, %v", got, err)
	}
	d := emergency.Declaration{Since: now, Vendor: "acme.example", Activation: "A B", Why: "\"fire\" ü"}
	if got, err := emergency.ParseDeclaration(d.Marshal()); err != nil || *got != d {
		t.Errorf("got %+v, %v", got, err)
	}
}
