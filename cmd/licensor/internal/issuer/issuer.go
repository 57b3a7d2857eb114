// Package issuer writes and signs what a vendor gives out: licenses and delegations.
// It decides nothing about seats, which is the ledger's subject, and everything about
// the signature: what a key is not allowed to sign is refused before it signs, and what
// it has signed is judged as a stranger would before anybody gets it.
package issuer

import (
	"fmt"
	"io"
	"slices"
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

	// List is the newest revocation list; nil: there is none. Licenses ask for it.
	List *verify.RevocationList

	Others []Other // that somebody could sign with instead; a refusal names them
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

// Issue writes, signs and checks the license of a grant. It returns the license's id
// and the bytes of the license file.
func (i *Issuer) Issue(g ledger.Grant, now time.Time) (format.ID, []byte, error) {
	draft := i.IssueAll([]ledger.Grant{g}, now)[0]
	return draft.ID, draft.File, draft.Err
}

// IssueAll is Issue for many grants, at half the time for each. It returns a draft for
// each grant, in their order.
func (i *Issuer) IssueAll(grants []ledger.Grant, now time.Time) []ledger.Draft {
	drafts := make([]ledger.Draft, 0, len(grants))
	for some := range slices.Chunk(grants, checkedTogether) {
		all := make([]*license, len(some))
		for n, g := range some {
			all[n] = i.sign(g, now)
		}
		i.selfCheck(all, now)
		for _, l := range all {
			draft := ledger.Draft{Signer: i.Delegation.Name, Err: l.err}
			if l.err == nil {
				draft.ID, draft.File = l.claims.ID, l.file
			}
			drafts = append(drafts, draft)
		}
	}
	return drafts
}

// At returns what signs the licenses of one moment for the ledger.
func (i *Issuer) At(now time.Time) ledger.Issue {
	return func(grants []ledger.Grant) []ledger.Draft { return i.IssueAll(grants, now) }
}

// license is a license that is signed and perhaps not checked yet.
type license struct {
	claims  *format.LicenseClaims
	payload []byte // the claims' canonical encoding
	file    []byte
	err     error
}

func (i *Issuer) sign(g ledger.Grant, now time.Time) *license {
	l := new(license)
	l.err = i.signInto(l, g, now)
	return l
}

func (i *Issuer) signInto(l *license, g ledger.Grant, now time.Time) error {
	id, err := format.NewID(i.Random)
	if err != nil {
		return err
	}
	l.claims = i.claims(g, id, now)
	if err := i.checkScope(l.claims); err != nil {
		return err
	}
	if err := checkDays(g); err != nil {
		return err
	}
	if l.payload, err = l.claims.Marshal(); err != nil {
		return err
	}
	signed, err := format.Seal(format.License, i.Key.Public().ID(), l.payload, i.Key.Sign)
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	l.file, err = format.MarshalFile(i.RawDelegation, signed, nil)
	return err
}

// checkDays refuses a failover license that would carry no day of emergency: none is
// what a license says that is not limited.
func checkDays(g ledger.Grant) error {
	if e := g.Entitlement; e.Type == format.TypeFailover && g.EmergencyDays == 0 {
		return &Error{
			Message: fmt.Sprintf("no day of emergency of invoice %q is left for this license", e.Invoice),
			Next:    fmt.Sprintf("sales sells more, and records them with \"licensor amend %s --emergency-days N\"", e.Invoice),
		}
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
	if i.List != nil && len(i.List.Raw) <= MaxAttachedList {
		claims.Terms.MinRevocation = i.List.Number
	}
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
