package staff_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
)

// product records what evoq is, with plans.
func (v *vendor) product() {
	v.Helper()
	p, err := service.ParseProduct([]byte(`name = "evoq"

[[edition]]
name = "engage"
type = "production"
expires = "12m"
grace = "14d"
features = ["sso"]
limits = { cores = 16 }

[edition.types.evaluation]
expires = "30d"
grace = "none"
`))
	if err != nil {
		v.Fatal(err)
	}
	if _, err := v.service.SetProduct(v.Context(), ledgertest.By(), p, false); err != nil {
		v.Fatal(err)
	}
}

var sale = []string{"invoice", "S-1", "customer", "Site Ltd", "email", "ops@site.example", "product", "evoq", "edition", "engage",
	"type", "production", "seats", "2", "expires", "12m", "grace", "14d", "features", "sso", "limits", "cores=16", "binding", "machine", "why", "by phone"}

// changed are fields with some that are different.
func changed(fields []string, other ...string) []string {
	form := values(fields)
	for i := 0; i < len(other); i += 2 {
		form.Set(other[i], other[i+1])
	}
	var all []string
	for name, value := range form {
		all = append(all, name, value[0])
	}
	return all
}

// TestSell: a sale from a plan is recorded once, whoever presses how often.
func TestSell(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		v.product()
		page := v.has(v.get("/sell"), 200, "evoq engage, production", "evoq engage, evaluation")
		path := page.body[strings.Index(page.body, "/sell?"):]
		path = strings.ReplaceAll(path[:strings.Index(path, `"`)], "&amp;", "&")
		v.has(v.get(path), 200, `name="expires" value="12m"`, `name="grace" value="14d"`, `name="features" value="sso"`, `<option value="production" selected>`)
		v.has(v.get("/sell?product=evoq&edition=engage&type=evaluation"), 200, `name="expires" value="30d"`, `name="grace" value=""`)
		// What is missing or wrong is told at its field, and what was typed is kept.
		v.has(v.post("/sell", changed(sale, "email", "ops", "customer", "", "limits", "cores")...), 422,
			`value="ops"`, `id="error-customer"`, `id="error-email"`, `id="error-limits"`, "This is missing.", `value="S-1"`)
		v.has(v.post("/sell", changed(sale, "email", "ops", "limits", "cores")...), 422,
			`aria-describedby="error-email help-email"`, "Want an address like ops@site.example.", "Want NAME=NUMBER like cores=16.")
		v.has(v.post("/sell", changed(sale, "type", "nfr")...), 422, "rule: partner")

		first := v.has(v.post("/sell", sale...), 200, "What is sold", "until 2027-11-20, then 14 days of grace", "Record this sale", `name="expires" value="2027-11-20"`)
		form := v.hidden(first)
		var wait sync.WaitGroup
		for i := range 4 {
			wait.Go(func() {
				v.leads(v.postAs([]string{"anna read sell", "bob read sell"}[i%2], "/sell", form), "/entitlements/S-1?", "")
			})
		}
		wait.Wait()
		v.leads(v.post("/sell", changed(sale, "expires", "2027-11-20")...), "/entitlements/S-1", "already")
		v.has(v.post("/sell", changed(sale, "seats", "9")...), 422, "S-1", `href="/entitlements?of=S-1"`)
		// Two sell different things under one invoice.
		one := v.hidden(v.has(v.post("/sell", changed(sale, "invoice", "S-2")...), 200))
		two := v.hidden(v.has(v.post("/sell", changed(sale, "invoice", "S-2", "seats", "7")...), 200))
		v.leads(v.postAs(all, "/sell", one), "/entitlements/S-2", "sold")
		v.has(v.postAs(all, "/sell", two), 422, "S-2", `value="7"`)
		// A name that the product does not have is asked about.
		page = v.has(v.post("/sell", changed(sale, "invoice", "S-3", "features", "ssoo")...), 200, `did you mean`, "sold as it is typed")
		v.leads(v.confirm(page, "/sell"), "/entitlements/S-3", "sold")
		if n := v.clean(ledger.ActionEntitle); n != 3 {
			t.Errorf("%d sales are on record", n)
		}
	})
}

