// Package passkey checks what a browser says of a passkey: Web Authentication, Level 3
// (https://www.w3.org/TR/webauthn-3), as far as a sign-in needs it. Who made the authenticator
// is not asked: no attestation is. The person must be verified by it, each time.
//
// It keeps nothing and reads no clock. A challenge says by itself when it was made and what for;
// that none is taken twice is its caller's to see.
package passkey

import (
	"bytes"
	"crypto/sha256"
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

// Reasons why nothing is believed.
var (
	ErrMalformed = errors.New("malformed")
	ErrKind      = errors.New("an answer to another question")
	ErrChallenge = errors.New("another challenge, or one that is too old")
	ErrOrigin    = errors.New("another site")
	ErrUnseen    = errors.New("the person was not verified")
	ErrKey       = errors.New("a key of another kind")
	ErrSignature = errors.New("a wrong signature")
)

// decoding is strict: authenticators write CTAP2 canonical CBOR.
var decoding = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		MaxNestedLevels: 8, MaxArrayElements: 64, MaxMapPairs: 64, FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
	}.DecMode()
	if err != nil {
		panic(err) // the options
	}
	return mode
}()

// Made is a passkey that an authenticator has made.
type Made struct {
	ID       []byte
	Key      []byte // COSE_Key, RFC 9052
	Counter  uint32
	Backable bool
}

// Register checks a new passkey, section 7.1. It returns the challenge, which is taken once.
func (s *Site) Register(client, attestation []byte, purpose string, now time.Time) (m *Made, challenge string, err error) {
	if challenge, err = s.checkClient(client, "webauthn.create"); err != nil {
		return nil, "", err
	}
	if err := s.checkChallenge(challenge, purpose, now); err != nil {
		return nil, "", err
	}
	if m, err = s.checkAttestation(attestation); err != nil {
		return nil, "", err
	}
	return m, challenge, nil
}

// checkAttestation checks an attestation object, section 6.5.4. What a maker attests besides is
// not looked at; where there is nothing, nothing is said.
func (s *Site) checkAttestation(raw []byte) (*Made, error) {
	var object struct {
		Format    string                     `cbor:"fmt"`
		Statement map[string]cbor.RawMessage `cbor:"attStmt"`
		Data      cbor.ByteString            `cbor:"authData"`
	}
	if len(raw) > 2*maxData || decoding.Unmarshal(raw, &object) != nil || object.Format == "" || object.Statement == nil ||
		object.Format == "none" && len(object.Statement) > 0 {
		return nil, ErrMalformed
	}
	d, err := s.checkData([]byte(object.Data), true)
	if err != nil {
		return nil, err
	}
	if _, err := parseKey(d.key); err != nil {
		return nil, err
	}
	return &Made{ID: d.id, Key: d.key, Counter: d.counter, Backable: d.backable}, nil
}

// Used is a passkey that was used.
type Used struct {
	Counter   uint32
	Backable  bool
	Challenge string // is taken once
}

// Verify checks that a passkey was used to sign in, section 7.2.
func (s *Site) Verify(key, client, authenticator, signature []byte, purpose string, now time.Time) (*Used, error) {
	challenge, err := s.checkClient(client, "webauthn.get")
	if err != nil {
		return nil, err
	}
	if err := s.checkChallenge(challenge, purpose, now); err != nil {
		return nil, err
	}
	d, err := s.checkAssertion(key, client, authenticator, signature)
	if err != nil {
		return nil, err
	}
	return &Used{d.counter, d.backable, challenge}, nil
}

// checkAssertion checks what an authenticator has signed, and that it has.
func (s *Site) checkAssertion(key, client, authenticator, signature []byte) (*data, error) {
	d, err := s.checkData(authenticator, false)
	if err != nil {
		return nil, err
	}
	verify, err := parseKey(key)
	if err != nil {
		return nil, fmt.Errorf("what is on record: %w", err)
	}
	hash := sha256.Sum256(client)
	if !verify(append(bytes.Clone(authenticator), hash[:]...), signature) {
		return nil, ErrSignature
	}
	return d, nil
}
