package staff_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/format"
)

// TestStates: the sales of a state, as they are called in a list, and no others.
func TestStates(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		today := v.now().Truncate(24 * time.Hour)
		ends := func(days int) func(*ledger.Entitlement) {
			return func(e *ledger.Entitlement) { e.Expires, e.GraceDays = today.AddDate(0, 0, days), 14 }
		}
		v.sold("A-ACTIVE", ends(40))
		v.sold("B-FOREVER", func(e *ledger.Entitlement) { e.Expires, e.GraceDays = time.Time{}, 0 })
		v.sold("C-GRACE", ends(3))
		v.sold("D-ENDED", ends(2))
		v.sold("E-WAITS", ends(40))
		if _, _, err := v.service.SetStanding(t.Context(), ledgertest.Because("unpaid"), "E-WAITS", ledger.StandingSuspended); err != nil {
			t.Fatal(err)
		}
		v.later(10 * 24 * time.Hour)
		v.sold("F-STANDBY", func(e *ledger.Entitlement) { e.Type, e.EmergencyDays = ledger.TypeFailover, 10 })
		all := []string{"A-ACTIVE", "B-FOREVER", "C-GRACE", "D-ENDED", "E-WAITS", "F-STANDBY"}
		for state, want := range map[string]string{
			"active": "A-ACTIVE B-FOREVER", "standby": "F-STANDBY", "grace": "C-GRACE D-ENDED", "suspended": "E-WAITS", "ended": "", "canceled": "", "": strings.Join(all, " "),
		} {
			page := v.has(v.get("/entitlements?state="+state), 200)
			for _, invoice := range all {
				if strings.Contains(page.body, ">"+invoice+"<") != strings.Contains(want, invoice) {
					t.Errorf("state %q: %s", state, invoice)
				}
			}
		}
		v.later(7 * 24 * time.Hour)
		v.has(v.get("/entitlements?state=ended"), 200, "C-GRACE", "D-ENDED", "In the order of their ends", `<option value="ended" selected>`)
		v.has(v.get("/entitlements?state=ended&after=eA"), 200, "C-GRACE")
		v.has(v.get("/renewals?days=-30&after=eA"), 200, "C-GRACE")
		v.has(v.get("/entitlements?state=closed"), 422, `No sale has the state "closed"`)
	})
}

// TestFindRequest: what waits is found by what its customer reads out on the phone.
func TestFindRequest(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		v.sold("S-1", nil)
		w := v.waits(v.request(1, "S-1"), "S-1")
		for _, of := range []string{w.Number, strings.ToLower(w.Number), desk.ViewOf(w).Code, strings.ReplaceAll(desk.ViewOf(w).Code, "-", "")} {
			if got := v.get("/entitlements?of=" + of); got.to != "/queue/"+w.Number {
				t.Errorf("%s leads to %d %s", of, got.status, got.to)
			}
		}
	})
}

// TestOvertaken: a server whose first request waits has made another one, and has its license.
func TestOvertaken(t *testing.T) {
	v := newVendor(t, "")
	v.sold("S-1", nil)
	at := func(hours int64) string {
		return requestWith(t, 1, "S-1", "ops@site.example", func(q *format.Request) { q.Time += hours * 3600 })
	}
	older, newer := v.waits(at(0), "S-1"), v.waits(at(2), "S-1")
	license := v.activeWith(at(1))
	path := "/queue/" + older.Number
	page := v.has(v.get(path), 200, "Its server has made another request since", license.ID.String(), "Give out that license")
	if to := v.leads(v.confirm(page, path+"/sign"), "/licenses/", "signed"); !strings.Contains(to, license.ID.String()) {
		t.Errorf("got %s", to)
	}
	v.has(v.get("/queue"), 200, newer.Number)
	if v.has(v.get(path), 200); strings.Contains(v.get("/queue").body, older.Number) {
		t.Error("it waits still")
	}
	v.has(v.get("/queue/"+newer.Number), 200, "Sign this license")
	if n := v.clean(ledger.ActionSign); n != 1 {
		t.Errorf("%d licenses are on record", n)
	}
}

// TestRenewWrongly: where nothing that was chosen can be renewed so, the form says why and has what
// was typed; what was chosen twice is renewed once.
func TestRenewWrongly(t *testing.T) {
	v := newVendor(t, "")
	v.sold("S-1", nil)
	v.sold("S-2", nil)
	choose := func(invoices ...string) url.Values {
		return v.form(v.has(v.postAs(all, "/renewals", url.Values{"invoice": invoices}), 200))
	}
	for _, test := range []struct {
		invoices []string
		expires  string
		want     []string
	}{
		{[]string{"S-1"}, "2020-01-01", []string{`value="2020-01-01"`, `value="by phone"`, "2020-01-01"}},
		{[]string{"S-1", "S-2"}, "2020-01-01", []string{"None of these can be renewed so.", "What is left as it is", `value="2020-01-01"`, `value="by phone"`}},
		{[]string{"S-9"}, "1y", []string{`"S-9"`, `value="by phone"`}},
	} {
		sent := choose(test.invoices...)
		sent.Set("expires", test.expires)
		sent.Set("why", "by phone")
		v.has(v.postAs(all, "/renewals", sent), 422, test.want...)
	}
	sent := choose("S-1", "S-2", "S-1")
	page := v.has(v.postAs(all, "/renewals", sent), 200, "Renew 2 sales")
	done := v.leads(v.confirm(page, "/renewals"), "/renewals/done?", "")
	v.has(v.get(done), 200, "Renewed: 2")
	// Nobody else's link says so.
	if got := v.get("/renewals/done?renewed=S-1"); got.status != 303 || got.to != "/renewals" {
		t.Errorf("got %d %s", got.status, got.to)
	}
	if n := v.clean(ledger.ActionRenew); n != 2 {
		t.Errorf("%d renewals are on record", n)
	}
}

// TestTypedAgain: what is typed again to confirm may be in small letters.
func TestTypedAgain(t *testing.T) {
	v := newVendor(t, "")
	v.sold("S-1", nil)
	license := v.active(1, "S-1")
	path := "/activations/" + license.Activation + "/revoke"
	page := v.get(path)
	v.has(v.confirm(page, path, "why", "lost", "again", "S-1"), 422, "This is not the activation of this page.")
	v.leads(v.confirm(page, path, "why", "lost", "again", strings.ToLower(license.Activation)), "/activations/", "revoked")
}

// TestWorkstation: what no page does is said where one would look for it, as it is typed.
func TestWorkstation(t *testing.T) {
	v := newVendor(t, "")
	v.sold("S-1", nil)
	for path, want := range map[string][]string{
		"/customers/Site%20Ltd": {"licensor customer rename 'Site Ltd' NEW-NAME --why TEXT", "licensor customer 'Site Ltd' --partner --why TEXT", "licensor customer forget ADDRESS"},
		"/entitlements/S-1":     {"licensor customer transfer S-1 NAME --email ADDRESS --out DIR --why TEXT"},
	} {
		v.has(v.get(path), 200, want...)
		if strings.Contains(v.getAs("bob read", path).body, "licensor customer") {
			t.Errorf("%s says it to who may not sell", path)
		}
	}
	v.has(v.get("/ledger"), 200, "licensor revoke --key KEY --why TEXT")
}
