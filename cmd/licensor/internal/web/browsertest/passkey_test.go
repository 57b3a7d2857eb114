package browsertest

import (
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// A link is used once; then a passkey of the device signs in, and no link is needed.
func TestPasskey(t *testing.T) {
	h := newHouse(t)
	h.run(licensor, "desk", "user", "add", "anna", "--home", "V", "--right", "read,sell,sign,revoke")
	s := h.serve()
	link := h.login("anna")
	b := open(t)
	if _, err := chromedp.Call(b.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(b.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}}); err != nil {
		t.Fatal(err)
	}
	b.signIn(link)
	b.want("anna", "Overview")
	b.visit(s.staff + "/passkeys")
	b.accessible()
	b.fill("#label", "laptop")
	b.button("Add a passkey")
	b.want("laptop")
	b.accessible()
	b.shot("passkeys")
	b.button("Sign out")
	b.visit(s.staff + "/entitlements")
	b.want("With a passkey")
	b.accessible()
	b.shot("sign-in")
	b.button("Sign in with a passkey")
	b.want("anna", "Sales")
	b.visit(link)
	b.want("This link was used")
}