// TestHead: what asks for the head of a page changes nothing, whatever it sends along.
func TestHead(t *testing.T) {
	v := newVendor(t, "")
	form := v.hidden(v.has(v.post("/sell", sale...), 200)).Encode()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, v.server.URL+"/sell?"+form, nil)
	if err != nil {
		t.Fatal(err)
	}
	v.has(v.send(r, all), 200)
	if n := v.clean(ledger.ActionEntitle); n != 0 {
		t.Errorf("%d sales are on record", n)
	}
}

// TestSellFreely: with no products, anything is sold, and said to be unchecked.
func TestSellFreely(t *testing.T) {
	v := newVendor(t, "")
	v.has(v.get("/sell"), 200, `<label for="invoice">`, `name="seats" value="1"`)
	v.leads(v.confirm(v.has(v.post("/sell", sale...), 200, "no name is checked"), "/sell"), "/entitlements/S-1", "sold")
}

// form are the fields of a page as a browser would send them.
func (v *vendor) form(a answer) url.Values {
	v.Helper()
	form := make(url.Values)
	for _, tag := range strings.Split(v.has(a, 200).body, "<input ")[1:] {
		name, value := attribute(tag, "name"), attribute(tag, "value")
		if kind := attribute(tag, "type"); name != "" && kind != "file" && (kind != "checkbox" || strings.Contains(tag[:strings.Index(tag, ">")], " checked")) {
			form.Set(name, value)
		}
	}
	for _, tag := range strings.Split(a.body, "<select ")[1:] {
		tag = tag[:strings.Index(tag, "</select>")]
		chosen := tag[strings.Index(tag, "<option"):]
		if i := strings.Index(tag, " selected>"); i >= 0 {
			chosen = tag[strings.LastIndex(tag[:i], "<option"):]
		}
		form.Set(attribute(tag, "name"), attribute(chosen, "value"))
	}
	return form
}

func attribute(tag, name string) string {
	tag = " " + tag
	if end := strings.Index(tag, ">"); end >= 0 {
		tag = tag[:end]
	}
	_, rest, found := strings.Cut(tag, " "+name+`="`)
	if !found {
		return ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	return unescape(value)
}

// TestCorrect: what was recorded wrong is shown before and after; what somebody else has
// changed meanwhile stays.
func TestCorrect(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		v.sold("S-1", nil)
		path := "/entitlements/S-1/correct"
		form, other := v.form(v.get(path)), v.form(v.get(path))
		v.has(v.postAs(all, path, form), 422, "This is missing.")
		form.Set("why", "typed wrong")
		v.has(v.postAs(all, path, form), 422, "Nothing is different")
		form.Set("seats", "5")
		page := v.has(v.postAs(all, path, form), 200, "3 -> 5", "Correct it")
		v.leads(v.confirm(page, path), "/entitlements/S-1", "corrected")
		v.leads(v.confirm(page, path), "/entitlements/S-1", "already")
		// A form that was opened before.
		other.Set("why", "wrong name")
		other.Set("customer", "Site AG")
		page = v.has(v.postAs("bob read sell", path, other), 409, "This has changed since you opened the form", `name="seats" value="5"`, `value="Site AG"`)
		page.status = 200
		page = v.has(v.postAs("bob read sell", path, v.form(page)), 200, "Site Ltd", "Site AG")
		old := v.hidden(page)
		form = v.form(v.get(path))
		form.Set("why", "x")
		form.Set("seats", "6")
		v.leads(v.confirm(v.postAs(all, path, form), path), "/entitlements/S-1", "corrected")
		v.has(v.postAs("bob read sell", path, old), 409, "This has changed since you opened the form", `name="seats" value="6"`)
		v.has(v.get("/entitlements/S-9/correct"), 422, "S-9")
		// Once somebody is active it is amended, and the page leads there.
		v.active(1, "S-1")
		form = v.form(v.get(path))
		form.Set("why", "the order says four")
		form.Set("seats", "4")
		v.has(v.postAs(all, path, form), 422, "rule: signed", `href="/entitlements/S-1/amend"`)
		if n := v.clean(ledger.ActionCorrect); n != 2 {
			t.Errorf("%d corrections are on record", n)
		}
	})
}

