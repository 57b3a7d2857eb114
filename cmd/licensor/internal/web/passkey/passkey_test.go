package passkey_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/web/passkey"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/passkey/passkeytest"
)

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

const origin = "https://desk.acme.example:8443"

func site(t *testing.T, origin string) *passkey.Site {
	t.Helper()
	u, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	s, err := passkey.NewSite(u, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func challenge(t *testing.T, s *passkey.Site, purpose string, at time.Time) string {
	t.Helper()
	raw, err := s.Challenge(purpose, at, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// TestSites: passkeys need a name, and TLS or this machine.
func TestSites(t *testing.T) {
	for origin, id := range map[string]string{
		"https://desk.acme.example": "desk.acme.example", "https://desk:8443": "desk", "http://localhost:8080": "localhost", "http://desk.localhost": "desk.localhost",
		"http://desk.acme.example": "", "https://192.0.2.1": "", "http://127.0.0.1:8080": "", "https://[2001:db8::1]:8443": "", "": "",
	} {
		s := site(t, origin)
		if got := s != nil; got != (id != "") || got && (s.ID != id || s.Origin != origin) {
			t.Errorf("%s: got %+v", origin, s)
		}
	}
}

// TestKinds: each algorithm that a browser is offered registers and signs in; a change anywhere
// in what was signed does not.
func TestKinds(t *testing.T) {
	s := site(t, origin)
	for _, algorithm := range passkey.Algorithms {
		a := passkeytest.New(t, algorithm, "desk.acme.example", origin)
		client, attestation := a.Create(challenge(t, s, "anna", now))
		made, _, err := s.Register(client, attestation, "anna", now)
		if err != nil || !bytes.Equal(made.ID, a.ID) || made.Backable {
			t.Fatalf("%d: got %+v, %v", algorithm, made, err)
		}
		a.Counter = 7
		c := challenge(t, s, "in", now)
		client, data, signature := a.Get(c)
		used, err := s.Verify(made.Key, client, data, signature, "in", now)
		if err != nil || used.Counter != 7 || used.Challenge != c {
			t.Fatalf("%d: got %+v, %v", algorithm, used, err)
		}
		for what, text := range map[string][]byte{"client": client, "data": data, "signature": signature, "key": made.Key} {
			for i := range text {
				if what == "signature" && i > 8 || what == "key" && i > 20 { // enough of them
					break
				}
				text[i] ^= 1
				if _, err := s.Verify(made.Key, client, data, signature, "in", now); err == nil {
					t.Errorf("%d: the %s is taken with byte %d changed", algorithm, what, i)
				}
				text[i] ^= 1
			}
			if what != "client" {
				for n := range text {
					cut := map[string][]byte{"client": client, "data": data, "signature": signature, "key": made.Key}
					cut[what] = text[:n]
					if _, err := s.Verify(cut["key"], cut["client"], cut["data"], cut["signature"], "in", now); err == nil {
						t.Errorf("%d: %d bytes of the %s are taken", algorithm, n, what)
					}
				}
			}
		}
		other := passkeytest.New(t, algorithm, "desk.acme.example", origin)
		client, data, signature = other.Get(challenge(t, s, "in", now))
		if _, err := s.Verify(made.Key, client, data, signature, "in", now); !errors.Is(err, passkey.ErrSignature) {
			t.Errorf("%d: another key: %v", algorithm, err)
		}
	}
}

// TestRefused: each check of sections 7.1 and 7.2 that a sign-in needs.
func TestRefused(t *testing.T) {
	s, other := site(t, origin), site(t, origin)
	good := func() *passkeytest.Authenticator { return passkeytest.New(t, -7, "desk.acme.example", origin) }
	for name, c := range map[string]struct {
		change func(a *passkeytest.Authenticator)
		want   error
	}{
		"good":                    {func(*passkeytest.Authenticator) {}, nil},
		"backed up":               {func(a *passkeytest.Authenticator) { a.Flags |= 1<<3 | 1<<4 }, nil},
		"nobody is there":         {func(a *passkeytest.Authenticator) { a.Flags = 1 << 2 }, passkey.ErrUnseen},
		"not verified":            {func(a *passkeytest.Authenticator) { a.Flags = 1 }, passkey.ErrUnseen},
		"backed up and cannot be": {func(a *passkeytest.Authenticator) { a.Flags |= 1 << 4 }, passkey.ErrMalformed},
		"another site's key":      {func(a *passkeytest.Authenticator) { a.RP = "evil.example" }, passkey.ErrOrigin},
		"of the domain above":     {func(a *passkeytest.Authenticator) { a.RP = "acme.example" }, passkey.ErrOrigin},
		"another origin":          {func(a *passkeytest.Authenticator) { a.Client["origin"] = "https://evil.example" }, passkey.ErrOrigin},
		"another port":            {func(a *passkeytest.Authenticator) { a.Client["origin"] = "https://desk.acme.example" }, passkey.ErrOrigin},
		"no TLS":                  {func(a *passkeytest.Authenticator) { a.Client["origin"] = "http://desk.acme.example:8443" }, passkey.ErrOrigin},
		"in a frame":              {func(a *passkeytest.Authenticator) { a.Client["crossOrigin"] = true }, passkey.ErrOrigin},
		"under another site":      {func(a *passkeytest.Authenticator) { a.Client["topOrigin"] = "https://evil.example" }, passkey.ErrOrigin},
		"another type":            {func(a *passkeytest.Authenticator) { a.Client["type"] = "payment.get" }, passkey.ErrMalformed},
		"an old challenge": {func(a *passkeytest.Authenticator) {
			a.Client["challenge"] = challenge(t, s, "p", now.Add(-passkey.ChallengeTime-time.Second))
		}, passkey.ErrChallenge},
		"one of tomorrow":          {func(a *passkeytest.Authenticator) { a.Client["challenge"] = challenge(t, s, "p", now.AddDate(0, 0, 1)) }, passkey.ErrChallenge},
		"of another purpose":       {func(a *passkeytest.Authenticator) { a.Client["challenge"] = challenge(t, s, "q", now) }, passkey.ErrChallenge},
		"of another service":       {func(a *passkeytest.Authenticator) { a.Client["challenge"] = challenge(t, other, "p", now) }, passkey.ErrChallenge},
		"no challenge":             {func(a *passkeytest.Authenticator) { a.Client["challenge"] = "" }, passkey.ErrChallenge},
		"a challenge of no base64": {func(a *passkeytest.Authenticator) { a.Client["challenge"] = "!" }, passkey.ErrChallenge},
	} {
		a := good()
		client, attestation := a.Create(challenge(t, s, "p", now))
		made, _, err := s.Register(client, attestation, "p", now)
		if err != nil {
			t.Fatal(err)
		}
		c.change(a)
		client, data, signature := a.Get(challenge(t, s, "p", now))
		if _, err := s.Verify(made.Key, client, data, signature, "p", now); !errors.Is(err, c.want) {
			t.Errorf("%s: sign in: got %v, want %v", name, err, c.want)
		}
		client, attestation = a.Create(challenge(t, s, "p", now))
		if _, _, err := s.Register(client, attestation, "p", now); !errors.Is(err, c.want) {
			t.Errorf("%s: register: got %v, want %v", name, err, c.want)
		}
	}
	// One of the two is not taken for the other.
	a := good()
	client, attestation := a.Create(challenge(t, s, "p", now))
	made, _, err := s.Register(client, attestation, "p", now)
	if err != nil {
		t.Fatal(err)
	}
	a.Client["type"] = "webauthn.create"
	client, data, signature := a.Get(challenge(t, s, "p", now))
	if _, err := s.Verify(made.Key, client, data, signature, "p", now); !errors.Is(err, passkey.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}

// TestKeys: a key that is none of the three kinds is not registered.
func TestKeys(t *testing.T) {
	s := site(t, origin)
	for name, change := range map[string]func(a *passkeytest.Authenticator){
		"not on the curve":    func(a *passkeytest.Authenticator) { a.Public[-3] = make([]byte, 32) },
		"a short x":           func(a *passkeytest.Authenticator) { a.Public[-2] = []byte{1} },
		"another curve":       func(a *passkeytest.Authenticator) { a.Public[-1] = 2 },
		"another algorithm":   func(a *passkeytest.Authenticator) { a.Public[3] = -35 },
		"RS1":                 func(a *passkeytest.Authenticator) { a.Public[3] = -65535 },
		"of another kind":     func(a *passkeytest.Authenticator) { a.Public[1] = 1 },
		"a text for a number": func(a *passkeytest.Authenticator) { a.Public[1] = "2" },
		"short RSA": func(a *passkeytest.Authenticator) {
			a.Public = map[int]any{1: 3, 3: -257, -1: bytes.Repeat([]byte{0xff}, 128), -2: []byte{1, 0, 1}}
		},
		"RSA with exponent 1": func(a *passkeytest.Authenticator) {
			a.Public = map[int]any{1: 3, 3: -257, -1: bytes.Repeat([]byte{0xff}, 256), -2: []byte{1}}
		},
		"endless RSA": func(a *passkeytest.Authenticator) {
			a.Public = map[int]any{1: 3, 3: -257, -1: bytes.Repeat([]byte{0xff}, 5000), -2: []byte{1, 0, 1}}
		},
		"something behind it": func(a *passkeytest.Authenticator) { a.Behind = []byte{0} },
		"no id":               func(a *passkeytest.Authenticator) { a.ID = nil },
		"a long id":           func(a *passkeytest.Authenticator) { a.ID = make([]byte, 1024) },
	} {
		a := passkeytest.New(t, -7, "desk.acme.example", origin)
		change(a)
		client, attestation := a.Create(challenge(t, s, "p", now))
		if made, _, err := s.Register(client, attestation, "p", now); err == nil {
			t.Errorf("%s is registered: %+v", name, made)
		}
	}
}

// FuzzRegister: whatever a browser sends crashes nothing, and cut short it is refused.
func FuzzRegister(f *testing.F) {
	u, err := url.Parse(origin)
	if err != nil {
		f.Fatal(err)
	}
	s, err := passkey.NewSite(u, rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	a := passkeytest.New(f, -7, "desk.acme.example", origin)
	raw, err := s.Challenge("p", now, rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	client, attestation := a.Create(base64.RawURLEncoding.EncodeToString(raw))
	f.Add(attestation)
	for i := range attestation {
		if _, _, err := s.Register(client, attestation[:i], "p", now); err == nil {
			f.Errorf("%d bytes of %d are taken", i, len(attestation))
		}
	}
	f.Fuzz(func(t *testing.T, attestation []byte) {
		made, _, err := s.Register(client, attestation, "p", now)
		if (made == nil) == (err == nil) || made != nil && (len(made.ID) == 0 || len(made.Key) == 0) {
			t.Errorf("got %s, %v", fmt.Sprint(made), err)
		}
	})
}
