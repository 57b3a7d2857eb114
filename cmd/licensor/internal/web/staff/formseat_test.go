package staff_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// TestDeactivate: a lost server's seat is freed once, with a reason.
func TestDeactivate(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		v.sold("S-1", nil)
		a := v.active(1, "S-1").Activation
		path := "/activations/" + a + "/deactivate"
		page := v.has(v.get(path), 200, "web1", "Site Ltd", "Free the seat of this server")
		v.has(v.confirm(page, path), 422, "This is missing.", `aria-invalid="true"`)
		v.leads(v.confirm(page, path, "why", "it burned"), "/activations/"+a, "deactivated")
		v.leads(v.confirm(page, path, "why", "it burned"), "/activations/"+a, "already")
		v.has(v.get("/activations/AAAA/deactivate"), 422, "There is no activation")
		if n := v.clean(ledger.ActionDeactivate); n != 1 {
			t.Errorf("%d", n)
		}
	})
}

// TestReactivate: the successor of a lost server gets its seat in one step.
func TestReactivate(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		v.sold("S-1", func(e *ledger.Entitlement) { e.Seats = 1 })
		a := v.active(1, "S-1").Activation
		path := "/activations/" + a + "/reactivate"
		v.has(v.get(path), 200, "web1")
		v.has(v.post(path, "why", "it burned"), 422, "Nothing was given", `value="it burned"`)
		v.has(v.post(path, "statement", v.request(2, "S-1")), 422, "This is missing.", "</textarea>")
		page := v.has(v.post(path, "statement", v.request(2, "S-1"), "why", "it burned"), 200, "web1", "web2", "Free that seat and sign for its successor")
		to := v.leads(v.confirm(page, path), "/licenses/", "reactivated")
		if again := v.leads(v.confirm(page, path), "/licenses/", "already"); strings.Split(again, "?")[0] != strings.Split(to, "?")[0] {
			t.Errorf("got %s, want %s", again, to)
		}
		v.has(v.post(path, "statement", v.request(3, "S-1"), "why", "it burned"), 422, "is not active any more")
		if n := v.clean(ledger.ActionSign); n != 2 {
			t.Errorf("%d", n)
		}
	})
}

// TestMove: a new server runs beside the old one, until the release of that.
func TestMove(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		v.sold("S-1", func(e *ledger.Entitlement) { e.Seats = 1 })
		old := v.active(1, "S-1")
		path := "/activations/" + old.Activation + "/move"
		v.has(v.get(path), 200, `name="overlap" value="14d"`)
		for _, overlap := range []string{"a while", "90d", "0d"} {
			v.has(v.post(path, "statement", v.request(2, "S-1"), "why", "new rack", "overlap", overlap), 422, `id="error-overlap"`, `value="`+overlap+`"`)
		}
		page := v.has(v.post(path, "statement", v.request(2, "S-1"), "why", "new rack", "overlap", "7d"), 200, "web2", "7d", "Let both servers run that long")
		v.leads(v.confirm(page, path), "/licenses/", "moved")
		v.leads(v.confirm(page, path), "/licenses/", "already")
		page = v.has(v.post("/release", "statement", v.released(1, old)), 200)
		v.leads(v.confirm(page, "/release"), "/licenses/", "released")
		v.clean(ledger.ActionMove)
	})
}

// TestSuccessorIsActive: a server that has a seat of its own succeeds no other one.
func TestSuccessorIsActive(t *testing.T) {
	v := newVendor(t, "")
	v.sold("S-1", nil)
	path := "/activations/" + v.active(1, "S-1").Activation
	second := v.active(2, "S-1")
	page := v.has(v.post(path+"/move", "statement", v.request(2, "S-1"), "why", "new rack", "overlap", "7d"), 200, "a seat of its own")
	v.has(v.confirm(page, path+"/move"), 422, "rule: move")
	page = v.has(v.post(path+"/reactivate", "statement", v.request(2, "S-1"), "why", "it burned"), 200, "a seat of its own")
	v.leads(v.confirm(page, path+"/reactivate"), "/licenses/"+second.ID.String(), "reactivated")
	if n := v.clean(ledger.ActionSign); n != 2 {
		t.Errorf("%d licenses", n)
	}
}

