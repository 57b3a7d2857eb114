package staff_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/verify"
)

// TestReading: each page that reads tells what is on record, and leads to what it names.
func TestReading(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		soon := v.now().AddDate(0, 0, 12).Truncate(24 * time.Hour)
		v.sold("INV-1", nil)
		v.sold("INV-2", func(e *ledger.Entitlement) { e.Customer, e.Expires = "Other Ltd", soon })
		v.sold("INV/3", func(e *ledger.Entitlement) { e.Customer = "a/b" })
		license := v.active(1, "INV-1")
		other := v.active(2, "INV-1")
		if _, err := v.service.RevokeActivation(t.Context(), ledgertest.Because("lost"), other.Activation); err != nil {
			t.Fatal(err)
		}
		w := v.waits(v.request(3, "INV-2"), "INV-2")
		refused := v.waits(v.request(4, "NONE"), "NONE")
		id := license.ID.String()

		for !strings.Contains(v.get("/").body, "The same figures") { // a busy machine takes longer to count than the page waits
			time.Sleep(10 * time.Millisecond)
		}
		v.has(v.get("/"), 200, "2 requests wait", w.Number, "INV-2", "To be revoked, and on no list yet", other.ID.String(), `role="img"`, "The same figures", "none is noted here yet", ">Active<")
		v.has(v.get("/queue"), 200, w.Number, "web3", "plan", `aria-current="true">Waiting`)
		v.has(v.get("/queue?state=refused"), 200, "No request is refused.")
		v.has(v.get("/queue/"+strings.ToLower(w.Number)), 200, "What was bought, and what is asked for", "Other Ltd", "web3", "the plan says so", "Sign this license", "/queue/"+w.Number+"/sign", desk.ViewOf(w).Code)
		v.has(v.get("/queue/"+refused.Number), 200, "NONE", "web4")
		v.has(v.get("/queue/"+w.Number), 200, `name="seen"`)
		if got := v.getAs("bob read", "/queue/"+w.Number); strings.Contains(got.body, "Sign this license") {
			t.Error("who may not sign is offered to")
		}
		v.has(v.get("/queue/AAAA-AAAA"), 404, "No request has the number")

		v.has(v.get("/entitlements"), 200, "INV-1", "INV-2", "INV/3", "/entitlements/INV~13", "2/3")
		v.has(v.get("/entitlements?product=evoq"), 200, "INV-1")
		v.has(v.get("/entitlements?state=suspended"), 200, "No sale fits that.")
		for of, to := range map[string]string{
			"inv-1": "/entitlements/INV-1", "inv/3": "/entitlements/INV~13", id: "/licenses/" + id, license.Activation: "/activations/" + license.Activation,
			strings.ToLower(license.Activation): "/activations/" + license.Activation, license.Code(): "/licenses/" + id,
		} {
			if got := v.get("/entitlements?of=" + strings.ReplaceAll(of, "/", "%2F")); got.status != 303 || got.to != to {
				t.Errorf("%s leads to %d %s, want %s", of, got.status, got.to, to)
			}
		}
		v.has(v.get("/entitlements?of=inv"), 200, "Invoices that begin so", "INV-1", "INV-2", "INV/3")
		v.has(v.get("/entitlements?of=site+ltd"), 200, "Customers who are called so", "INV-1")
		v.has(v.get("/entitlements?of=web1"), 200, "Hosts that are called so", "INV-1")
		v.has(v.get("/entitlements?of=ops%40site"), 200, "E-mail addresses that begin so", "INV-1", "INV-2")
		deeper := v.has(v.get("/entitlements?of=ther"), 200, "Search every sale for it", "everywhere=1")
		if strings.Contains(deeper.body, "INV-2") {
			t.Error("every sale was searched")
		}
		v.has(v.get("/entitlements?of=ther&everywhere=1"), 200, "INV-2", "All that have it as a part")
		v.has(v.get("/entitlements?of=zzzzzz&everywhere=1"), 422, "Nothing on record has")

		v.has(v.get("/entitlements/INV-1"), 200, "Site Ltd", "2/3", license.Activation, "web1", id, "revoked", "Activated: license "+id, "why: lost", "Renew", "/entitlements/INV-1/amend", "/entitlements/INV-1/cancel", "/activations/"+license.Activation+"/move")
		v.has(v.get("/entitlements/INV~13"), 200, "INV/3", "No seat is taken yet.", "Sold evoq engage")
		v.has(v.get("/entitlements/INV%2F3"), 200, "INV/3")
		v.has(v.get("/entitlements/inv-1"), 200, "INV-1")
		v.has(v.get("/entitlements/NONE"), 404, "No entitlement has the invoice")
		if got := v.getAs("bob read", "/entitlements/INV-1"); strings.Contains(got.body, "/amend") || strings.Contains(got.body, "/revoke") {
			t.Error("who may read alone is offered more")
		}
		v.has(v.get("/activations/"+license.Activation), 200, "web1", id, "It has a seat of")
		v.has(v.get("/activations/"+other.Activation), 200, "revoked", "Free its seat")
		v.has(v.get("/activations/NONE"), 404)

		page := v.has(v.get("/licenses/"+id), 200, "OLL1:", "OLC1:", `<svg class="qr"`, "web1", "Download", license.Code(), "Sheet to print")
		if strings.Contains(page.body, "style=") {
			t.Error("a style that the policy forbids")
		}
		v.has(v.get("/licenses/"+other.ID.String()), 200, "It was revoked on")
		if got := v.has(v.get("/licenses/"+id+"/file"), 200); !strings.HasPrefix(got.body, "OLL1:") {
			t.Errorf("got %.40s", got.body)
		}
		v.has(v.get("/licenses/"+id+"/sheet"), 200, "License for evoq engage", "offlicense install")
		v.has(v.get("/licenses/"+id+"/mail?sender=sales%40acme.example"), 200, "To:", "ops@site.example", "Content-Disposition: attachment")
		v.has(v.get("/licenses/"+id+"/mail?sender=nobody"), 422, "is no address", `aria-invalid="true"`)
		v.has(v.get("/licenses/"+other.ID.String()+"/mail?sender=sales%40acme.example"), 422, "There is no letter: it was revoked")
		v.has(v.get("/licenses/AAAA"), 404)

		v.has(v.get("/lookup"), 200, `name="statement"`)
		v.has(v.post("/lookup", "statement", "Dear all,\n"+v.request(3, "INV-2")), 200, "web3", "Other Ltd", "2 of 3 must match", "comparison code")
		v.has(v.post("/lookup", "statement", v.request(9, "NONE")), 200, "There is no invoice", "web9")
		v.has(v.post("/lookup", "statement", v.request(1, "INV-1")), 200, id)
		v.has(v.post("/lookup", "statement", "hello"), 422, `aria-invalid="true"`)
		if got := v.upload("/lookup", v.released(1, license)); got.to != "/activations/"+license.Activation {
			t.Errorf("got %+v", got)
		}
		if got := v.upload("/lookup", v.get("/licenses/"+id+"/file").body); got.to != "/licenses/"+id {
			t.Errorf("got %+v", got)
		}

		v.has(v.get("/customers"), 200, "Other Ltd", "Site Ltd", "/customers/a~1b")
		v.has(v.get("/customers?of=oth"), 200, "Other Ltd")
		v.has(v.get("/customers?of=ther"), 200, "No name begins so.")
		v.has(v.get("/customers?of=ther&everywhere=1"), 200, "Other Ltd")
		v.has(v.get("/customers?of=zzzz&everywhere=1"), 422, "knows no customer")
		v.has(v.get("/customers/Other%20Ltd"), 200, "Ends soon", "INV-2", "ops@site.example")
		if got := v.getAs("bob read", "/renewals"); strings.Contains(got.body, "Renew those") {
			t.Error("who may not sell is offered to renew")
		}
		v.has(v.get("/customers/a~1b"), 200, "INV/3")
		v.has(v.get("/customers/nobody"), 404, "Nothing was sold to")

		v.has(v.get("/renewals"), 200, "Other Ltd", "INV-2", soon.AddDate(0, 0, -1).Format(time.DateOnly), `name="invoice" value="INV-2"`)
		v.has(v.get("/renewals?days=-30"), 200, "Nothing ends in that time.")
		v.has(v.get("/ledger"), 200, "none is noted here yet: licensor audit")
		for _, n := range []desk.Note{
			{About: desk.NoteAudit, At: v.now().Add(-time.Hour), Said: "9 events: 2 findings"}, {About: desk.NoteBackup, At: v.now().AddDate(0, 0, -5), Good: true},
			{About: desk.NoteCheckpoint, At: v.now(), Good: true},
		} {
			if err := desk.Leave(t.Context(), v.at, v.where, n); err != nil {
				t.Fatal(err)
			}
		}
		v.has(v.get("/"), 200, `<span class="state state-ended">audit</span>`, "9 events: 2 findings", "that is long ago: licensor backup FILE", `<span class="state state-active">checkpoint</span>`)
		v.has(v.get("/ledger"), 200, "Care", "its delegation ends on", "No revocation list was signed yet.", other.ID.String())
	})
}

