package door

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
)

// How long somebody stays signed in, and how often at once. A service that is started again
// knows nobody.
const (
	idleTime   = 8 * time.Hour  // without a request
	longest    = 24 * time.Hour // from the sign-in on
	maxOfOne   = 20             // sessions of one user; the one that rested longest gives way
	sessionLen = 32             // bytes, of which the cookie has the text and the memory a hash
)

// sessions are who is signed in.
type sessions struct {
	mu sync.Mutex
	of map[[sha256.Size]byte]*session
}

type session struct {
	name       string // of the user
	term       int64  // of the user, when they signed in
	made, seen time.Time
}

func (s *session) ended(now time.Time) bool {
	return now.Sub(s.seen) > idleTime || now.Sub(s.made) > longest || now.Before(s.made.Add(-idleTime))
}

// begin signs a user in, and returns the new session's text.
func (s *sessions) begin(u *desk.User, now time.Time, random io.Reader) (string, error) {
	raw := make([]byte, sessionLen)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(raw)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = make(map[[sha256.Size]byte]*session)
	}
	var rested [sha256.Size]byte
	own := 0
	for id, other := range s.of {
		if other.ended(now) {
			delete(s.of, id)
		} else if other.name == u.Name {
			if own++; own == 1 || other.seen.Before(s.of[rested].seen) {
				rested = id
			}
		}
	}
	if own >= maxOfOne {
		delete(s.of, rested)
	}
	s.of[sha256.Sum256([]byte(text))] = &session{u.Name, u.Term, now, now}
	return text, nil
}

// find returns a copy of a session, nil if there is none.
func (s *sessions) find(text string, now time.Time) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := sha256.Sum256([]byte(text))
	known := s.of[id]
	if known == nil {
		return nil
	}
	if known.ended(now) {
		delete(s.of, id)
		return nil
	}
	known.seen = now
	found := *known
	return &found
}

func (s *sessions) end(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, sha256.Sum256([]byte(text)))
}

// endOthers ends all sessions of a user but one.
func (s *sessions) endOthers(name, but string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := sha256.Sum256([]byte(but))
	for id, other := range s.of {
		if other.name == name && id != kept {
			delete(s.of, id)
		}
	}
}

// cookie is a session's. Where the site has TLS no other site, and nobody without it, can set or
// read it; two services of one host each have their own.
func cookie(origin *url.URL, text string) *http.Cookie {
	c := &http.Cookie{Name: "licensor", Value: text, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode}
	if port := origin.Port(); port != "" {
		c.Name += "-" + port
	}
	if origin.Scheme == "https" {
		c.Name, c.Secure = "__Host-"+c.Name, true
	}
	return c
}

// text is what the browser sends of its session, empty for none.
func (d *Door) text(r *http.Request) string {
	if sent, err := r.Cookie(cookie(d.Origin, "").Name); err == nil {
		return sent.Value
	}
	return ""
}

// bySession returns who has sent a request. The user is read each time: whoever is disabled, or
// has lost a right since, is signed out.
func (d *Door) bySession(r *http.Request) (*desk.User, error) {
	text := d.text(r)
	known := d.sessions.find(text, d.Now())
	if known == nil {
		return nil, nil
	}
	u, err := d.Desk.User(r.Context(), known.name)
	if err != nil {
		return nil, err
	}
	if u == nil || u.Disabled || u.Term != known.term {
		d.sessions.end(text)
		return nil, nil
	}
	return u, nil
}

// signIn signs a user in with a session that is new, whatever the browser has sent.
func (v *visit) signIn(u *desk.User, to string) error {
	text, err := v.sessions.begin(u, v.Now(), v.Random)
	if err != nil {
		return err
	}
	v.sessions.end(v.text(v.R))
	http.SetCookie(v.W, cookie(v.Origin, text))
	v.Log.Info("signed in", "user", u.Name)
	return v.See(to, "")
}
