package door_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/passkey/passkeytest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/door"
)

// options are what the script asks for.
type options struct {
	Challenge string `json:"challenge"`
	RPID      string `json:"rpId"`
	RP        struct{ ID string }
	User      struct{ ID, Name string }
	Exclude   []struct{ ID string } `json:"excludeCredentials"`
	Selection struct {
		ResidentKey      string
		UserVerification string
	} `json:"authenticatorSelection"`
	UserVerification string
}

func (b *browser) ask(path string) (o options) {
	b.Helper()
	got := b.get(path)
	if err := json.Unmarshal([]byte(got.body), &o); err != nil || got.status != http.StatusOK || len(o.Challenge) != 75 {
		b.Fatalf("%s: got %d %s", path, got.status, got.body)
	}
	return o
}

// asking asks for nothing but the cookie.
func (b *browser) asking() *http.Cookie {
	b.ask("/sign-in/passkey")
	return b.asks
}

// device is an authenticator before the desk.
func (h *house) device() *passkeytest.Authenticator {
	return passkeytest.New(h, -7, "desk.acme.example", "https://desk.acme.example")
}

// add adds a passkey.
func (b *browser) add(a *passkeytest.Authenticator, label string) *answered {
	b.Helper()
	o := b.ask("/passkeys/new")
	if o.RP.ID != "desk.acme.example" || o.Selection.ResidentKey != "required" || o.Selection.UserVerification != "required" {
		b.Errorf("got %+v", o)
	}
	a.Handle, _ = base64.RawURLEncoding.DecodeString(o.User.ID)
	client, attestation := a.Create(o.Challenge)
	return b.post("/passkeys", url.Values{"label": {label}, "client": {door.Encoded(client)}, "attestation": {door.Encoded(attestation)}})
}

// use makes what a passkey signs in with.
func (b *browser) use(a *passkeytest.Authenticator) url.Values {
	b.Helper()
	o := b.ask("/sign-in/passkey")
	if o.RPID != "desk.acme.example" || o.UserVerification != "required" {
		b.Errorf("got %+v", o)
	}
	client, data, signature := a.Get(o.Challenge)
	return url.Values{"id": {door.Encoded(a.ID)}, "client": {door.Encoded(client)}, "data": {door.Encoded(data)}, "signature": {door.Encoded(signature)}, "handle": {door.Encoded(a.Handle)}}
}

