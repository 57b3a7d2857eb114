package rules_test

import (
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

func TestOneActivationPerSeat(t *testing.T) {
	r := newRecord(t, entitlement(seats(2)))
	for site := byte(1); site <= 2; site++ {
		r.signed(request(t, site, func(q *format.Request) { q.Site = "shop" }))
	}
	naming := []string{"2 of 2", `site "shop" with the code `, " since 2026-11-21", " and "}
	for _, a := range r.activations {
		naming = append(naming, a.ID)
	}
	r.refused(request(t, 3), ledger.RuleSeats, naming...)
	if _, err := r.sign(request(t, 3)); strings.Contains(err.Error(), "more") {
		t.Errorf("all are named, and it says %q", err)
	}
	r.using(2, 2)
}

// Two sites on one machine are two sites.
func TestSitesOfOneMachineTakeASeatEach(t *testing.T) {
	r := newRecord(t, entitlement(seats(2)))
	for site := byte(1); site <= 2; site++ {
		r.signed(request(t, site, on("m1 u1 r1")))
	}
	r.refused(request(t, 3, on("m1 u1 r1")), ledger.RuleSeats)
}

func TestSeveralServersOnOneLicense(t *testing.T) {
	r := newRecord(t, entitlement(seats(5)))
	seen := map[string]bool{}
	for seed := byte(1); seed <= 5; seed++ {
		q := request(t, seed, func(q *format.Request) { q.Host = "build-" + string('0'+rune(seed)) })
		license := r.signed(q)
		if seen[license.Activation] || string(license.Request) != string(q.Body) {
			t.Errorf("server %d has no license of its own", seed)
		}
		seen[license.Activation] = true
	}
	// Three are named, those that have been there longest.
	r.refused(request(t, 6), ledger.RuleSeats, "build-1", "build-2", "build-3", "and 2 more")
}

// Who has no host name is named by the comparison code of its request.
func TestHolderWithoutAName(t *testing.T) {
	r := newRecord(t, entitlement())
	r.signed(request(t, 1))
	r.refused(request(t, 2), ledger.RuleSeats, "with the code "+format.ComparisonCode(request(t, 1).Hash))
}

func TestDevelopmentAsManyAsNeeded(t *testing.T) {
	r := newRecord(t, entitlement(), entitlement(sold("D-1", "development")))
	for seed := byte(1); seed <= 5; seed++ {
		r.signed(request(t, seed, asks("D-1", "development")))
	}
	if used := r.facts().Sales["D-1"].Used; used != 5 {
		t.Errorf("%d activations are counted, want 5", used)
	}
}

func TestDevelopmentAllowance(t *testing.T) {
	r := newRecord(t, entitlement(), entitlement(sold("D-1", "development"), func(e *ledger.Entitlement) { e.Allowance = 2 }))
	for seed := byte(1); seed <= 2; seed++ {
		r.signed(request(t, seed, asks("D-1", "development")))
	}
	third := request(t, 3, asks("D-1", "development"))
	r.refused(third, ledger.RuleAllowance, "D-1", "2 of 2")
	allow := func(n uint64) error {
		_, err := r.revise(by(), "D-1", amendment(func(e *ledger.Entitlement) { e.Allowance = n }))
		return err
	}
	wantRefusal(t, allow(1), ledger.RuleAllowance, "2 activations")
	for _, fits := range []uint64{0, 2} { // as many as needed, and no more than there are
		if err := allow(fits); err != nil {
			t.Errorf("an allowance of %d: %v", fits, err)
		}
	}
	if err := allow(3); err != nil {
		t.Fatal(err)
	}
	r.signed(third)
}

// Where no seat is free, the holder that seems to be on the machine of the request is
// named with the command that frees its seat. It decides nothing.
func TestLostDirectory(t *testing.T) {
	for name, test := range map[string]struct {
		holder, asking string // components
		holds, asks    string // sites
		same           bool
	}{
		"the same machine":                    {"m1 u1 r1", "m1 u1 r1", "", "", true},
		"a new disk":                          {"m1 u1 r1", "m1 u1 r2", "", "", true},
		"one of three":                        {"m1 u1 r1", "m2 u1 r2", "", "", false},
		"one of three is known of the holder": {"m1", "m1 u1 r1", "", "", false},
		"one of three is known now":           {"m1 u1 r1", "m1", "", "", false},
		"two of three are known":              {"m1 u1", "m1 u1 r1", "", "", true},
		"one thing, the same":                 {"m1", "m1", "", "", true},
		"what the operator says":              {"c1", "c1", "", "", true},
		"one image, many machines":            {"r1", "r1", "", "", false},
		"a card that moves":                   {"r1 x1", "r1 x1", "", "", false},
		"nothing is known":                    {"", "", "", "", false},
		"the same site":                       {"m1 u1 r1", "m1 u1 r1", "shop", "shop", true},
		"two sites":                           {"m1 u1 r1", "m1 u1 r1", "shop", "blog", false},
		"a site that has got a name":          {"m1 u1 r1", "m1 u1 r1", "", "shop", true},
		"a site that has lost its name":       {"m1 u1 r1", "m1 u1 r1", "shop", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			site := func(name string) func(*format.Request) { return func(q *format.Request) { q.Site = name } }
			holder, asking := request(t, 1, on(test.holder), site(test.holds)), request(t, 2, on(test.asking), site(test.asks))
			r := newRecord(t, entitlement())
			license := r.signed(holder)
			want := "free one whose server is gone: licensor deactivate " + inv + " --activation ID --why TEXT"
			if test.same {
				want = "licensor reactivate REQUEST --activation " + license.Activation + " --why TEXT"
			}
			_, err := r.sign(asking)
			wantRefusal(t, err, ledger.RuleSeats)
			wantHint(t, err, want, "licensor amend "+inv+" --seats 2 --out DIR")

			// And in one batch.
			got := newRecord(t, entitlement()).batch(by(), holder, asking)
			wantRefusal(t, got[1].err, ledger.RuleSeats)
			wantHint(t, got[1].err, strings.ReplaceAll(want, license.Activation, got[0].license.Activation))
		})
	}
}

