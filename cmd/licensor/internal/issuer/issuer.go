// Package issuer writes and signs what a vendor gives out: licenses and delegations.
// It decides nothing about seats, which is the ledger's subject, and everything about
// the signature: what a key is not allowed to sign is refused before it signs, and what
// it has signed is judged as a stranger would before anybody gets it.
package issuer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
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
}

// Check refuses a key that is not the one that its delegation names, and one that may
// not sign the license of a grant.
func (i *Issuer) Check(g ledger.Grant, now time.Time) error {
	if !bytes.Equal(i.Delegation.Key, i.Key.Public().Bytes()) {
		return hint.Errorf("the key %q is not the one that its delegation names", i.Delegation.Name).
			WithHint("put the key and the delegation that belong together into the home")
	}
	return i.checkScope(i.claims(&g, format.ID{}, now))
}

// At returns what signs the licenses of one moment for the ledger.
func (i *Issuer) At(now time.Time) ledger.Issue {
	return func(grants []ledger.Grant) []ledger.Draft { return i.IssueAll(grants, now) }
}

// IssueAll writes, signs and checks the licenses of grants. It returns a draft for each,
// in their order.
func (i *Issuer) IssueAll(grants []ledger.Grant, now time.Time) []ledger.Draft {
	drafts := make([]ledger.Draft, len(grants))
	for n := range grants {
		d := &drafts[n]
		d.Signer, d.Key, d.Floor = i.Delegation.Name, i.Key.Public(), i.floor()
		d.ID, d.File, d.Err = i.issue(&grants[n], now)
	}
	return drafts
}

func (i *Issuer) issue(g *ledger.Grant, now time.Time) (format.ID, []byte, error) {
	id, err := format.NewID(i.Random)
	if err != nil {
		return format.ID{}, nil, err
	}
	claims := i.claims(g, id, now)
	if err := i.checkScope(claims); err != nil {
		return format.ID{}, nil, err
	}
	payload, err := claims.Marshal()
	if err != nil {
		return format.ID{}, nil, err
	}
	signed, err := format.Seal(format.License, i.Key.Public().ID(), payload, i.Key.Sign)
	if err != nil {
		return format.ID{}, nil, fmt.Errorf("signing: %w", err)
	}
	file, err := format.MarshalFile(i.RawDelegation, signed, nil)
	if err != nil {
		return format.ID{}, nil, err
	}
	if err := i.selfCheck(claims, file, now); err != nil {
		return format.ID{}, nil, err
	}
	return id, file, nil
}

func (i *Issuer) claims(g *ledger.Grant, id format.ID, now time.Time) *format.LicenseClaims {
	return g.Claims(i.Delegation.Issuer, id, now, i.floor())
}

// floor returns the number of the revocation list that licenses ask for: the newest, if
// it has room in a license file.
func (i *Issuer) floor() uint64 {
	if i.List == nil || len(i.List.Raw) > MaxAttachedList {
		return 0
	}
	return i.List.Number
}

// checkScope refuses what every verifier would refuse.
func (i *Issuer) checkScope(claims *format.LicenseClaims) error {
	err := verify.CheckScope(i.Delegation, claims)
	var refusal *verify.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	return hint.Errorf("%s; allowed: %s; this is: %s", refusal.Message, refusal.Expected, refusal.Found).Because(refusal).
		WithHint(`choose a key that may ("licensor key list"), or ask the holder of the root key for a wider delegation`)
}

// selfCheck judges a license that was just signed with the verifier that the customer
// has. A key that gives wrong signatures, in a broken agent or broken memory, is found
// here and not on the customer's server: beside a good signature of the same bytes, a
// faulty one gives the key away.
func (i *Issuer) selfCheck(claims *format.LicenseClaims, file []byte, now time.Time) error {
	facts := verify.Facts{Now: now, Product: claims.Product, AnyMachine: true}
	if i.List != nil {
		facts.Revocations = []*verify.RevocationList{i.List}
	}
	var read *verify.License
	opened, err := i.Verifier.OpenRaw(file)
	if err == nil {
		read, err = opened.Check(facts)
	}
	if err != nil {
		return fmt.Errorf("the license that was just signed does not verify: %w", err)
	}
	if read.ID != claims.ID {
		return fmt.Errorf("the license that was just signed has the id %s, want %s", read.ID, claims.ID)
	}
	return nil
}
