package door

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/passkey"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/frame"
	"github.com/offlicense/offlicense/format"
)

// passkeys are what the pages need for them.
type passkeys struct {
	site *passkey.Site // nil where there can be none
	err  error         // the randomness has failed

	mu   sync.Mutex
	used map[string]time.Time // challenges that were taken: each is taken once

	// Removing a passkey ends sessions: nobody is halfway in, or adds another one, meanwhile.
	removing sync.RWMutex
}

// take takes a challenge, once. Those that are kept are as many as people have used passkeys in
// the last minutes.
func (p *passkeys) take(challenge string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for text, at := range p.used {
		if now.Sub(at) > 2*passkey.ChallengeTime {
			delete(p.used, text)
		}
	}
	if _, taken := p.used[challenge]; taken {
		return false
	}
	if p.used == nil {
		p.used = make(map[string]time.Time)
	}
	p.used[challenge] = now
	return true
}

// noPasskeys says where there can be passkeys, empty for here.
func (v *visit) noPasskeys() string {
	switch {
	case v.passkeys.site == nil:
		return "Passkeys work where the desk has a name, such as https://desk.acme.example or http://localhost:8080; this one is at " + v.Origin.String() + "."
	case v.Origin.Scheme == "http" && !strings.EqualFold(v.R.Host, v.Origin.Host): // such as 127.0.0.1
		return "Passkeys work at " + v.Origin.String() + " alone."
	}
	return ""
}

func encoded(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// sent is what the script has put into a field.
func (v *visit) sent(field string) []byte {
	raw, err := base64.RawURLEncoding.DecodeString(v.R.PostFormValue(field))
	if err != nil {
		return nil
	}
	return raw
}

// answerJSON answers the script, with what navigator.credentials is asked: texts in base64url are
// bytes there.
func (v *visit) answerJSON(purpose string, options map[string]any) error {
	if v.passkeys.err != nil {
		return v.passkeys.err
	}
	if v.passkeys.site == nil {
		http.Error(v.W, v.noPasskeys(), http.StatusNotFound)
		return nil
	}
	challenge, err := v.passkeys.site.Challenge(purpose, v.Now(), v.Random)
	if err != nil {
		return err
	}
	options["challenge"], options["timeout"] = encoded(challenge), passkey.ChallengeTime.Milliseconds()
	body, err := json.Marshal(options)
	if err != nil {
		return err
	}
	v.W.Header().Set("Content-Type", "application/json")
	_, err = v.W.Write(body)
	return err
}

// A challenge is for the browser that has asked for it, and where one is signed in for the session.
func toAdd(session string) string    { return "add " + session }
func toSignIn(browser string) string { return "sign in " + browser }

// browserCookie is of a browser where nobody is signed in yet.
func (v *visit) browserCookie(text string) *http.Cookie {
	c := cookie(v.Origin, text)
	c.Name, c.MaxAge = c.Name+"-asks", int(2*passkey.ChallengeTime/time.Second)
	return c
}

// browser is what the browser sends that has asked, empty for nothing.
func (v *visit) browser() string {
	if sent, err := v.R.Cookie(v.browserCookie("").Name); err == nil {
		return sent.Value
	}
	return ""
}

func (v *visit) askPasskey() error {
	browser := v.browser()
	if browser == "" {
		raw := make([]byte, sessionLen)
		if _, err := io.ReadFull(v.Random, raw); err != nil {
			return err
		}
		browser = encoded(raw)
	}
	options := map[string]any{"userVerification": "required"}
	if v.passkeys.site != nil {
		http.SetCookie(v.W, v.browserCookie(browser))
		options["rpId"] = v.passkeys.site.ID
	}
	return v.answerJSON(toSignIn(browser), options)
}

// usePasskey signs in whom a passkey belongs to.
func (v *visit) usePasskey() error {
	next := localPath(v.R.PostFormValue("next")) // the form is read here
	v.passkeys.removing.RLock()
	defer v.passkeys.removing.RUnlock()
	u, why, err := v.byPasskey()
	if err != nil {
		return err
	}
	if u == nil {
		v.Log.Warn("passkey", "refused", why)
		v.Refuse(http.StatusForbidden, "Not signed in", "This passkey lets nobody in: "+why+".", "Try again, or use a link that licensor desk login prints.")
		return nil
	}
	return v.signIn(u, next)
}

// byPasskey returns who has used a passkey, or why nobody has.
func (v *visit) byPasskey() (u *desk.User, why string, err error) {
	site, now, ctx := v.passkeys.site, v.Now(), v.R.Context()
	if site == nil {
		return nil, "there are none here", nil
	}
	known, err := v.Desk.Passkey(ctx, v.sent("id"))
	if err != nil {
		return nil, "", err
	}
	if known == nil {
		return nil, "it is not known here, or was removed", nil
	}
	used, wrong := site.Verify(known.Key, v.sent("client"), v.sent("data"), v.sent("signature"), toSignIn(v.browser()), now)
	if wrong != nil {
		return nil, wrong.Error(), nil
	}
	handle, err := v.Desk.Handle(ctx, known.User, v.Random)
	switch {
	case err != nil:
		return nil, "", err
	case !slices.Equal(v.sent("handle"), handle), used.Backable != known.Backable:
		return nil, "it is not as it was when it was added", nil
	case !v.passkeys.take(used.Challenge, now):
		return nil, "it was used for this sign-in already", nil
	}
	if u, err = v.Desk.User(ctx, known.User); err != nil {
		return nil, "", err
	}
	if u == nil || u.Disabled {
		return nil, "it is not known here, or was removed", nil
	}
	good, err := v.Desk.UsePasskey(ctx, known.ID, used.Counter, now)
	if err == nil && !good {
		v.Log.Warn("a passkey may be copied", "user", known.User)
		return nil, "its counter has not gone on, as if there were a copy of it; remove it, and add a new one", nil
	}
	return u, "", err
}

// passkeysBody is what the page of a user's passkeys shows.
type passkeysBody struct {
	Passkeys []*desk.Passkey
	None     string // why none can be added here
	Label    string
}

// ID is how a form names a passkey.
func (passkeysBody) ID(p *desk.Passkey) string { return encoded(p.ID) }

func (v *visit) passkeyList() error { return v.passkeyPage("", nil) }

func (v *visit) passkeyPage(label string, wrong error) error {
	all, err := v.Desk.Passkeys(v.R.Context(), v.Who.Name)
	if err != nil {
		return err
	}
	v.Script = "passkey.js"
	body := passkeysBody{all, v.noPasskeys(), label}
	if wrong != nil {
		return v.Again("passkeys", "Your passkeys", body, wrong)
	}
	return v.Show("passkeys", "Your passkeys", body)
}

func (v *visit) askNew() error {
	all, err := v.Desk.Passkeys(v.R.Context(), v.Who.Name)
	if err != nil {
		return err
	}
	type credential struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	}
	type parameter struct {
		Type string `json:"type"`
		Alg  int    `json:"alg"`
	}
	known, algorithms := []credential{}, []parameter{}
	for _, p := range all {
		known = append(known, credential{"public-key", encoded(p.ID)})
	}
	for _, a := range passkey.Algorithms {
		algorithms = append(algorithms, parameter{"public-key", a})
	}
	options := map[string]any{
		"pubKeyCredParams": algorithms, "excludeCredentials": known, "attestation": "none",
		"authenticatorSelection": map[string]any{"residentKey": "required", "requireResidentKey": true, "userVerification": "required"},
	}
	if site := v.passkeys.site; site != nil {
		handle, err := v.Desk.Handle(v.R.Context(), v.Who.Name, v.Random)
		if err != nil {
			return err
		}
		options["rp"] = map[string]string{"id": site.ID, "name": v.Vendor}
		options["user"] = map[string]string{"id": encoded(handle), "name": v.Who.Name, "displayName": v.Who.Name}
	}
	return v.answerJSON(toAdd(v.text(v.R)), options)
}

