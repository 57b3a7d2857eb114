package site

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
)

// RequestOptions say what is asked for.
type RequestOptions struct {
	Product string // required, as are the next three
	Invoice string
	Email   string                   // the customer's at the vendor; only a hash of it leaves this function
	Account [format.AccountSize]byte // that hash, of an earlier request for the invoice, in place of Email; zero: Email counts
	Type    string                   // a license type

	// Getenv reads the environment, as in Program: a license that stands there is the one that a
	// change of machine replaces.
	Getenv func(name string) string

	Site string // name of the site; empty: none
	Host string // name of the server; empty: none

	Components []machine.Value // that the operator gives; nil: those of the environment, as in Program
	MAC        bool            // also offer a MAC address; false leaves it out
	HostID     bool            // also offer what a container has from its host; false leaves it out
	Checker    *machine.User   // who checks the license, as [machine.ReadAs] takes them; nil: the user who makes the request
	KeyOnly    bool            // offer nothing but the machine key; false wants something that identifies the machine

	// Again returns the latest request instead of another one if it asks for the same, for the machine as it is
	// now, and nothing was released since: so who does not know what became of it sends it once more. False
	// makes a new one each time.
	Again bool

	// Refused says, with Again, of the hash of a request whether the vendor has refused it for good, so that another one
	// is made. nil: none was.
	Refused func(hash [32]byte) bool

	Key    Key       // the machine key, where it is sealed elsewhere; nil: the file in the directory
	Now    time.Time // required
	Random io.Reader // required; makes the machine key where there is none yet
}

// Request is a request that was made and is kept in the state directory.
type Request struct {
	format.Request
	Text    []byte   // the signed request (OLS1), as files carry it
	Code    string   // as a QR code carries it: the body (OLQ1); the signed request if Changed
	Hash    [32]byte // SHA-256 of the body
	Path    string   // where the state directory keeps Text
	Machine *machine.Identity

	// Changed says that this machine does not agree with an earlier request of the site. A
	// change of machine needs the signature, in its code as well, and names the installed
	// license as Prior.
	Changed bool

	Warnings []verify.Warning
}

// ErrOtherProduct says that a state directory is in use for another product.
var ErrOtherProduct = errors.New("the state directory belongs to another product")

// ErrUnidentified says that nothing identifies the machine, and that nobody has said that the
// license shall be bound to the machine key alone.
var ErrUnidentified = errors.New("nothing identifies this machine")

// ErrUnreadable says that who checks the license can read nothing that identifies the machine.
var ErrUnreadable = errors.New("who checks the license cannot read what identifies this machine")

// FieldError says which field of a request cannot be said in one.
type FieldError struct {
	Field string // "product", "invoice", "e-mail", "type", "site", "host" or "component"; of a declaration "why"
	Err   error
}

func (e *FieldError) Error() string {
	var m *format.MalformedError
	if errors.As(e.Err, &m) {
		return "invalid " + e.Field + ": " + strings.TrimPrefix(m.Reason(), e.Field+" ")
	}
	return e.Err.Error()
}

func (e *FieldError) Unwrap() error { return e.Err }

// Request makes a request, signs it with the machine key and keeps it. What was asked
// before stays good: a license that answers an older request still installs.
// Nothing is written unless the options are right.
func (s *State) Request(o RequestOptions) (*Request, error) {
	body, identity, err := s.body(o)
	if err != nil {
		return nil, err
	}
	if err := s.make(); err != nil {
		return nil, err
	}
	earlier, err := s.earlierRequests(o.Product)
	if err != nil {
		return nil, err
	}
	changed := s.changed(body, earlier, o.Getenv)
	if err := fit(body); err != nil {
		return nil, err
	}
	key, err := s.key(o.Key, o.Random)
	if err != nil {
		return nil, err
	}
	body.Key = key.Public().Bytes()
	again := false
	if o.Again {
		latest, err := s.asked(body, o.Refused)
		if err != nil {
			return nil, err
		}
		if again = latest != nil; again {
			body = &latest.Request
		}
	}
	r, err := sign(body, key, changed)
	if err != nil {
		return nil, err
	}
	name := requestName(r.Hash)
	if !again {
		if err := s.write(name, r.Text, publicMode); err != nil {
			return nil, err
		}
	}
	r.Path, r.Machine, r.Warnings = s.path(name), identity, networkWarnings(s.dir, fsMagic(s.dir))
	for _, f := range identity.Findings {
		if f.Warning != "" && !o.KeyOnly {
			r.Warnings = append(r.Warnings, verify.Warning{Code: ImageID, Value: f.Label}.Says("%s", f.Warning))
		}
	}
	if o.Key == nil {
		r.Warnings = append(s.keyWarnings(), r.Warnings...)
	}
	return r, nil
}

