// Package issuer writes and signs what a vendor gives out: licenses and delegations.
// It decides nothing about seats, which is the ledger's subject, and everything about
// the signature: what a key is not allowed to sign is refused before it signs, and what
// it has signed is judged as a stranger would before anybody gets it.
package issuer

import (
	"fmt"
	"io"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// Issuer signs licenses with one staff key under its delegation. It may be used by many
// goroutines at once.
type Issuer struct {
	Key           keys.Signer
	Delegation    *format.DelegationClaims
	RawDelegation []byte
	Verifier      *verify.Verifier // trusts the vendor's own roots
	Random        io.Reader
}

// Error is a license or a delegation that this key cannot sign.
type Error struct {
	Message string
	Next    string
	Err     error
}

func (e *Error) Error() string { return e.Message }

// Hint returns what to do next.
func (e *Error) Hint() string { return e.Next }

func (e *Error) Unwrap() error { return e.Err }

// Check refuses a key that is not the one that its delegation names, and one that may
// not sign the license of a grant.
func (i *Issuer) Check(g ledger.Grant, now time.Time) error {
	if string(i.Delegation.Key) != string(i.Key.Public().Bytes()) {
		return &Error{Message: fmt.Sprintf("the key %q is not the one that its delegation names", i.Delegation.Name),
			Next: "put the key and the delegation that belong together into the home"}
	}
	return i.checkScope(i.claims(g, format.ID{}, now))
}

func (i *Issuer) checkScope(claims *format.LicenseClaims) error {
	err := verify.CheckScope(i.Delegation, claims)
	if refusal, ok := err.(*verify.Refusal); ok {
		return &Error{
			Message: fmt.Sprintf("the key %q may not sign this license: it allows %s, this is %s", i.Delegation.Name, refusal.Expected, refusal.Found),
			Next:    "sign with another key (--key NAME), or ask the holder of the root key for a wider delegation",
			Err:     refusal,
		}
	}
	return err
}

// Issue writes, signs and checks the license of a grant. It returns the license's id
// and the bytes of the license file.
func (i *Issuer) Issue(g ledger.Grant, now time.Time) (format.ID, []byte, error) {
	id, err := format.NewID(i.Random)
	if err != nil {
		return format.ID{}, nil, err
	}
	claims := i.claims(g, id, now)
	if err := i.checkScope(claims); err != nil {
		return format.ID{}, nil, err
	}
	if err := checkDays(g); err != nil {
		return format.ID{}, nil, err
	}
	payload, err := claims.Marshal()
	if err != nil {
		return format.ID{}, nil, err
	}
	license, err := format.Seal(format.License, i.Key.Public().ID(), payload, i.Key.Sign)
	if err != nil {
		return format.ID{}, nil, fmt.Errorf("signing: %w", err)
	}
	file, err := format.MarshalFile(i.RawDelegation, license, nil)
	if err != nil {
		return format.ID{}, nil, err
	}
	if err := i.selfCheck(file, claims, now); err != nil {
		return format.ID{}, nil, err
	}
	return id, file, nil
}

// At returns what signs the licenses of one moment for the ledger.
func (i *Issuer) At(now time.Time) ledger.Issue {
	return func(g ledger.Grant) (format.ID, []byte, string, error) {
		id, file, err := i.Issue(g, now)
		return id, file, i.Delegation.Name, err
	}
}

// checkDays refuses a failover license of which no day is left: none is what a license
// says that is not limited.
func checkDays(g ledger.Grant) error {
	if e := g.Entitlement; e.Type == format.TypeFailover && e.EmergencyDays > 0 && g.EmergencyDays == 0 {
		return &Error{
			Message: fmt.Sprintf("all %d days of emergency of invoice %q are used up", e.EmergencyDays, e.Invoice),
			Next:    fmt.Sprintf("sales sells more, and records them with \"licensor amend %s --emergency-days N\"", e.Invoice),
		}
	}
	return nil
}

// selfCheck judges what was just signed. A key that gives wrong signatures, in a broken
// agent or broken memory, is found here and not on the customer's server.
func (i *Issuer) selfCheck(file []byte, claims *format.LicenseClaims, now time.Time) error {
	text := format.EncodeText(format.LicenseFile, file)
	license, err := i.Verifier.Check([]byte(text), verify.Facts{Now: now, Product: claims.Product, AnyMachine: true})
	if err != nil {
		return fmt.Errorf("the license that was just signed does not verify: %w", err)
	}
	if license.ID != claims.ID {
		return fmt.Errorf("the license that was just signed has the id %s, want %s", license.ID, claims.ID)
	}
	return nil
}

func (i *Issuer) claims(g ledger.Grant, id format.ID, now time.Time) *format.LicenseClaims {
	claims := &format.LicenseClaims{
		Issuer:     i.Delegation.Issuer,
		Activation: g.Activation,
		Product:    g.Entitlement.Product,
		IssuedAt:   now.Unix(),
		ID:         id,
		Terms:      g.Entitlement.Terms(),
	}
	if q := g.Request; q != nil {
		claims.Terms.Site = q.Site
		claims.Binding = &format.Binding{
			Key:        q.Key.Bytes(),
			Request:    q.Hash,
			Need:       Majority(len(q.Components)),
			Components: q.Components,
		}
	}
	if end := g.Entitlement.HardEnd(); !end.IsZero() {
		claims.Expires = end.Unix()
	}
	claims.Terms.Epoch = g.Epoch
	if claims.Terms.Type == format.TypeFailover { // not the bridge of a failover server's move
		claims.Terms.EmergencyDays = g.EmergencyDays
	}
	return claims
}

// Majority returns how many of n components must match: more than half. So one of
// three may change, by a new disk or a reinstalled system, and what machines from one
// image have in common (its file system's id) never decides alone.
func Majority(n int) uint64 {
	if n == 0 {
		return 0
	}
	return uint64(n/2 + 1)
}