const maxLabel = 64 // bytes

func (v *visit) addPasskey() error {
	site, now, label := v.passkeys.site, v.Now(), strings.TrimSpace(v.R.PostFormValue("label"))
	if site == nil {
		return v.passkeyPage(label, hint.Errorf("%s", v.noPasskeys()))
	}
	if err := format.ValidText(label, maxLabel); label == "" || err != nil {
		return v.passkeyPage(label, hint.Errorf("a passkey has a name of at most %d bytes", maxLabel).WithHint("name the device that has it, such as laptop"))
	}
	made, challenge, err := site.Register(v.sent("client"), v.sent("attestation"), toAdd(v.text(v.R)), now)
	if err != nil {
		return v.passkeyPage(label, hint.Errorf("this passkey cannot be added: %w", err).WithHint("press the button again, or choose another device"))
	}
	if !v.passkeys.take(challenge, now) {
		return v.passkeyPage(label, hint.Errorf("this passkey was added already"))
	}
	v.passkeys.removing.RLock()
	defer v.passkeys.removing.RUnlock()
	if v.Who, err = v.SignedIn(v.R); err != nil {
		return err
	}
	if v.Who == nil {
		Show(v.W, v.R)
		return nil
	}
	err = v.Desk.AddPasskey(v.R.Context(), v.Who, desk.Passkey{
		ID: made.ID, Label: label, Key: made.Key, Counter: made.Counter, Backable: made.Backable, Made: now,
	})
	if frame.IsTrouble(err) {
		return err
	} else if err != nil {
		return v.passkeyPage(label, err)
	}
	v.Log.Info("passkey added", "user", v.Who.Name)
	return v.See("/passkeys", "passkey-added")
}

// removePasskey ends the user's other sessions, too: a device that was lost may have begun them.
func (v *visit) removePasskey() error {
	id := v.sent("id")
	err := func() error {
		v.passkeys.removing.Lock()
		defer v.passkeys.removing.Unlock()
		err := v.Desk.RemovePasskey(v.R.Context(), v.Who.Name, id)
		if err == nil {
			v.sessions.endOthers(v.Who.Name, v.text(v.R))
		}
		return err
	}()
	if frame.IsTrouble(err) {
		return err
	} else if err != nil {
		return v.passkeyPage("", err)
	}
	v.Log.Info("passkey removed", "user", v.Who.Name)
	return v.See("/passkeys", "passkey-removed")
}
