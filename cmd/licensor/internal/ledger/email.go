package ledger

import (
	"bytes"
	"crypto/sha256"
	"io"
)

// saltSize is the size of the salt of an e-mail address, in bytes.
const saltSize = 16

// NewSalt returns the salt for an e-mail address.
func NewSalt(random io.Reader) ([]byte, error) {
	salt := make([]byte, saltSize)
	_, err := io.ReadFull(random, salt)
	return salt, err
}

// Commit notes the address of an entitlement as the log does, which cannot forget: by a
// hash, whose salt stands beside the address and goes with it.
func (e *Entitlement) Commit(salt []byte) {
	e.Account, e.Salt, e.Forgotten = Commitment(salt, e.Email), salt, false
}

// Commitment returns the hash by which the log knows an e-mail address: SHA-256 of the
// salt and the address.
func Commitment(salt []byte, email string) []byte {
	sum := sha256.Sum256(append(bytes.Clone(salt), email...))
	return sum[:]
}

// logged is what an event says of an entitlement.
type logged struct {
	*Entitlement
	Account []byte `json:"account,omitempty"`
}

func (logged) detail() {}

func (e *Entitlement) logged() logged { return logged{e.Kept(), e.Account} }

// Kept returns what the column sold keeps: what is known of the address stands in columns
// of its own, so that it can be forgotten.
func (e *Entitlement) Kept() *Entitlement {
	sold := *e
	sold.Email, sold.Salt, sold.Forgotten = "", nil, false
	return &sold
}

// Forgotten removes e-mail addresses, which are named by their commitments.
type Forgotten struct {
	Accounts [][]byte `json:"accounts"`
}

func (Forgotten) detail() {}

// Addressed gives a sale one more e-mail address that may claim it, or takes that off. The
// address is named by its commitment.
type Addressed struct {
	Account []byte `json:"account"`
	Off     bool   `json:"off,omitempty"`
	Email   string `json:"-"`
	Salt    []byte `json:"-"`
}

func (Addressed) detail() {}

// Address is an e-mail address with the commitment to it.
type Address struct {
	Account []byte
	Email   string
}
