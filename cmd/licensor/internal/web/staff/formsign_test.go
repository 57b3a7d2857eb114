package staff_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/format"
)

// TestQueue: what waits is signed or refused, once, whoever is faster.
func TestQueue(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		v.sold("S-1", nil)
		w := v.waits(v.request(1, "S-1"), "S-1")
		path := "/queue/" + w.Number + "/sign"
		page := v.has(v.get(path), 200, "Bought beside asked", "Site Ltd", "web1", "machine: 2 of 3 must match", "Sign this license", `<th scope="col">Bought</th>`)
		form := v.hidden(page)
		// Two of the staff press at once, and the browser of one sends it twice.
		var wait sync.WaitGroup
		answers := make([]answer, 4)
		for i := range answers {
			wait.Go(func() { answers[i] = v.postAs([]string{"anna read sign", "bob read sign"}[i%2], path, form) })
		}
		wait.Wait()
		signed := ""
		for _, a := range answers {
			if a.status == 409 { // it was signed a moment ago, which is not noted yet
				v.has(a, 409, "Give out that license")
				continue
			}
			to, _, _ := strings.Cut(v.leads(a, "/licenses/", ""), "?")
			if signed != "" && to != signed {
				t.Errorf("got %s and %s", to, signed)
			}
			signed = to
		}
		if signed == "" {
			t.Error("nobody has signed")
		}
		v.leads(v.get(path), "/licenses/", "already")
		if n := v.clean(ledger.ActionSign); n != 1 {
			t.Errorf("%d licenses are on record", n)
		}
		if w, err := v.desk.Numbered(t.Context(), w.Number); err != nil || w.State != desk.Signed {
			t.Errorf("got %+v, %v", w, err)
		}

		other := v.waits(v.request(2, "S-1"), "S-1")
		path = "/queue/" + other.Number + "/refuse"
		form = v.hidden(v.has(v.get(path), 200, "web2", "the plan says so"))
		form.Set("say", " ")
		v.has(v.postAs(all, path, form), 422, `aria-invalid="true"`, `aria-describedby="error-say help-say"`, "This is missing.")
		form.Set("say", "Buy a seat first.")
		v.leads(v.postAs(all, path, form), "/queue/"+other.Number, "refused")
		v.leads(v.postAs(all, path, form), "/queue/"+other.Number, "already")
		form.Set("say", "No.")
		v.has(v.postAs("bob read sign", path, form), 422, "was refused by anna")
		v.has(v.postAs(all, "/queue/"+other.Number+"/sign", form), 422, "was refused by anna")
		v.has(v.get("/queue/AAAA-AAAA/sign"), 422, "No request has the number")
		if n := v.clean(ledger.ActionSign); n != 1 {
			t.Errorf("%d licenses are on record", n)
		}
	})
}

// TestSeen: what has changed since somebody looked is shown, and not signed.
func TestSeen(t *testing.T) {
	v := newVendor(t, "")
	v.sold("S-1", nil)
	w := v.waits(v.request(1, "S-1"), "S-1")
	path := "/queue/" + w.Number + "/sign"
	old := v.hidden(v.get(path))
	v.active(2, "S-1")
	page := v.has(v.postAs(all, path, old), 409, "changed since you looked", "3, 1 in use")
	if n := v.clean(ledger.ActionSign); n != 1 {
		t.Errorf("%d licenses are on record", n)
	}
	v.leads(v.postAs(all, path, v.hidden(page)), "/licenses/", "signed")
}

