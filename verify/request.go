package verify

import (
	"crypto/sha256"
	"errors"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// Request is a request whose form is right. What it says is its sender's claim.
type Request struct {
	format.Request
	Key    keys.PublicKey // the machine's
	Body   []byte         // the canonical encoding
	Hash   [32]byte       // SHA-256 of the body; the license names it
	Signed bool           // its machine key has signed it: a file, not a QR code
}

// OpenRequest reads the text of a request, signed or with a checksum alone. The
// signature shows that the sender holds the machine key; it does not make the content
// true. The error is a *Refusal.
func OpenRequest(text []byte) (*Request, error) {
	kind, raw, err := format.DecodeText(text)
	if err != nil {
		return nil, refuseRequest(err)
	}
	switch kind {
	case format.RequestBody:
		return openBody(raw)
	case format.SignedRequest:
		return openSigned(raw)
	}
	return nil, refuseRequest(&format.WrongKindError{Got: kind, Want: format.SignedRequest})
}

func openBody(body []byte) (*Request, error) {
	q, err := format.UnmarshalRequest(body)
	if err != nil {
		return nil, refuseRequest(err)
	}
	key, err := keys.NewPublicKey(q.Key)
	if err != nil {
		return nil, refuseRequest(err)
	}
	return &Request{Request: *q, Key: key, Body: body, Hash: sha256.Sum256(body)}, nil
}

func openSigned(raw []byte) (*Request, error) {
	s, err := format.ParseStatement(raw, format.SignedRequest)
	if err != nil {
		return nil, refuseRequest(err)
	}
	q, err := openBody(s.UnverifiedPayload())
	if err != nil {
		return nil, err
	}
	if q.Key.ID() != s.KeyID() || !q.Key.Verify(s.SignedMessage(), s.Signature()) {
		return nil, &Refusal{
			Reason:  BadSignature,
			Message: "the request was changed after its server signed it",
			Next:    "ask the customer to send the request file again",
		}
	}
	q.Signed = true
	return q, nil
}

func refuseRequest(err error) error {
	r := refuseMalformed(err).(*Refusal)
	var wrong *format.WrongKindError
	var malformed *format.MalformedError
	const right = `name the request file that the customer sent, made by "offlicense request"`
	switch {
	case errors.As(err, &wrong):
		r.Next = right
	case errors.As(err, &malformed) && malformed.Foreign() != "":
		r.Next = foreignAdvice(malformed.Foreign()) + right
	default:
		r.Next = "ask the customer to send the request again: all of it, from its prefix to the last character"
	}
	return r
}
