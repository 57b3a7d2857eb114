package door_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

// sold records the sale S-1.
func (h *house) sold() {
	h.Helper()
	e := ledgertest.Entitlement()
	e.Invoice = "S-1"
	by := ledgertest.By()
	by.NewNames = true
	if err := h.service.Entitle(h.Context(), by, e); err != nil {
		h.Fatal(err)
	}
}

// TestDoneByLink: the page after a form says what was done to whoever has done it, and no link of
// anybody makes it say so.
func TestDoneByLink(t *testing.T) {
	h := build(t, "")
	h.sold()
	h.user("anna", desk.Rights...)
	anna, again := h.in("anna"), h.in("anna")
	const said, path = `role="status">Suspended: nothing new is signed`, "/entitlements/S-1"
	for _, link := range []string{"?done=suspended", "?done=suspended&mark=", "?done=suspended&mark=AAAAAAAAAAAAAAAAAAAAAA"} {
		if got := anna.get(path + link); got.status != 200 || strings.Contains(got.body, said) {
			t.Errorf("%s: %d, and it says so", link, got.status)
		}
	}
	form := anna.get(path + "/suspend")
	_, seen, _ := strings.Cut(form.body, `name="seen" value="`)
	seen, _, _ = strings.Cut(seen, `"`)
	to := anna.post(path+"/suspend", url.Values{"seen": {seen}, "why": {"unpaid"}}).to()
	if got := anna.get(to); !strings.Contains(got.body, said) {
		t.Errorf("%s does not say so", to)
	}
	if got := anna.get(strings.Replace(to, "suspended", "canceled", 1)); strings.Contains(got.body, `role="status"`) {
		t.Error("the mark is good for another word")
	}
	if got := again.get(to); got.status != 200 || strings.Contains(got.body, said) {
		t.Error("the mark is good in another session")
	}
}

// TestKept: a form that was sent after the session had ended is kept with all that was typed, and
// opened again by who signs in; nothing is done by that.
func TestKept(t *testing.T) {
	h := build(t, "")
	h.sold()
	h.user("anna", desk.Rights...)
	anna := h.in("anna")
	h.later(9 * time.Hour)
	typed := url.Values{"invoice": {"S-2"}, "customer": {`Tired "& Sons`}, "seats": {"12"}, "why": {"by phone"}, "seen": {"x"}}
	for path, form := range map[string]url.Values{"/sell": typed, "/entitlements/S-1/suspend": {"why": {"by phone"}}, "/renewals": {"invoice": {"S-1", "S-3"}}} {
		got := anna.post(path, form)
		for name, values := range form {
			for _, value := range values {
				field := `name="` + name + `" value="` + strings.NewReplacer(`"`, "&#34;", "&", "&amp;").Replace(value) + `"`
				if strings.Contains(got.body, field) != (name != "seen") {
					t.Errorf("%s: %s", path, field)
				}
			}
		}
		if got.status != 403 || !strings.Contains(got.body, "nothing was done") || !strings.Contains(got.body, `action="`+path+`"`) {
			t.Errorf("%s: got %d %s", path, got.status, got.body)
		}
		back := h.in("anna")
		form = url.Values{"step": {"edit"}}
		for name, values := range typed {
			form[name] = values
		}
		if got := back.post(path, form); got.status != 200 && path != "/renewals" || path == "/sell" && !strings.Contains(got.body, `value="12"`) || !strings.Contains(got.body, `value="by phone"`) && path != "/renewals" {
			t.Errorf("%s: got %d %s", path, got.status, got.body)
		}
	}
	// What is no form of this site is not shown.
	if got := anna.post("/passkeys/remove", url.Values{"id": {"x"}}); got.to() != "/sign-in?ended" {
		t.Errorf("got %d %s", got.status, got.to())
	}
	if h, err := h.service.Holding(t.Context(), "S-1"); err != nil || h.Standing != "" {
		t.Errorf("%v, %+v", err, h)
	}
}

// TestTooLong: what is longer than a form takes is told as that.
func TestTooLong(t *testing.T) {
	h := build(t, "")
	h.user("anna", desk.Rights...)
	got := h.in("anna").post("/sell", url.Values{"why": {strings.Repeat("x", 2<<20)}})
	if got.status != 422 || !strings.Contains(got.body, "too long") || !strings.Contains(got.body, "fewer words") {
		t.Errorf("got %d %.2000s", got.status, got.body)
	}
}
