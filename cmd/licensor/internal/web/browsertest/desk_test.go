package browsertest

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// desk is the staff's browser over a vendor's service.
type desk struct {
	*tab
	house   *house
	service *service
}

// newDesk has anna sign in by a link, at a vendor that sells the product of an example.
func newDesk(t testing.TB) *desk {
	t.Helper()
	h := newHouse(t)
	h.run(licensor, "product", "--home", "V", "add", "--example", "cms")
	h.run(licensor, "desk", "user", "add", "anna", "--home", "V", "--right", "read,sell,sign,revoke")
	d := &desk{open(t), h, h.serve("--public", "127.0.0.1:0")}
	d.signIn(h.login("anna"))
	d.want("anna", "Overview")
	return d
}

// saved is what is at a path of the site, as a person saves it.
func (b *tab) saved(path string) string {
	b.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`fetch(`+quote(path)+`).then(r => r.ok ? r.text() : Promise.reject(r.status))`, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("%s: %v", path, err)
	}
	return text
}

// saves is what the link with such an address saves.
func (b *tab) saves(end string) string {
	b.Helper()
	return b.saved(value[string](b, `document.querySelector("a[href$='`+end+`']").getAttribute("href")`))
}

// sale opens the page of a sale, as a person finds it.
func (d *desk) sale(invoice string) {
	d.Helper()
	d.link("Sales")
	d.fill("#of", invoice)
	d.button("Find")
	d.want("Seats in use")
}

// agree says why, presses the button, and reads what was done.
func (d *desk) agree(why, button, done string) {
	d.Helper()
	if why != "" {
		d.fill("#why", why)
	}
	d.button(button)
	d.want(done)
}

// request is the request of a server.
func (d *desk) request(state, invoice string) string {
	d.Helper()
	return d.house.request(state, invoice, "--product", "cms", "--host", state+".site.example", "--component", "inventory=rack-7-"+state)
}

// installs installs what a page shows, and looks whether the server may run.
func (d *desk) installs(state, text string) {
	d.Helper()
	d.house.write(state+".lic", text)
	d.house.run(offlicense, "install", "--state", state, "--roots", "roots.pub", "--component", "inventory=rack-7-"+state, state+".lic")
	d.house.run(offlicense, "verify", "--state", state, "--roots", "roots.pub", "--product", "cms", "--component", "inventory=rack-7-"+state)
}

// license is the text of the license that the page shows.
func (d *desk) license() string {
	d.Helper()
	return value[string](d.tab, `document.querySelector("#file").value`)
}

// From a sale to a license: with a plan, a customer who hands in a request, and one button; the
// license leaves the desk in each of its forms.
func TestSaleToLicense(t *testing.T) {
	d := newDesk(t)
	d.link("Sell")
	d.link("cms basic, production")
	d.shot("sell")
	d.do(chromedp.Click(chromedp.CSS("summary")))
	for name, text := range map[string]string{"invoice": "INV0042-1", "customer": "Site Ltd", "email": "ops@site.example", "seats": "2", "expires": lastDay, "binding": "operator", "automatic": "none"} {
		d.fill("#"+name, text)
	}
	d.button("Look at it")
	d.want("What is sold", "Site Ltd", lastDay)
	d.shot("sold")
	d.button("Record this sale")
	d.want("Recorded: the customer now makes a request")

	request := d.request("S", "INV0042-1")
	d.house.copyState("S", "S-codes")
	d.visit(d.service.public)
	d.fill("#statement", request)
	d.press("#statement-form button:not([type])")
	d.want("waits for the vendor")
	number := value[string](d.tab, `document.querySelector("strong.code").textContent`)

	d.visit(d.service.staff)
	d.want("1 request waits")
	d.link("Queue")
	d.link(number)
	d.want("S.site.example", "Bought", "Asked")
	d.shot("queue")
	d.button("Sign this license")
	d.want("Signed, and on record.", "S.site.example", "Site Ltd")
	d.shot("license")
	text := d.license()
	d.installs("S", text)
	d.house.write("codes.lic", d.codes("svg.qr"))
	d.house.run(offlicense, "install", "--state", "S-codes", "--roots", "roots.pub", "--component", "inventory=rack-7-S", "codes.lic")
	if d.saves("/file") != text {
		t.Error("the file has another text than the page")
	}
	d.house.write("sale.eml", d.saved(value[string](d.tab, `location.pathname`)+"/mail?sender=sales@acme.example"))
	d.house.run(offlicense, "install", "--state", "S-codes", "--roots", "roots.pub", "--component", "inventory=rack-7-S", "sale.eml")
	d.link("Sheet to print")
	d.want("S.site.example")
	d.house.write("sheet.lic", d.codes("svg"))
	d.house.run(offlicense, "install", "--state", "S-codes", "--roots", "roots.pub", "--component", "inventory=rack-7-S", "sheet.lic")
	d.visit(d.service.staff)
	d.sale("INV0042-1")
	d.want("1/2", "anna", "S.site.example")
	if story := d.house.run(licensor, "history", "--home", "V", "INV0042-1"); strings.Count(story, "anna") < 2 {
		t.Errorf("the story does not say who sold and who signed:\n%s", story)
	}
	d.house.run(licensor, "audit", "--home", "V")
}

