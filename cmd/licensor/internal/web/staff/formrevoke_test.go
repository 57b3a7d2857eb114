package staff_test

import (
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

// TestRevoke: an activation and a license are revoked once, with their name typed again; the
// list that the root key has signed elsewhere is recorded.
func TestRevoke(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		v.sold("S-1", nil)
		one, two := v.active(1, "S-1"), v.active(2, "S-1")
		path := "/activations/" + one.Activation + "/revoke"
		page := v.has(v.get(path), 200, "web1", "Type the activation again", `class="danger"`)
		v.has(v.confirm(page, path, "why", "stolen", "again", two.Activation), 422, "This is not the activation of this page.", `value="stolen"`)
		v.has(v.confirm(page, path, "again", one.Activation), 422, `id="error-why"`)
		v.leads(v.confirm(page, path, "why", "stolen", "again", one.Activation), "/activations/"+one.Activation, "revoked")
		v.leads(v.confirm(page, path, "why", "stolen", "again", one.Activation), "/activations/"+one.Activation, "already")
		path = "/licenses/" + two.ID.String() + "/revoke"
		v.has(v.get("/licenses/"+two.ID.String()), 200, path)
		page = v.has(v.get(path), 200, two.ID.String(), "web2")
		v.leads(v.confirm(page, path, "why", "stolen", "again", two.Activation), "/licenses/", "revoked")
		v.leads(v.get(path), "/licenses/", "already")
		v.has(v.get("/licenses/"+strings.Repeat("A", 26)+"/revoke"), 422)

		v.has(v.get("/revocations/newest"), 422, "No revocation list was signed yet")
		ctx := t.Context()
		signer, err := v.service.RootSigner(ctx, service.Key{Name: v.root})
		if err != nil {
			t.Fatal(err)
		}
		next, err := v.service.NextList(ctx, v.now())
		if err != nil {
			t.Fatal(err)
		}
		list, err := v.service.SignList(signer, next)
		if err != nil {
			t.Fatal(err)
		}
		v.has(v.post("/revocations", "statement", v.request(1, "S-1")), 422)
		page = v.has(v.upload("/revocations", string(list)), 200, "Record this list", ">1<")
		v.leads(v.confirm(page, "/revocations"), "/ledger", "listed")
		v.leads(v.confirm(page, "/revocations"), "/ledger", "already")
		v.has(v.get("/revocations/newest"), 200, "OLV1:")
		v.has(v.get("/ledger"), 200, "Download the newest list")
		if n := v.clean(ledger.ActionRevoke); n != 2 {
			t.Errorf("%d", n)
		}
	})
}