// TestPasskeys: one is added, signs in, is removed, and then no longer works.
func TestPasskeys(t *testing.T) {
	ledgertest.Everywhere(t, func(t *testing.T, where string) {
		h := build(t, where)
		h.user("anna", desk.Sign)
		h.user("bob", desk.Revoke)
		anna, bob, a := h.in("anna"), h.in("bob"), h.device()
		if got := anna.get("/passkeys"); got.status != http.StatusOK || !strings.Contains(got.body, `src="/assets/passkey.js"`) {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		for _, label := range []string{"", " ", strings.Repeat("x", 65), "a\nb"} {
			if got := anna.add(h.device(), label); got.status != http.StatusUnprocessableEntity {
				t.Errorf("%q: got %d", label, got.status)
			}
		}
		if got := anna.add(a, "<b>laptop</b>"); !strings.HasPrefix(got.to(), "/passkeys?done=passkey-added&") {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		if got := anna.get("/passkeys"); !strings.Contains(got.body, "&lt;b&gt;laptop&lt;/b&gt;") || !strings.Contains(got.body, "never") {
			t.Errorf("got %s", got.body)
		}
		if o := anna.ask("/passkeys/new"); len(o.Exclude) != 1 || o.Exclude[0].ID != door.Encoded(a.ID) {
			t.Errorf("got %+v", o)
		}
		own := a.Handle
		if got := bob.add(a, "mine"); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "known already") {
			t.Errorf("another one's passkey: %d %s", got.status, got.body)
		}

		phone := &browser{house: h}
		a.Handle = own
		form := phone.use(a)
		form.Set("next", "/queue?a=b")
		got := phone.post("/sign-in", form)
		if got.status != http.StatusSeeOther || got.to() != "/queue?a=b" || phone.cookie == nil || !strings.Contains(phone.get("/passkeys").body, "<span>anna</span>") {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		refused := func(what string, form url.Values, want string) {
			t.Helper()
			thief := &browser{house: h, asks: phone.asks}
			if got := thief.post("/sign-in", form); got.status != http.StatusForbidden || !strings.Contains(got.body, want) || thief.cookie != nil {
				t.Errorf("%s: got %d %s", what, got.status, got.body)
			}
		}
		refused("the same again", form, "was used for this sign-in already")
		refused("nothing", nil, "not known here")
		form = phone.use(a)
		for what, asks := range map[string]*http.Cookie{"nobody": nil, "another": (&browser{house: h}).asking()} {
			if got := (&browser{house: h, asks: asks}).post("/sign-in", form); got.status != http.StatusForbidden || !strings.Contains(got.body, "another challenge") {
				t.Errorf("%s has asked: got %d %s", what, got.status, got.body)
			}
		}
		if c := phone.asks; !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || len(c.Value) != 43 || c.MaxAge != 600 {
			t.Errorf("the cookie is %v", c)
		}
		form = phone.use(a)
		form.Set("handle", door.Encoded([]byte("bob")))
		refused("another user", form, "not as it was")
		form = phone.use(a)
		form.Set("next", "//evil.example")
		if got := (&browser{house: h, asks: phone.asks}).post("/sign-in", form); got.to() != "/" {
			t.Errorf("it leads to %q", got.to())
		}
		a.Flags |= passkeytest.Backable
		refused("it can be copied now", phone.use(a), "not as it was")
		a.Flags = passkeytest.Good
		// A challenge to add one is of no use to sign in, nor another one's to add one.
		o := anna.ask("/passkeys/new")
		client, data, signature := a.Get(o.Challenge)
		refused("a challenge to add one", url.Values{"id": {door.Encoded(a.ID)}, "client": {door.Encoded(client)}, "data": {door.Encoded(data)}, "signature": {door.Encoded(signature)}, "handle": {door.Encoded(a.Handle)}}, "another challenge")
		other := h.device()
		client, attestation := other.Create(o.Challenge)
		if got := bob.post("/passkeys", url.Values{"label": {"x"}, "client": {door.Encoded(client)}, "attestation": {door.Encoded(attestation)}}); got.status != http.StatusUnprocessableEntity {
			t.Errorf("another one's challenge: %d", got.status)
		}
		if got := h.in("anna").post("/passkeys", url.Values{"label": {"x"}, "client": {door.Encoded(client)}, "attestation": {door.Encoded(attestation)}}); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "another challenge") {
			t.Errorf("another session's challenge: %d", got.status)
		}
		// A handle is the same each time, and nobody else's; no name is in it.
		again, bobs := anna.ask("/passkeys/new").User.ID, bob.ask("/passkeys/new").User.ID
		if hash := sha256.Sum256([]byte("desk.acme.example\x00anna")); again != door.Encoded(own) || bobs == again || len(own) != 32 || bytes.Equal(own, hash[:]) {
			t.Errorf("the handles are %x, %s and %s", own, again, bobs)
		}

		// A counter goes on; a copy of the device is found by it.
		a.Counter = 5
		for range 2 {
			a.Counter++
			if got := phone.post("/sign-in", phone.use(a)); got.status != http.StatusSeeOther {
				t.Errorf("got %d %s", got.status, got.body)
			}
		}
		refused("a copy", phone.use(a), "as if there were a copy of it")
		if text := h.log.String(); !strings.Contains(text, `"a passkey may be copied","user":"anna"`) {
			t.Errorf("the log has %s", text)
		}

		if got := bob.post("/passkeys/remove", url.Values{"id": {door.Encoded(a.ID)}}); got.status != http.StatusUnprocessableEntity {
			t.Errorf("another one removes it: %d", got.status)
		}
		if got := anna.post("/passkeys/remove", url.Values{"id": {door.Encoded(a.ID)}}); !strings.HasPrefix(got.to(), "/passkeys?done=passkey-removed&") {
			t.Errorf("got %d %s", got.status, got.body)
		}
		if got := phone.get("/passkeys"); got.status != http.StatusSeeOther {
			t.Errorf("the device is signed in still: %d", got.status)
		}
		if got := anna.get("/passkeys"); got.status != http.StatusOK {
			t.Errorf("who has removed it is signed out: %d", got.status)
		}
		a.Counter++
		refused("removed", phone.use(a), "not known here")

		// Who is disabled signs in with none, also when enabled again.
		a = h.device()
		anna.add(a, "new")
		if err := h.desk.DisableUser(t.Context(), "anna", "bob", h.now()); err != nil {
			t.Fatal(err)
		}
		refused("disabled", phone.use(a), "not known here")
		h.user("anna", desk.Sign)
		refused("enabled again", phone.use(a), "not known here")
	})
}

// TestPasskeyIsRaced: what an authenticator has signed once signs in once.
func TestPasskeyIsRaced(t *testing.T) {
	h := build(t, t.TempDir()+"/ledger.db")
	h.user("anna", desk.Read)
	a := h.device()
	anna := h.in("anna")
	anna.add(a, "laptop")
	form, in := anna.use(a), make(chan bool, 8)
	var all sync.WaitGroup
	for range cap(in) {
		all.Go(func() {
			in <- (&browser{house: h, asks: anna.asks}).post("/sign-in", form).status == http.StatusSeeOther
		})
	}
	all.Wait()
	n := 0
	for range cap(in) {
		if <-in {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d got in", n)
	}
}

// moment is randomness that lets something happen when it is read.
type moment func()

func (m moment) Read(p []byte) (int, error) {
	m()
	return rand.Read(p)
}

// TestPasskeyIsRemovedMeanwhile: a device that was just signing in when its passkey was removed is
// not in afterwards.
func TestPasskeyIsRemovedMeanwhile(t *testing.T) {
	h := build(t, t.TempDir()+"/ledger.db")
	h.user("anna", desk.Read)
	anna, a, thief := h.in("anna"), h.device(), &browser{house: h}
	anna.add(a, "laptop")
	form := thief.use(a)
	removed := make(chan int, 1)
	h.pages.Random = moment(func() { // of the session that begins
		go func() { removed <- anna.post("/passkeys/remove", url.Values{"id": {door.Encoded(a.ID)}}).status }()
		for len(removed) == 0 && h.pages.Removing().TryRLock() {
			h.pages.Removing().RUnlock()
			time.Sleep(time.Millisecond)
		}
	})
	thief.post("/sign-in", form)
	if status := <-removed; status != http.StatusSeeOther {
		t.Errorf("removed: %d", status)
	}
	if got := thief.get("/"); got.status != http.StatusSeeOther || got.to() != "/sign-in" {
		t.Errorf("the device is in: %d", got.status)
	}
}

// TestPasskeyIsAddedTooLate: who was signed out or disabled in the same moment adds none.
func TestPasskeyIsAddedTooLate(t *testing.T) {
	for name, do := range map[string]func(h *house, b *browser){
		"signed out": func(h *house, b *browser) { h.pages.End(b.cookie.Value) },
		"disabled, and enabled": func(h *house, _ *browser) {
			if err := h.desk.DisableUser(h.Context(), "anna", "bob", h.now()); err != nil {
				h.Error(err)
			}
			h.user("anna", desk.Read)
		},
	} {
		h := build(t, t.TempDir()+"/ledger.db")
		h.user("anna", desk.Read)
		h.user("bob", desk.Revoke)
		anna, signedIn := h.in("anna"), h.pages.SignedIn
		asked := 0
		h.pages.SignedIn = func(r *http.Request) (*desk.User, error) {
			u, err := signedIn(r)
			if asked++; r.Method == http.MethodPost && name == "signed out" || asked == 3 {
				do(h, anna)
			}
			return u, err
		}
		got := anna.add(h.device(), "late")
		if all, err := h.desk.Passkeys(t.Context(), "anna"); err != nil || len(all) > 0 || strings.HasPrefix(got.to(), "/passkeys?done=passkey-added") {
			t.Errorf("%s: got %d %s, %d passkeys, %v", name, got.status, got.to(), len(all), err)
		}
	}
}

// TestNoPasskeys: where a browser has none the page says so, and nothing is asked for.
func TestNoPasskeys(t *testing.T) {
	h := build(t, t.TempDir()+"/ledger.db")
	h.pages.NoPasskeys()
	h.user("anna", desk.Read)
	anna := h.in("anna")
	for _, path := range []string{"/passkeys", "/sign-in"} {
		b := anna
		if path == "/sign-in" {
			b = &browser{house: h}
		}
		if got := b.get(path); got.status != http.StatusOK || !strings.Contains(got.body, "Passkeys work where the desk has a name") || strings.Contains(got.body, "data-passkey=") {
			t.Errorf("%s: got %d %s", path, got.status, got.body)
		}
	}
	for path, want := range map[string]int{"/sign-in/passkey": http.StatusNotFound, "/passkeys/new": http.StatusNotFound} {
		if got := anna.get(path); got.status != want {
			t.Errorf("%s: got %d", path, got.status)
		}
	}
	if got := anna.post("/passkeys", url.Values{"label": {"laptop"}}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("got %d", got.status)
	}
	if got := (&browser{house: h}).post("/sign-in", nil); got.status != http.StatusForbidden {
		t.Errorf("got %d", got.status)
	}
}