// A morning at the desk: what ends is renewed, and yesterday's mistake is corrected; one who has
// not paid waits, servers are lost, moved and given back, and one license is revoked for good.
func TestDayAtTheDesk(t *testing.T) {
	d := newDesk(t)
	h := d.house
	sell := func(invoice string, more ...string) {
		h.sell(invoice, append([]string{"--product", "cms", "--edition", "basic", "--binding", "operator", "--grace", "0d", "--updates-until", "none"}, more...)...)
	}
	soon := time.Now().UTC().AddDate(0, 0, 9).Format(time.DateOnly)
	for _, invoice := range []string{"INV0050-1", "INV0051-1", "INV0052-1"} {
		sell(invoice, "--seats", "1", "--expires", soon)
	}
	sell("INV0042-1", "--seats", "2")
	h.write("R.first", h.run(licensor, "sign", "--home", "V", "--yes", "--out", "-", h.path(requestAt(d, "R", "INV0051-1"))))

	t.Log("a day's renewals")
	d.link("Renewals")
	for _, invoice := range []string{"INV0050-1", "INV0051-1"} {
		d.do(chromedp.Click(chromedp.CSS(`input[value="` + invoice + `"]`)))
	}
	d.shot("renewals")
	d.button("Renew those that are chosen")
	d.want("INV0050-1, INV0051-1")
	d.fill("#expires", lastDay)
	d.agree("ordered by mail", "Look at it", lastDay)
	d.shot("preview")
	d.button("Renew 2 sales and sign 1 license")
	d.want("Renewed: 2", lastDay)
	d.shot("renewed")
	d.press("td a.code")
	d.installs("R", d.license())
	if said := h.run(offlicense, "status", "--state", "R", "--roots", "roots.pub", "--product", "cms", "--component", "inventory=rack-7-R"); !strings.Contains(said, lastDay) {
		t.Errorf("the server does not know of it:\n%s", said)
	}

	t.Log("yesterday's mistake; one who has not paid")
	d.sale("INV0042-1")
	d.link("Correct")
	d.fill("#seats", "3")
	d.agree("the order says three", "Look at it", "What changes")
	d.agree("", "Correct it", "Corrected, and on record.")
	d.want("0/3")
	d.link("Suspend")
	d.agree("the invoice is unpaid", "Suspend it", "Suspended")
	d.link("Resume")
	d.agree("paid", "Resume it", "Resumed")

	t.Log("a server, lost; its successor; a move, and the release of the old server")
	d.sign("lost", "INV0042-1", "/sign", "Sign this license", "Signed, and on record.")
	d.visitActivation()
	d.link("Reactivate")
	d.hands("old", "INV0042-1", "its disk is broken", "Free that seat and sign for its successor", "this is the license of its new server")
	d.visitActivation()
	d.link("Move")
	d.hands("new", "INV0042-1", "new hardware", "Let both servers run that long", "Both servers run for now")
	d.want("Holds")
	h.run(offlicense, "release", "--state", "old", "--roots", "roots.pub", "--yes", "--out", "old.olr", "--qr", "never")
	d.visit(d.service.staff + "/release")
	d.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{h.path("old.olr")}))
	d.agree("", "Look at it", "The release")
	d.agree("", "Record this release", "The release is on record")
	d.shot("released")
	d.installs("new", d.license())

	t.Log("deactivate")
	d.sign("spare", "INV0042-1", "/sign", "Sign this license", "Signed, and on record.")
	d.visitActivation()
	d.link("Deactivate")
	d.agree("scrapped", "Free the seat of this server", "Its seat is free")

	t.Log("a revocation")
	d.sale("INV0042-1")
	d.want("1/3")
	d.press(`.activation:has(.state-active) h3 a`)
	d.link("Revoke")
	d.fill("#why", "it was copied")
	d.fill("#again", "no")
	d.agree("", "Revoke all licenses of this activation", "This is not the activation of this page.")
	d.accessible()
	d.fill("#again", value[string](d.tab, `location.pathname.split("/")[2]`))
	d.agree("", "Revoke all licenses of this activation", "until the next revocation list")
	h.run(licensor, "backup", "--home", "V", "copy.db") // goes to where the root key is, and the list comes back
	h.run(licensor, "revocations", "--home", "V", "--ledger", "copy.db", "--root-key", "V/root", "--out", "list.olv", "--yes")
	d.link("Overview")
	d.want("To be revoked, and on no list yet")
	d.link("Ledger")
	d.link("Record a list that was signed elsewhere")
	d.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{h.path("list.olv")}))
	d.agree("", "Look at it", "The list")
	d.agree("", "Record this list", "The list is on record")
	d.shot("ledger")
	if list := d.saves("/newest"); list != h.read("list.olv") {
		t.Errorf("the desk gives out another list: %.100q", list)
	}
	h.run(offlicense, "install", "--state", "new", "--roots", "roots.pub", "list.olv")
	if said := h.refuses(offlicense, "verify", "--state", "new", "--roots", "roots.pub", "--product", "cms", "--component", "inventory=rack-7-new"); !strings.Contains(said, "revoked") {
		t.Errorf("the server says %s", said)
	}
	h.run(licensor, "audit", "--home", "V")
}

// refuses runs a tool that refuses, and returns all that it says.
func (h *house) refuses(tool string, args ...string) string {
	h.Helper()
	cmd := exec.Command(tool, args...)
	cmd.Dir = h.dir
	said, err := cmd.CombinedOutput()
	if err == nil {
		h.Errorf("%q does not refuse: %s", args, said)
	}
	return string(said)
}

// requestAt is the file of a request.
func requestAt(d *desk, state, invoice string) string {
	d.request(state, invoice)
	return state + ".olq"
}

// hands gives a form the request of a server, and installs the license that comes of it.
func (d *desk) hands(state, invoice, why, button, done string) {
	d.Helper()
	d.fill("#statement", d.request(state, invoice))
	d.agree(why, "Look at it", state+".site.example")
	d.agree("", button, done)
	d.installs(state, d.license())
}

// sign opens the page of a form for a request that somebody has brought.
func (d *desk) sign(state, invoice, path, button, done string) {
	d.Helper()
	d.visit(d.service.staff + path)
	d.hands(state, invoice, "", button, done)
}

// visitActivation goes on from a license to its activation.
func (d *desk) visitActivation() {
	d.Helper()
	d.press(`main dd a[href^="/activations/"]`)
	d.want("Its server")
}