// body returns the request with all but its key, and what the machine offered for it.
func (s *State) body(o RequestOptions) (*format.Request, *machine.Identity, error) {
	if o.Now.IsZero() || o.Random == nil {
		return nil, nil, errors.New("request: Now or Random is not set")
	}
	if err := plausible(o.Now); err != nil {
		return nil, nil, err
	}
	invoice, err := format.ParseInvoice(o.Invoice)
	if err != nil {
		return nil, nil, &FieldError{"invoice", fmt.Errorf("invalid invoice %.64q: %w", o.Invoice, err)}
	}
	account := o.Account
	if account == ([format.AccountSize]byte{}) {
		email := strings.TrimSpace(o.Email)
		if err := format.ValidAddress(email); err != nil {
			return nil, nil, &FieldError{"e-mail", fmt.Errorf("invalid e-mail address %.64q: %w", email, err)}
		}
		account = format.AccountHash(invoice, email)
	}
	body := &format.Request{
		Product: o.Product,
		Invoice: invoice,
		Account: account,
		Type:    o.Type,
		Time:    o.Now.Unix(),
		Key:     make([]byte, keys.PublicKeySize), // until there is one
		Site:    o.Site,
		Host:    o.Host,
	}
	if _, err := body.Marshal(); err != nil {
		return nil, nil, faultyField(body, err)
	}
	given := o.Components
	if given == nil && !o.KeyOnly {
		if given, err = EnvironmentComponents(o.Getenv); err != nil {
			return nil, nil, &FieldError{"component", err}
		}
	}
	asks := machine.Options{Product: o.Product, Extra: given, MAC: o.MAC, HostID: o.HostID}
	identity, err := machine.Read(asks)
	if err == nil {
		if u := firstUnread(given, identity); u.label != "" {
			err = fmt.Errorf("component %q: %s", u.label, u.why)
		}
	}
	switch {
	case err != nil:
		return nil, nil, &FieldError{"component", err}
	case o.KeyOnly:
		return body, identity, nil
	case len(identity.Components) == 0:
		return nil, nil, ErrUnidentified
	}
	body.Components = identity.Components
	if o.Checker != nil {
		read, err := machine.ReadAs(*o.Checker, asks)
		if err != nil {
			return nil, nil, err
		}
		if body.Unreadable = identity.Unreadable(read); len(body.Readable()) == 0 {
			return nil, nil, fmt.Errorf("%w (%s)", ErrUnreadable, strings.Join(body.Unreadable, ", "))
		}
	}
	return body, identity, nil
}

// faultyField finds the field that a body cannot be marshaled for: the one without
// which it can.
func faultyField(body *format.Request, err error) error {
	good := *body
	good.Product, good.Invoice, good.Type, good.Site, good.Host = "product", "INVOICE", "production", "", ""
	for _, field := range [...]struct {
		name string
		set  func(*format.Request)
	}{
		{"product", func(q *format.Request) { q.Product = body.Product }},
		{"invoice", func(q *format.Request) { q.Invoice = body.Invoice }},
		{"type", func(q *format.Request) { q.Type = body.Type }},
		{"site", func(q *format.Request) { q.Site = body.Site }},
		{"host", func(q *format.Request) { q.Host = body.Host }},
	} {
		trial := good
		field.set(&trial)
		if _, err := trial.Marshal(); err != nil {
			return &FieldError{field.name, err}
		}
	}
	return err
}

// smallBody is the longest body whose code takes 45x23 cells of a console.
const smallBody = 114

// fit shortens the hashes of a body that is longer than that.
func fit(q *format.Request) error {
	body, err := q.Marshal()
	if err != nil || len(body) <= smallBody {
		return err
	}
	short := make([]format.Component, len(q.Components)) // the identity keeps the long ones
	for i, c := range q.Components {
		short[i] = format.Component{Label: c.Label, Hash: c.Hash[:format.MinComponentHash]}
	}
	q.Components = short
	return nil
}

// CodeOf returns the text that a QR code of a signed request carries, as Request.Code. Its
// body alone is enough, unless it names a license that it replaces: that needs the signature.
func CodeOf(raw []byte) (string, error) {
	signed, err := format.ParseStatement(raw, format.SignedRequest)
	if err != nil {
		return "", err
	}
	q, err := format.UnmarshalRequest(signed.UnverifiedPayload())
	if err != nil {
		return "", err
	}
	if q.Prior != nil {
		return format.EncodeText(format.SignedRequest, raw), nil
	}
	return format.EncodeText(format.RequestBody, signed.UnverifiedPayload()), nil
}

// sign makes a request of which the code needs the signature, too, if the machine changed.
func sign(q *format.Request, key Key, changed bool) (*Request, error) {
	body, err := q.Marshal()
	if err != nil {
		return nil, err
	}
	raw, err := seal(format.SignedRequest, body, key)
	if err != nil {
		return nil, err
	}
	r := &Request{
		Request: *q,
		Text:    format.EncodeFile(format.SignedRequest, raw),
		Code:    format.EncodeText(format.RequestBody, body),
		Hash:    sha256.Sum256(body),
		Changed: changed,
	}
	if changed {
		r.Code = format.EncodeText(format.SignedRequest, raw)
	}
	return r, nil
}
