package staff_test

import (
	"encoding/xml"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/format"
)

// What somebody may have written into any name and note, in the hope that a page takes it for its own.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=x()>`, `' onfocus='x()`, `</textarea><b>`, `</title><b>`, "javascript:x()", `{{.}}`, "a/../b", "..", "~1/", "?done=signed", "#x", "%3Cb%3E", `\`, "é z",
}

// hidden is in no name and in no event, which take none; what is told to a customer may have it.
const hidden = "\u202e\x1b[31m\u2066\r"

// TestStoredScripts: a page shows each name and note as the text that it is, and leads to the
// page of what is called so.
func TestStoredScripts(t *testing.T) {
	v := newVendor(t, "")
	for i, bad := range hostile {
		// An invoice has at most 32 bytes, and no other one of that spelling.
		invoice := bad
		if len(invoice) > 30 {
			invoice = invoice[:30]
		}
		if invoice = format.InvoiceForm(invoice); invoice == "" {
			invoice = "X-" + string(rune('A'+i))
		}
		v.sold(invoice, func(e *ledger.Entitlement) {
			e.Customer, e.Expires = bad, v.now().AddDate(0, 0, 9).Truncate(24*time.Hour)
		})
		q := func(n uint32) string {
			return requestWith(v, n, invoice, "ops@site.example", func(q *format.Request) { q.Host, q.Site = bad, bad })
		}
		license := v.activeWith(q(uint32(2 * i)))
		if _, err := v.service.RevokeActivation(t.Context(), ledgertest.Because(bad), license.Activation); err != nil {
			t.Fatal(err)
		}
		text := q(uint32(2*i + 1))
		w := v.waits(text, invoice)
		other := v.waits(v.request(uint32(100+i), invoice+"0"), bad)
		if err := v.desk.Settle(t.Context(), other.Number, desk.Refused, bad+hidden, "anna", v.now()); err != nil {
			t.Fatal(err)
		}
		find := url.QueryEscape(bad)
		for path, named := range map[string]bool{
			"/": false, "/queue": true, "/queue?state=refused": true, "/queue/" + w.Number: true, "/queue/" + other.Number: true,
			"/entitlements": true, "/entitlements?of=" + find + "&after=eA": false, "/entitlements?of=zz" + find: false, "/entitlements?of=zz" + find + "&everywhere=1": false, "/entitlements?product=" + find: false,
			page.Path("entitlements", invoice): true, "/activations/" + license.Activation: true, "/licenses/" + license.ID.String(): true,
			"/licenses/" + license.ID.String() + "/mail?sender=" + find: true, "/licenses/" + url.PathEscape(bad): false,
			"/customers": true, "/customers?of=zz" + find: false, page.Path("customers", bad): true, page.Path("customers", bad+"z"): false, "/renewals": true, "/ledger": true,
			"/queue/" + page.Path(bad)[1:]: false, "/activations" + page.Path(bad): false,
		} {
			got := v.get(path)
			if got.status >= 500 || got.status == 301 {
				t.Errorf("%s: %d to %s", path, got.status, got.to)
			}
			wantPlain(t, path, got.body)
			if named && !strings.Contains(unescaped(got.body), bad) {
				t.Errorf("%s does not name %q: %d", path, bad, got.status)
			}
		}
		wantPlain(t, "lookup", v.has(v.post("/lookup", "statement", text), 200, bad).body)
	}
}

// wantPlain wants no element and no attribute on a page that its templates do not have, and no
// character that is seen nowhere and changes how the others are read.
func wantPlain(t *testing.T, path, body string) {
	t.Helper()
	if strings.HasPrefix(body, "MIME-Version") {
		return // a mail, for a mail program
	}
	if i := strings.IndexFunc(body, func(c rune) bool { return c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c)) }); i >= 0 {
		t.Errorf("%s has a hidden character: %q", path, body[i:min(len(body), i+20)])
	}
	d := xml.NewDecoder(strings.NewReader(body))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		token, err := d.Token()
		if err != nil {
			if err != io.EOF {
				t.Errorf("%s: %v", path, err)
			}
			return
		}
		e, is := token.(xml.StartElement)
		if !is {
			continue
		}
		if slices.Contains([]string{"script", "img", "b", "style"}, strings.ToLower(e.Name.Local)) {
			t.Errorf("%s has an element %s", path, e.Name.Local)
		}
		for _, a := range e.Attr {
			name := strings.ToLower(a.Name.Local)
			if strings.HasPrefix(name, "on") || name == "style" || strings.Contains(a.Value, "ZgotmplZ") {
				t.Errorf("%s has %s %s=%q", path, e.Name.Local, name, a.Value)
			}
			if (name == "href" || name == "action") && !strings.HasPrefix(a.Value, "/") && !strings.HasPrefix(a.Value, "#") {
				t.Errorf("%s leads to %q", path, a.Value)
			}
		}
	}
}
