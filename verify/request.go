package verify

import (
	"crypto/sha256"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// Request is a request whose form is right. What it says is its sender's claim.
type Request struct {
	format.Request
	Key    keys.PublicKey // the machine's
	Raw    []byte         // as it came: the body, or the statement that signs it
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
		return nil, requestSource.refuse(err)
	}
	switch kind {
	case format.RequestBody:
		return openBody(raw)
	case format.SignedRequest:
		return openSigned(raw)
	}
	return nil, requestSource.refuse(&format.WrongKindError{Got: kind, Want: format.SignedRequest})
}

func openBody(body []byte) (*Request, error) {
	q, err := format.UnmarshalRequest(body)
	if err != nil {
		return nil, requestSource.refuse(err)
	}
	key, err := keys.NewPublicKey(q.Key)
	if err != nil {
		return nil, requestSource.refuse(err)
	}
	return &Request{Request: *q, Key: key, Raw: body, Body: body, Hash: sha256.Sum256(body)}, nil
}

func openSigned(raw []byte) (*Request, error) {
	s, err := format.ParseStatement(raw, format.SignedRequest)
	if err != nil {
		return nil, requestSource.refuse(err)
	}
	q, err := openBody(s.UnverifiedPayload())
	if err != nil {
		return nil, err
	}
	if q.Key.ID() != s.KeyID() || !q.Key.Verify(s.SignedMessage(), s.Signature()) {
		return nil, &Refusal{
			Reason:  BadSignature,
			Message: "the request was changed after its server signed it",
			hint:    "ask the customer to send the request file again",
		}
	}
	q.Signed, q.Raw = true, raw
	return q, nil
}
