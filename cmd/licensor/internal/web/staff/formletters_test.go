package staff_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// TestLetters: mails are written and not sent.
func TestLetters(t *testing.T) {
	v := newVendor(t, "")
	v.sold("S-1", nil)
	v.sold("S-2", func(e *ledger.Entitlement) { e.Customer, e.Email = "Other GmbH", "a@other.example" })
	v.has(v.get("/letters"), 404, "Nothing was chosen")
	v.has(v.get("/letters?invoice=S-1"), 200, "Your address")
	v.has(v.get("/letters?invoice=S-1&sender=acme"), 422, `aria-invalid="true"`, `value="acme"`)
	query := url.Values{"invoice": {"S-1", "S-2"}, "sender": {"Acme Sales <sales@acme.example>"}}
	page := v.has(v.get("/letters?"+query.Encode()), 200, "ops@site.example", "a@other.example", "S-1", "Download this mail")
	link := page.body[strings.Index(page.body, "/letters/mail?"):]
	v.has(v.get(unescape(link[:strings.Index(link, `"`)])), 200, "From: ", "sales@acme.example", "Subject: ")
	query["invoice"] = []string{"S-1", "S-9"}
	v.has(v.get("/letters?"+query.Encode()), 422, "S-9")
	v.has(v.get("/letters/mail?"+query.Encode()), 422, "S-9")
}