// TestBridges: a bridge that runs out soon is told, with what it waits for.
func TestBridges(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		v.sold("M-1", nil)
		old := v.active(1, "M-1")
		q, err := verify.OpenRequest([]byte(v.request(2, "M-1")))
		if err != nil {
			t.Fatal(err)
		}
		by := ledgertest.At(v.now())
		by.Why = "new hardware"
		bridge, err := v.service.Book.Move(t.Context(), by, "M-1", old.Activation, 7*24*time.Hour, q, v.activator.Issue(t.Context(), by))
		if err != nil {
			t.Fatal(err)
		}
		v.has(v.get("/"), 200, "Bridges run out within 14 days", "/activations/"+bridge.Activation, "the release of the old server, "+old.Activation+", is missing")
		v.has(v.get("/activations/"+bridge.Activation), 200, "bridge", "Cancel its move", `<a href="/release">record the release of the old server`)
	})
}

// TestNextPages: a list goes on where its page has ended, and each row is there once.
func TestNextPages(t *testing.T) {
	v := newVendor(t, "")
	for i := range 120 {
		v.sold(fmt.Sprintf("I-%03d", i), func(e *ledger.Entitlement) {
			e.Customer, e.Expires = fmt.Sprintf("Customer %03d", i), v.now().AddDate(0, 0, 1+i%20).Truncate(24*time.Hour)
		})
		v.waits(v.request(uint32(i), fmt.Sprint("I-", i)), fmt.Sprint("I-", i))
	}
	for path, want := range map[string]string{
		"/entitlements": "/entitlements/I-", "/customers": "/customers/Customer", "/renewals": `value="I-`, "/queue": "/queue/", "/entitlements?of=i-": "/entitlements/I-",
		"/entitlements?of=customer": "/entitlements/I-", "/customers?of=ustomer&everywhere=1": "/customers/Customer",
	} {
		rows, pages := 0, 0
		for path != "" {
			got := v.has(v.get(path), 200)
			rows, pages = rows+strings.Count(got.body, want), pages+1
			_, rest, more := strings.Cut(got.body, `<a class="button quiet" href="`)
			if path = ""; more {
				path, _, _ = strings.Cut(rest, `"`)
				path = strings.ReplaceAll(path, "&amp;", "&")
			}
		}
		if rows < 120 || pages < 3 {
			t.Errorf("%s: %d rows on %d pages", want, rows, pages)
		}
	}
}
