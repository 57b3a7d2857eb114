package ledger

import (
	"crypto/sha256"
	"slices"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// MaxAttachedList is the most bytes of a revocation list that is attached to license
// files, of which each has room for a license and a delegation of any length beside it.
// A license asks for no list that cannot come with it.
const MaxAttachedList = format.MaxLicenseFile - 24<<10

// License is a license on record.
type License struct {
	ID         format.ID `json:"id"`
	Activation string    `json:"activation"`
	Epoch      uint64    `json:"epoch"`
	Issued     time.Time `json:"issued"`
	HardEnd    time.Time `json:"hard_end,omitzero"`    // grace included; zero: never
	SignedBy   string    `json:"signed_by"`            // the name of the staff key
	SignerKey  []byte    `json:"signer_key"`           // that key, 32 bytes
	Floor      uint64    `json:"floor,omitempty"`      // the number of the revocation list that it asks for
	Components []string  `json:"components,omitempty"` // of the request, those that it names
	Need       uint64    `json:"need,omitempty"`       // how many of them must match
	Request    []byte    `json:"request,omitempty"`    // that it answers, as it came; none: bound to nothing
	File       []byte    `json:"file,omitempty"`       // the license file's bytes, without the text form
}

// OpenRequest returns the request that the license answers, nil if it answers none. Its
// signature was checked when it came.
func (l *License) OpenRequest() (*verify.Request, error) {
	if len(l.Request) == 0 {
		return nil, nil
	}
	body, err := requestBody(l.Request)
	if err != nil {
		return nil, Damaged("the request of license %s: %v", l.ID, err)
	}
	q, err := format.UnmarshalRequest(body)
	if err != nil {
		return nil, Damaged("the request of license %s: %v", l.ID, err)
	}
	key, err := keys.NewPublicKey(q.Key)
	if err != nil {
		return nil, Damaged("the request of license %s: %v", l.ID, err)
	}
	return &verify.Request{Request: *q, Key: key, Raw: l.Request, Body: body, Hash: sha256.Sum256(body), Signed: len(body) < len(l.Request)}, nil
}

// Code returns the comparison code of the request that the license answers, "" if there
// is none.
func (l *License) Code() string {
	if l == nil {
		return ""
	}
	q, err := l.OpenRequest()
	if err != nil || q == nil {
		return ""
	}
	return format.ComparisonCode(q.Hash)
}

// requestBody returns the body of a request as it came: alone, or in the statement that
// signs it, which begins with a tag.
func requestBody(raw []byte) ([]byte, error) {
	const tag = 6 // major type, RFC 8949, section 3.1
	if raw[0]>>5 != tag {
		return raw, nil
	}
	s, err := format.ParseStatement(raw, format.SignedRequest)
	if err != nil {
		return nil, err
	}
	return s.UnverifiedPayload(), nil
}

// Named returns the components that the license names, with the hash of its request; nil
// for a license that answers none.
func (l *License) Named() (components []format.Component, requestHash []byte, err error) {
	q, err := l.OpenRequest()
	if err != nil || q == nil {
		return nil, nil, err
	}
	for _, c := range q.Components {
		if slices.Contains(l.Components, c.Label) {
			components = append(components, c)
		}
	}
	return components, q.Hash[:], nil
}

// OpenFile reads the license file.
func (l *License) OpenFile() (format.File, error) {
	file, err := format.ParseFile(l.File)
	if err != nil {
		return format.File{}, Damaged("license %s: %v", l.ID, err)
	}
	return file, nil
}
