package ledger

import (
	"crypto/sha256"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// License is a license on record.
type License struct {
	ID         format.ID `json:"id"`
	Activation string    `json:"activation"`
	Epoch      uint64    `json:"epoch"`
	Issued     time.Time `json:"issued"`
	HardEnd    time.Time `json:"hard_end,omitzero"` // grace included; zero: never
	SignedBy   string    `json:"signed_by"`         // the name of the staff key
	SignerKey  []byte    `json:"signer_key"`        // that key, 32 bytes
	Request    []byte    `json:"request,omitempty"` // the body that it answers; none: bound to nothing
	File       []byte    `json:"file,omitempty"`    // the license file's bytes, without the text form
}

// OpenRequest returns the request that the license answers, nil if it answers none.
func (l *License) OpenRequest() (*verify.Request, error) {
	if len(l.Request) == 0 {
		return nil, nil
	}
	q, err := format.UnmarshalRequest(l.Request)
	if err != nil {
		return nil, Damaged("the request of license %s: %v", l.ID, err)
	}
	key, err := keys.NewPublicKey(q.Key)
	if err != nil {
		return nil, Damaged("the request of license %s: %v", l.ID, err)
	}
	return &verify.Request{Request: *q, Key: key, Body: l.Request, Hash: sha256.Sum256(l.Request)}, nil
}

// OpenFile reads the license file.
func (l *License) OpenFile() (format.File, error) {
	file, err := format.ParseFile(l.File)
	if err != nil {
		return format.File{}, Damaged("license %s: %v", l.ID, err)
	}
	return file, nil
}
