package rules_test

import (
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

func demanding(e *ledger.Entitlement) { e.Demand = format.LabelProductUUID }

func hiding(labels ...string) func(*format.Request) {
	return func(q *format.Request) { q.Unreadable = labels }
}

// What a license names of a request: nothing that who checks cannot read, and what is demanded alone.
func TestNamedComponents(t *testing.T) {
	const uuid, id, disk = format.LabelProductUUID, format.LabelMachineID, format.LabelRootFS
	for name, c := range map[string]struct {
		has     string
		hidden  []string
		sold    func(*ledger.Entitlement)
		named   string // by the license, or the refusal
		need    uint64
		refused ledger.Rule
	}{
		"all readable":                      {"m1 u1 r1", nil, onMachines, "machine-id product-uuid root-fs", 2, ""},
		"product-uuid of root alone":        {"m1 u1 r1", []string{uuid}, onMachines, "machine-id", 1, ""},
		"a private /dev":                    {"m1 u1 r1", []string{disk}, onMachines, "machine-id product-uuid", 2, ""},
		"both hidden":                       {"m1 u1 r1", []string{uuid, disk}, onMachines, "machine-id", 1, ""},
		"machine-id hidden":                 {"m1 u1 r1", []string{id}, onMachines, "product-uuid", 1, ""},
		"the operator's left":               {"m1 u1 c1", []string{id, uuid}, onMachines, "sold: machine", 0, ledger.RuleBinding},
		"nothing left":                      {"m1 u1", []string{id, uuid}, onMachines, "sold: machine", 0, ledger.RuleBinding},
		"values of the operator, sold so":   {"m1 u1 r1 c1", []string{uuid}, ofOperators, "machine-id root-fs cluster", 2, ""},
		"demanded":                          {"m1 u1 r1", nil, demandingMachines, "product-uuid", 1, ""},
		"demanded, and the disk hidden":     {"m1 u1 r1", []string{disk}, demandingMachines, "product-uuid", 1, ""},
		"demanded, hidden":                  {"m1 u1 r1", []string{uuid}, demandingMachines, inv, 0, ledger.RuleIdentity},
		"demanded, not there":               {"m1 r1", nil, demandingMachines, inv, 0, ledger.RuleIdentity},
		"demanded, nothing identifies it":   {"", nil, demandingMachines, inv, 0, ledger.RuleIdentity},
		"demanded beside operator's values": {"m1 u1 c1", nil, func(e *ledger.Entitlement) { ofOperators(e); demanding(e) }, "product-uuid", 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t, entitlement(c.sold))
			q := request(t, 1, on(c.has), hiding(c.hidden...))
			if c.refused != "" {
				r.refused(q, c.refused, c.named)
				return
			}
			l := r.signed(q)
			if got := strings.Join(l.Components, " "); got != c.named || l.Need != c.need {
				t.Errorf("got %d of %q, want %d of %q", l.Need, got, c.need, c.named)
			}
		})
	}
}

func onMachines(e *ledger.Entitlement)        { e.Binding = "" }
func ofOperators(e *ledger.Entitlement)       { e.Binding = "operator" }
func demandingMachines(e *ledger.Entitlement) { onMachines(e); demanding(e) }

// Sites on machines of one image, which have one machine-id and product-uuids of their own, take a
// seat each. No rule vetoes it: that they are there is for the fleet check to tell.
func TestSitesOfOneImage(t *testing.T) {
	for name, hidden := range map[string][]string{"readable": nil, "product-uuid of root alone": {format.LabelProductUUID}} {
		r := newRecord(t, entitlement(onMachines, seats(3)))
		for n, machine := range []string{"m1 u1 r1", "m1 u2 r1", "m1 u3 r1"} {
			r.signed(request(t, byte(n+1), on(machine), hiding(hidden...)))
		}
		if r.using(3, 3); len(r.moved[inv]) > 0 {
			t.Errorf("%s: it counts as a move", name)
		}
	}
}

// A machine of which its checker comes to read less is the same one. Where its checker reads
// more, the vendor cannot tell it from a clone, and it says which license it replaces.
func TestWhoChecksChanges(t *testing.T) {
	r := newRecord(t, entitlement(onMachines))
	first := r.signed(request(t, 1, on("m1 u1 r1")))
	second := r.signed(request(t, 1, later, on("m1 u1 r1"), hiding(format.LabelProductUUID)))
	if second.Activation != first.Activation || len(r.moved[inv])+len(r.revoked) > 0 {
		t.Errorf("less: got %+v", second)
	}
	third := r.signed(signing(t, 1, later, later, on("m1 u1 r1"), replacing(second)))
	if third.Activation != first.Activation || r.revoked[second.ID] == nil {
		t.Errorf("more: got %+v", third)
	}
}

func nothingDemanded(e *ledger.Entitlement) { e.Binding = "key" }