// TestUnbound: one license for any machine, for each name.
func TestUnbound(t *testing.T) {
	v := newVendor(t, "")
	v.sold("S-1", func(e *ledger.Entitlement) { e.Binding = "any" })
	path := "/entitlements/S-1/sign-unbound"
	page := v.get(path)
	to := v.leads(v.confirm(page, path, "name", "branch 1"), "/licenses/", "signed")
	v.later(time.Minute)
	if again := v.leads(v.confirm(page, path, "name", "branch 1"), "/licenses/", "already"); strings.Split(again, "?")[0] != strings.Split(to, "?")[0] {
		t.Errorf("got %s, want %s", again, to)
	}
	v.clean(ledger.ActionSign)
}

// TestRenewMany: what was chosen is shown, renewed once, and told of each.
func TestRenewMany(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		for _, invoice := range []string{"S-1", "S-2", "S-3"} {
			v.sold(invoice, nil)
		}
		v.active(1, "S-1")
		form := values([]string{"invoice", "S-1", "invoice", "S-2", "invoice", "S-9"})
		page := v.has(v.postAs(all, "/renewals", form), 200, "Renew 3 sales", "S-1, S-2, S-9", `name="expires" value="1y"`)
		if strings.Contains(page.body, "wrong") {
			t.Error("something is wrong before anything was typed")
		}
		sent := v.form(page)
		sent.Set("expires", "")
		sent.Set("updates_until", "")
		v.has(v.postAs(all, "/renewals", sent), 422, "The new end is missing")
		sent.Set("expires", "1y")
		page = v.has(v.postAs(all, "/renewals", sent), 200, "2027-11-21 -> 2028-11-21", "Renew 2 sales and sign 1 license", "S-9")
		to := v.leads(v.confirm(page, "/renewals"), "/renewals/done?", "")
		v.has(v.get(to), 200, "Renewed: 2", "Left as they are: 1", "refused", "2028-11-21")
		v.has(v.confirm(page, "/renewals"), 303)
		v.has(v.postAs(all, "/renewals", sent), 303)
		v.has(v.postAs(all, "/renewals", values([]string{"days", "30"})), 404, "Nothing was chosen")
		v.has(v.postAs("bob read", "/renewals", form), 403)
		if n := v.clean(ledger.ActionRenew); n != 2 {
			t.Errorf("%d renewals are on record", n)
		}
	})
}

// TestRenewBroken: a run that breaks off says so, and the same again does the rest.
func TestRenewBroken(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		for i, invoice := range []string{"S-1", "S-2", "S-3"} {
			v.sold(invoice, nil)
			v.active(uint32(i), invoice)
		}
		page := v.has(v.postAs(all, "/renewals", values([]string{"invoice", "S-1", "invoice", "S-2", "invoice", "S-3"})), 200)
		preview := v.has(v.postAs(all, "/renewals", v.form(page)), 200, "Renew 3 sales and sign 3 licenses")
		v.most = new(atomic.Int64)
		v.most.Store(2)
		v.has(v.confirm(preview, "/renewals"), 422, "as many licenses in an hour as it may", "what was renewed is on record, and the same again does the rest")
		v.most.Store(100)
		v.has(v.confirm(preview, "/renewals"), 409, "changed since you looked", "Renew 1 sale and sign 1 license")
		rest := v.has(v.postAs(all, "/renewals", v.form(page)), 200, "Renew 1 sale and sign 1 license", "What is left as it is")
		v.has(v.get(v.leads(v.confirm(rest, "/renewals"), "/renewals/done?", "")), 200, "Renewed: 1", "Left as they are: 2")
		if n := v.clean(ledger.ActionRenew); n != 3 {
			t.Errorf("%d renewals are on record", n)
		}
	})
}