// Hashes of components may be cut to different lengths: what both have is compared.
func TestLostDirectoryComparesWhatBothHave(t *testing.T) {
	machine := func(hash string) func(*format.Request) {
		return func(q *format.Request) {
			q.Components = []format.Component{{Label: format.LabelMachineID, Hash: []byte(hash)}}
		}
	}
	for asking, same := range map[string]bool{"machine1": true, "machine": true, "machin": true, "machine2": false} {
		r := newRecord(t, entitlement())
		r.signed(request(t, 1, machine("machine1")))
		_, err := r.sign(request(t, 2, machine(asking)))
		wantRefusal(t, err, ledger.RuleSeats)
		if got := strings.Contains(err.(*ledger.Refusal).Hint(), "directory lost?"); got != same {
			t.Errorf("%s seems to be the same machine: %v", asking, got)
		}
	}
}

// A holder whose license is for any machine is on none.
func TestLostDirectoryOfALicenseForAnyMachine(t *testing.T) {
	r := newRecord(t, entitlement(func(e *ledger.Entitlement) { e.Binding = "any" }))
	if _, err := r.unbound("Berlin"); err != nil {
		t.Fatal(err)
	}
	_, err := r.sign(request(t, 1))
	wantRefusal(t, err, ledger.RuleSeats, "Berlin")
	wantHint(t, err, "server is gone: licensor deactivate "+inv+" --activation ID --why TEXT")
}

// Three holders at most are compared, those who have their seat longest, so that the
// facts of a question stay few.
func TestLostDirectoryAmongTheOldest(t *testing.T) {
	r := newRecord(t, entitlement(seats(4)))
	for seed := byte(1); seed <= 4; seed++ {
		r.signed(request(t, seed))
	}
	for seed, same := range map[byte]bool{11: true, 13: true, 14: false} { // on the machine of 1, 3 and 4
		_, err := r.sign(request(t, seed))
		wantRefusal(t, err, ledger.RuleSeats)
		if got := strings.Contains(err.(*ledger.Refusal).Hint(), "directory lost?"); got != same {
			t.Errorf("site %d seems to be one of the holders: %v", seed, got)
		}
	}
}

// In a batch the newest request of a holder counts, even one that names nothing.
func TestLostDirectoryByTheNewestRequest(t *testing.T) {
	r := newRecord(t, entitlement())
	r.signed(request(t, 1, on("m1 u1 r1")))
	got := r.batch(override("the probe is broken"), request(t, 1, on("")), request(t, 2, on("m1 u1 r1")))
	if got[0].err != nil {
		t.Fatal(got[0].err)
	}
	wantRefusal(t, got[1].err, ledger.RuleSeats)
	if next := got[1].err.(*ledger.Refusal).Hint(); strings.Contains(next, "directory lost?") {
		t.Errorf("the hint is by what it was before: %s", next)
	}
}