// TestRace: of those who change a sale at once, each from what was there before, one wins, and
// the others are shown what it is now.
func TestRace(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		const invoice = "S/1.~a" // any name will do
		v.sold(invoice, nil)
		path := page.Path("entitlements", invoice, "correct")
		var forms []url.Values
		for _, seats := range []string{"4", "5", "6", "7"} {
			form := v.form(v.get(path))
			form.Set("why", "typed wrong")
			form.Set("seats", seats)
			forms = append(forms, v.hidden(v.has(v.postAs(all, path, form), 200)))
		}
		var wait sync.WaitGroup
		answers := make([]answer, len(forms))
		for i := range forms {
			wait.Go(func() { answers[i] = v.postAs(all, path, forms[i]) })
		}
		wait.Wait()
		won := 0
		for _, a := range answers {
			if a.status == 303 {
				won++
			} else {
				v.has(a, 409, "changed since")
			}
		}
		if n := v.clean(ledger.ActionCorrect); n != 1 || won != 1 {
			t.Errorf("%d corrections are on record, %d have won", n, won)
		}
	})
}

// TestAmendAndRenew: new licenses are signed for who is active, once, or when they ask again.
func TestAmendAndRenew(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		v.sold("S-1", nil)
		v.active(1, "S-1")
		form := v.form(v.get("/entitlements/S-1/amend"))
		form.Set("limits", "cores=8")
		page := v.has(v.postAs(all, "/entitlements/S-1/amend", form), 200, "cores=16 -> cores=8", "Amend it and sign 1 license", "The earlier licenses grant what they did")
		v.leads(v.confirm(page, "/entitlements/S-1/amend"), "/entitlements/S-1", "amended")
		v.leads(v.confirm(page, "/entitlements/S-1/amend"), "/entitlements/S-1", "already")

		path := "/entitlements/S-1/renew"
		v.has(v.get(path), 200, `name="expires" value="1y"`, "until 2027-11-21")
		v.has(v.post(path), 422, "The new end is missing", `aria-invalid="true"`)
		v.has(v.post(path, "expires", "soon", "from", "then"), 422, "Want a date like 2027-11-21, or a time like 12m, 1y or 30d.", `value="then"`)
		form = v.form(v.get(path))
		page = v.has(v.postAs(all, path, form), 200, "until 2028-11-21", `name="expires" value="2028-11-21"`, "Renew it and sign 1 license")
		v.leads(v.confirm(page, path), "/entitlements/S-1", "renewed")
		v.leads(v.confirm(page, path), "/entitlements/S-1", "already")
		// Back to the form, or in another window: a year is not added once more unawares.
		page = v.has(v.postAs(all, path, form), 409, "changed since you opened the form", "until 2028-11-21", `name="expires" value="1y"`)
		v.has(v.postAs(all, path, v.form(answer{status: 200, body: page.body})), 200, "until 2029-11-21", "Renew it and sign 1 license")
		// Who may not sign renews all the same.
		page = v.has(v.postAs("bob read sell", path, values([]string{"expires", "1y"})), 200, "each is signed when its request comes again", "Renew it<")
		v.leads(v.postAs("bob read sell", path, v.hidden(page)), "/entitlements/S-1", "renewed")
		page = v.has(v.post(path, "perpetual", "yes", "later", "yes"), 200, "perpetual")
		v.leads(v.confirm(page, path), "/entitlements/S-1", "renewed")
		if n := v.clean(ledger.ActionRenew); n != 3 {
			t.Errorf("%d renewals are on record", n)
		}
	})
}

// TestStanding: a sale is suspended, resumed and canceled, the last with its name typed again.
func TestStanding(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		v.sold("S-1", nil)
		v.active(1, "S-1")
		do := func(verb string, fields ...string) answer {
			t.Helper()
			path := "/entitlements/S-1/" + verb
			return v.confirm(v.get(path), path, fields...)
		}
		v.has(do("suspend"), 422, "This is missing.", `aria-invalid="true"`)
		v.leads(do("suspend", "why", "not paid"), "/entitlements/S-1", "suspended")
		v.leads(v.get("/entitlements/S-1/suspend"), "/entitlements/S-1", "already")
		v.has(v.post("/sign", "statement", v.request(2, "S-1")), 422, "rule: standing", `href="/entitlements/S-1/resume"`)
		v.leads(do("resume", "why", "paid"), "/entitlements/S-1", "resumed")
		v.has(do("cancel", "why", "sent back", "again", "S-2"), 422, "This is not the invoice of this page.", `value="sent back"`)
		v.leads(do("cancel", "why", "sent back", "again", "S-1"), "/entitlements/S-1", "canceled")
		v.has(v.get("/entitlements/S-1/resume"), 422, "was canceled, for good")
		if n := v.clean(ledger.ActionCancel); n != 1 {
			t.Errorf("%d", n)
		}
	})
}
