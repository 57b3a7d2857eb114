// Package passkey checks what a browser says of a passkey: Web Authentication, Level 3
// (https://www.w3.org/TR/webauthn-3), as far as a sign-in needs it. Who made the authenticator
// is not asked: no attestation is. The person must be verified by it, each time.
//
// It keeps nothing and reads no clock. A challenge says by itself when it was made and what for;
// that none is taken twice is its caller's to see.
package passkey

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Site is for which passkeys are.
type Site struct {
	Origin string // as the browser says it, such as https://desk.acme.example
	ID     string // its host
	secret []byte // of the challenges
}

// NewSite returns the site of an origin. Passkeys need a name, and TLS unless it is this machine:
// nil where there can be none.
func NewSite(origin *url.URL, random io.Reader) (*Site, error) {
	host := origin.Hostname()
	if _, err := netip.ParseAddr(host); err == nil || origin.Scheme != "https" && host != "localhost" && !strings.HasSuffix(host, ".localhost") {
		return nil, nil
	}
	s := &Site{Origin: origin.String(), ID: host, secret: make([]byte, 32)}
	if _, err := io.ReadFull(random, s.secret); err != nil {
		return nil, err
	}
	return s, nil
}

// Handle is what an authenticator keeps of a user: it is no name.
func (s *Site) Handle(user string) []byte {
	hash := sha256.Sum256([]byte(s.ID + "\x00" + user))
	return hash[:]
}

const (
	nonceLen      = 16
	challengeLen  = nonceLen + 8 + sha256.Size
	ChallengeTime = 5 * time.Minute // a challenge is good for
)

// Challenge makes what an authenticator signs, for a purpose: one is of no use for another.
func (s *Site) Challenge(purpose string, now time.Time, random io.Reader) ([]byte, error) {
	c := make([]byte, nonceLen, challengeLen)
	if _, err := io.ReadFull(random, c); err != nil {
		return nil, err
	}
	c = binary.BigEndian.AppendUint64(c, uint64(now.Unix()))
	return append(c, s.sum(c, purpose)...), nil
}

func (s *Site) sum(made []byte, purpose string) []byte {
	h := hmac.New(sha256.New, s.secret)
	h.Write(made)
	io.WriteString(h, purpose)
	return h.Sum(nil)
}

// Reasons why nothing is believed.
var (
	ErrMalformed = errors.New("malformed")
	ErrChallenge = errors.New("another challenge, or one that is too old")
	ErrOrigin    = errors.New("another site")
	ErrUnseen    = errors.New("the person was not verified")
	ErrKey       = errors.New("a key of another kind")
	ErrSignature = errors.New("a wrong signature")
)

// clientData is section 5.8.1.
type clientData struct {
	Type        string `json:"type"`
	Challenge   string `json:"challenge"`
	Origin      string `json:"origin"`
	CrossOrigin bool   `json:"crossOrigin"`
	TopOrigin   string `json:"topOrigin"`
}

// checkClient checks what the browser has signed along, and returns its challenge.
func (s *Site) checkClient(raw []byte, kind, purpose string, now time.Time) (challenge string, err error) {
	var c clientData
	if err := json.Unmarshal(raw, &c); err != nil || c.Type != kind {
		return "", ErrMalformed
	}
	if c.Origin != s.Origin || c.CrossOrigin || c.TopOrigin != "" {
		return "", ErrOrigin
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(c.Challenge)
	if err != nil || len(text) != challengeLen {
		return "", ErrChallenge
	}
	made, sum := text[:nonceLen+8], text[nonceLen+8:]
	age := now.Sub(time.Unix(int64(binary.BigEndian.Uint64(made[nonceLen:])), 0))
	if !hmac.Equal(sum, s.sum(made, purpose)) || age > ChallengeTime || age < -time.Second {
		return "", ErrChallenge
	}
	return c.Challenge, nil
}

// Flags of section 6.1.
const (
	present  = 1 << 0
	verified = 1 << 2
	backable = 1 << 3 // it may be copied to other devices of its owner
	backedUp = 1 << 4
	attested = 1 << 6
	extended = 1 << 7
)

// data is what the authenticator says, section 6.1.
type data struct {
	flags   byte
	counter uint32
	rest    []byte
}

const (
	dataLen = sha256.Size + 1 + 4
	maxData = 8 << 10
)

func (s *Site) checkData(raw []byte) (*data, error) {
	if len(raw) < dataLen || len(raw) > maxData {
		return nil, ErrMalformed
	}
	id := sha256.Sum256([]byte(s.ID))
	if !bytes.Equal(raw[:sha256.Size], id[:]) {
		return nil, ErrOrigin
	}
	d := &data{flags: raw[sha256.Size], counter: binary.BigEndian.Uint32(raw[sha256.Size+1:]), rest: raw[dataLen:]}
	switch {
	case d.flags&present == 0 || d.flags&verified == 0:
		return nil, ErrUnseen
	case d.flags&backedUp != 0 && d.flags&backable == 0:
		return nil, ErrMalformed
	}
	return d, nil
}

// Made is a passkey that an authenticator has made.
type Made struct {
	ID       []byte
	Key      []byte // COSE_Key, RFC 9052
	Counter  uint32
	Backable bool
}

const maxID = 1023 // bytes, section 4

// Register checks a new passkey, section 7.1. It returns the challenge, which is taken once.
func (s *Site) Register(client, attestation []byte, purpose string, now time.Time) (m *Made, challenge string, err error) {
	if challenge, err = s.checkClient(client, "webauthn.create", purpose, now); err != nil {
		return nil, "", err
	}
	var object struct {
		Data []byte `cbor:"authData"`
	}
	if len(attestation) > 2*maxData || decoding.Unmarshal(attestation, &object) != nil {
		return nil, "", ErrMalformed
	}
	d, err := s.checkData(object.Data)
	if err != nil {
		return nil, "", err
	}
	const head = 16 + 2 // which model it is, and the length of the id
	if d.flags&attested == 0 || len(d.rest) < head {
		return nil, "", ErrMalformed
	}
	n := int(binary.BigEndian.Uint16(d.rest[16:]))
	if n == 0 || n > maxID || len(d.rest) < head+n {
		return nil, "", ErrMalformed
	}
	id, rest := d.rest[head:head+n], d.rest[head+n:]
	var raw cbor.RawMessage
	behind, err := decoding.UnmarshalFirst(rest, &raw)
	if err != nil || len(behind) > 0 && d.flags&extended == 0 {
		return nil, "", ErrMalformed
	}
	if _, err := parseKey(raw); err != nil {
		return nil, "", err
	}
	return &Made{ID: id, Key: raw, Counter: d.counter, Backable: d.flags&backable != 0}, challenge, nil
}

// Used is a passkey that was used.
type Used struct {
	Counter   uint32
	Backable  bool
	Challenge string // is taken once
}

// Verify checks that a passkey was used to sign in, section 7.2.
func (s *Site) Verify(key, client, authenticator, signature []byte, purpose string, now time.Time) (*Used, error) {
	challenge, err := s.checkClient(client, "webauthn.get", purpose, now)
	if err != nil {
		return nil, err
	}
	d, err := s.checkData(authenticator)
	if err != nil {
		return nil, err
	}
	public, err := parseKey(key)
	if err != nil {
		return nil, fmt.Errorf("what is on record: %w", err)
	}
	hash := sha256.Sum256(client)
	if !public.verify(append(bytes.Clone(authenticator), hash[:]...), signature) {
		return nil, ErrSignature
	}
	return &Used{d.counter, d.flags&backable != 0, challenge}, nil
}
