package audit_test

import (
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/format"
)

// A thief records licenses that name what their checkers cannot read, or not what the sale demands, so that
// they hold elsewhere.
func TestThiefNamesOtherComponents(t *testing.T) {
	asked := func(q *format.Request) {
		q.Host = "66"
		q.Components = []format.Component{
			{Label: format.LabelMachineID, Hash: []byte("machine1")}, {Label: format.LabelProductUUID, Hash: []byte("product1")}, {Label: format.LabelRootFS, Hash: []byte("rootfs_1")},
		}
	}
	hiding := func(q *format.Request) { asked(q); q.Unreadable = []string{format.LabelProductUUID} }
	all := func(g *ledger.Grant) { g.Need = 2 }
	for name, test := range map[string]struct {
		sold   func(*ledger.Entitlement)
		asked  func(*format.Request)
		grants func(*ledger.Grant)
		says   string
	}{
		"unreadable ones":           {func(e *ledger.Entitlement) { e.Binding = "" }, hiding, all, "components"},
		"a copied one":              {func(e *ledger.Entitlement) { e.Binding = "" }, asked, func(g *ledger.Grant) { g.Components, g.Need = g.Components[2:], 1 }, "components"},
		"others than are demanded":  {func(e *ledger.Entitlement) { e.Demand = format.LabelProductUUID }, asked, all, "components"},
		"what is demanded, unread":  {func(e *ledger.Entitlement) { e.Demand = format.LabelProductUUID }, hiding, func(g *ledger.Grant) { g.Components, g.Need = g.Components[1:2], 1 }, "(rule: identity)"},
		"what is demanded, missing": {func(e *ledger.Entitlement) { e.Demand = format.LabelProductUUID }, func(q *format.Request) { asked(q); q.Components = q.Components[:1] }, func(g *ledger.Grant) { g.Need = 1 }, "(rule: identity)"},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := ledgertest.New(t)
			var sold ledger.Entitlement
			ledgertest.Sold(t, b, func(e *ledger.Entitlement) { test.sold(e); sold = *e })
			q, err := ledgertest.Request(ledgertest.SiteKey(66).Public(), test.asked)
			if err != nil {
				t.Fatal(err)
			}
			at := byHand(t, b, by(), signing(t, sold, q, test.grants))
			wantEvent(t, audited(t, b, nil), at, test.says)
		})
	}
}