// TestSign: a request that is pasted, or sent as a file, in whatever carries it.
func TestSign(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		v.sold("S-1", nil)
		text := v.request(1, "S-1")
		v.has(v.get("/sign"), 200, `enctype="multipart/form-data"`, `<label for="statement">`, `<label for="file">`)
		v.has(v.post("/sign"), 422, "Nothing was given", `aria-invalid="true"`)
		v.has(v.post("/sign", "statement", "good morning", "why", "they asked"), 422, "good morning</textarea>", `value="they asked"`)
		v.has(v.post("/sign", "statement", v.request(1, "S-9")), 422, "rule: claim")
		v.has(v.post("/sign", "statement", "OLL1:AAAA"), 422)
		page := v.has(v.upload("/sign", "Dear all,\n\n> "+text+"\n"), 200, "Bought beside asked", "Sign this license")
		v.has(v.confirm(page, "/sign", "step", "edit"), 200, "</textarea>")
		v.leads(v.confirm(page, "/sign"), "/licenses/", "signed")
		v.leads(v.confirm(page, "/sign"), "/licenses/", "already")
		v.leads(v.post("/sign", "statement", text), "/licenses/", "already")
		if n := v.clean(ledger.ActionSign); n != 1 {
			t.Errorf("%d licenses are on record", n)
		}
	})
}

// TestBeyondTheKey: what the service's key may not sign is told, with who can.
func TestBeyondTheKey(t *testing.T) {
	v := newVendor(t, "")
	v.sold("S-2", func(e *ledger.Entitlement) { e.Seats = 2_000_000_000 })
	w := v.waits(v.request(2, "S-2"), "S-2")
	path := "/queue/" + w.Number + "/sign"
	v.has(v.confirm(v.get(path), path), 422, "The service's key may not sign this: it allows", "Sign it at the workstation: licensor queue sign "+w.Number)
}

// TestRelease: a release frees its seat, once.
func TestRelease(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		v.sold("S-1", nil)
		one, two := v.active(1, "S-1"), v.active(2, "S-1")
		page := v.has(v.post("/release", "statement", v.released(1, one)), 200, one.ID.String(), "web1", "Record this release")
		v.leads(v.confirm(page, "/release"), "/entitlements/S-1", "released")
		v.leads(v.confirm(page, "/release"), "/entitlements/S-1", "already")
		w := v.waits(v.released(2, two), "S-1")
		path := "/queue/" + w.Number + "/sign"
		page = v.has(v.get(path), 200, two.ID.String(), "Record this release")
		v.leads(v.confirm(page, path), "/entitlements/S-1", "released")
		v.leads(v.confirm(page, path), "/entitlements/S-1", "already")
		v.has(v.post("/release", "statement", v.released(3, one)), 422)
		v.has(v.post("/release", "statement", v.request(1, "S-1")), 422)
		if n := v.clean(ledger.ActionRelease); n != 2 {
			t.Errorf("%d releases are on record", n)
		}
	})
}

// TestWeaker: what is weaker than what was sold is not sold over the desk, and it says where.
func TestWeaker(t *testing.T) {
	v := newVendor(t, "")
	v.sold("S-1", nil)
	key := ledgertest.SiteKey(1)
	q, err := ledgertest.Request(key.Public(), func(q *format.Request) {
		q.Invoice, q.Account, q.Components = "S-1", format.AccountHash("S-1", "ops@site.example"), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w := v.waits(format.EncodeText(format.RequestBody, q.Body), "S-1")
	page := v.has(v.get("/queue/"+w.Number+"/sign"), 422, "rule: binding", "licensor queue sign "+w.Number+" --why TEXT")
	if strings.Contains(page.body, "<button>Sign") {
		t.Error("it can be pressed")
	}
	v.has(v.get("/queue/"+w.Number), 200, "rule: binding", `<a href="/entitlements/S-1/amend">Amend S-1</a>`)
	v.has(v.post("/queue/"+w.Number+"/sign", "why", "they asked"), 422, "rule: binding")
	if page := v.getAs("bob read", "/queue/"+w.Number); strings.Contains(page.body, "/amend") {
		t.Error("who may not sell is led to Amend")
	}
	v.has(v.post("/sign", "statement", w.Request), 422, "rule: binding", "licensor sign REQUEST --why TEXT")
}
