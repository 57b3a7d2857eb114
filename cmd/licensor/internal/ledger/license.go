package ledger

import (
	"crypto/sha256"
	"database/sql"
	"time"

	"github.com/offlicense/offlicense/format"
)

// License is a license on record.
type License struct {
	ID         format.ID `json:"id"`
	Activation string    `json:"activation"`
	Epoch      uint64    `json:"epoch"`
	Issued     time.Time `json:"issued"`
	Expires    time.Time `json:"expires,omitzero"`  // the hard end, grace included; zero: never
	Signer     string    `json:"signer"`            // the name of the staff key
	Request    []byte    `json:"request,omitempty"` // the body that it answers; none: bound to nothing
	File       []byte    `json:"file,omitempty"`    // the license file's bytes, without the text form
}

// UnmarshalJSON reads what an event says of a license.
func (l *License) UnmarshalJSON(raw []byte) error {
	type plain License
	var read struct {
		*plain
		ID string `json:"id"`
	}
	read.plain = new(plain)
	if err := decodeStrictly(raw, &read); err != nil {
		return err
	}
	id, err := format.ParseID(read.ID)
	if err != nil {
		return err
	}
	*l = License(*read.plain)
	l.ID = id
	return nil
}

// idText scans a column with an id as it is printed.
type idText format.ID

// Scan implements sql.Scanner.
func (id *idText) Scan(value any) error {
	var s string
	switch v := value.(type) {
	case string:
		s = v
	case []byte:
		s = string(v)
	}
	parsed, err := format.ParseID(s)
	*id = idText(parsed)
	return err
}

// licenses returns the licenses that a condition on l (licenses) selects.
func (t *transaction) licenses(condition string, args ...any) ([]*License, error) {
	var all []*License
	err := t.each("SELECT s.event FROM licenses l JOIN events s ON s.seq = l.seq WHERE "+condition, args, func(rows *sql.Rows) error {
		var leaf []byte
		if err := rows.Scan(&leaf); err != nil {
			return err
		}
		l, err := licenseIn(leaf)
		all = append(all, l)
		return err
	})
	return all, err
}

// licenseIn returns the license that an event has signed.
func licenseIn(leaf []byte) (*License, error) {
	e, err := parseEvent(leaf)
	if err != nil {
		return nil, damaged("%v", err)
	}
	s, ok := e.Detail.(*Signed)
	if !ok {
		return nil, damaged("event %d (%s) stands where a license was signed", e.Seq, e.Action)
	}
	return s.License, nil
}

// license returns the one license that a condition selects, nil if there is none.
func (t *transaction) license(condition string, args ...any) (*License, error) {
	all, err := t.licenses(condition, args...)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// requestHash returns the hash of a request's body, nil for no request.
func requestHash(body []byte) []byte {
	if len(body) == 0 {
		return nil
	}
	sum := sha256.Sum256(body)
	return sum[:]
}

// orNil stores no bytes as NULL, which no unique index compares.
func orNil(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}
