package browsertest

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// authenticator puts a device that unlocks itself into the browser.
func (b *tab) authenticator() {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		b.Fatal(err)
	}
	_, err := chromedp.Call(b.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
	if err != nil {
		b.Fatal(err)
	}
}

// await waits until the page says something: what a script does takes a moment.
func (b *tab) await(text string) {
	b.Helper()
	for range 200 {
		said, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body.innerText"))
		if err == nil && strings.Contains(said, text) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.want(text)
}

// TestDoor: a link signs in; a passkey is added, and signs in to the page that was asked for; back
// shows nothing after a sign-out.
func TestDoor(t *testing.T) {
	h := newHouse(t)
	s := h.serve()
	h.run(licensor, "desk", "user", "add", "anna", "--home", "V", "--right", "read,sell,sign,revoke")
	b := open(t)
	b.authenticator()
	b.visit(s.staff + "/queue")
	b.want("Sign in", "licensor desk login --operator NAME")
	b.accessible()
	link := h.login("anna")
	b.signIn(link)
	b.want("anna", "Overview")

	b.link("Passkeys")
	b.fill("#label", "laptop")
	b.accessible()
	b.press("main button")
	b.await("The passkey is added")
	b.want("laptop", "never")
	b.accessible()
	b.shot("passkeys")
	// The same device again is refused by the browser, in words.
	b.fill("#label", "again")
	b.do(chromedp.Click(chromedp.CSS("form[data-passkey] button")))
	b.await("This device has a passkey for you already.")

	b.button("Sign out")
	b.want("You are signed out.")
	b.do(chromedp.NavigateBack())
	b.await("Sign in with a passkey")
	if strings.Contains(b.text(), "laptop") {
		t.Errorf("back shows %s", b.text())
	}
	b.visit(link)
	b.want("This link was used")
	b.visit(s.staff + "/queue")
	b.shot("sign-in")
	b.press("form[data-passkey] button")
	b.await("anna")
	if !strings.HasSuffix(b.at(), "/queue") {
		t.Errorf("the passkey leads to %s", b.at())
	}

	// A link to a page, from a page of another site: one press goes on.
	b.visit("data:text/html,<a href='" + s.staff + "/customers'>desk</a>")
	b.press("a")
	b.want("A link of another site led here.")
	b.link("go on")
	if !strings.HasSuffix(b.at(), "/customers") {
		t.Errorf("it goes on to %s:\n%s", b.at(), b.text())
	}

	b.visit(s.staff + "/passkeys")
	b.button("Remove")
	b.want("The passkey is removed")
	b.button("Sign out")
	b.do(chromedp.Click(chromedp.CSS("form[data-passkey] button")))
	b.await("This passkey lets nobody in: it is not known here, or was removed.")
}
