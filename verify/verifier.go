package verify

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// Verifier judges licenses by the root keys that it was made with. It may be used by
// many goroutines at once.
type Verifier struct {
	roots       []keys.PublicKey
	delegations cache[delegation]
	lists       cache[RevocationList]
}

// New returns a Verifier that trusts the given root keys, and no other. Their order
// counts: each may revoke those before it, so a standby root comes last.
func New(roots ...keys.PublicKey) (*Verifier, error) {
	if len(roots) == 0 {
		return nil, errors.New("no root key: without one nothing can be trusted")
	}
	for i, root := range roots {
		if root.IsZero() {
			return nil, errors.New("a root key without a key in it")
		}
		if slices.Contains(roots[:i], root) {
			return nil, fmt.Errorf("the root key %s is a duplicate: their order tells which root may revoke which", root)
		}
	}
	return &Verifier{roots: slices.Clone(roots)}, nil
}

// ParseRoots returns a Verifier that trusts the keys in a roots file, one OpenSSH
// public key on a line, in the order in which "licensor roots" prints them; a later one
// may revoke those before it.
func ParseRoots(file []byte) (*Verifier, error) {
	named, err := keys.ParsePublicFile(file)
	if err != nil {
		return nil, fmt.Errorf("roots: %w", err)
	}
	roots := make([]keys.PublicKey, len(named))
	for i, root := range named {
		roots[i] = root.PublicKey
	}
	return New(roots...)
}

// Facts is what the caller knows of itself. All of it is trusted: a program that lets
// its user choose the product or the time has no license check.
type Facts struct {
	Now     time.Time // required
	Edition string    // empty: any edition will do
	Version string    // of the program, such as "9.2.0"; empty: a bound on it is not checked
	Built   time.Time // when the program was built; zero: an end of updates is not checked

	// One of the two is required.
	Product    string // that wants to run
	AnyProduct bool   // the license is for no program to run by, but to be put into its place

	// One of the two is required.
	Site       *Site // that wants to run
	AnyMachine bool  // check without machine binding

	// Revocations are the lists that the caller has, such as those that the site has kept
	// ([InForce]) and one that came with the program, opened by the Verifier that judges.
	// Those of other vendors are passed over.
	Revocations []*RevocationList

	// MinRevocation is the lowest number of a list that this program accepts, compiled in;
	// 0: any, and none. A number keeps old lists out, but not those of a thief, who
	// writes any number that they like: after the theft of a key that signs lists, the
	// program brings the list that revokes it.
	MinRevocation    uint64
	MaxRevocationAge time.Duration // oldest list that this program accepts; 0: any, and none

	Notice time.Duration     // how long before its end a license says so; 0: DefaultNotice; negative: not at all
	Seen   time.Time         // highest time that this site has seen before; zero: none
	Use    map[string]uint64 // what the program uses of the license's limits, such as cores

	Emergency bool // an emergency is declared, so that a failover license may run

	// Where the emergency is on record, as in a site's state directory:
	EmergencySince time.Time // when it was declared; zero: not known
	EmergencyDays  uint64    // emergency day that this is, of those from the license's EmergencyFrom on; 0: not counted
}

// Site is what identifies the place where a license runs.
type Site struct {
	Key        keys.PublicKey     // the machine key of the state directory
	Requests   [][32]byte         // SHA-256 of each request body that the site has made
	Components []format.Component // what the machine offers now
	Matched    uint64             // how many of the license's components matched when it was installed; 0: not known
	Released   []ReleasedLicense  // what the site has given up

	// Installed is the license whose place this one would take; nil: none. An earlier one of
	// its activation is refused, and with AnyProduct another product's.
	Installed *Opened
}

// ReleasedLicense is a license that a site has given up.
type ReleasedLicense struct {
	License            format.ID
	Vendor, Activation string
	At                 time.Time
}

func (f *Facts) check(v *Verifier) error {
	switch {
	case f.Now.IsZero():
		return errors.New("facts: Now is not set")
	case f.Product == "" && !f.AnyProduct:
		return errors.New("facts: neither Product nor AnyProduct is set")
	case f.Product != "" && f.AnyProduct:
		return errors.New("facts: both Product and AnyProduct are set")
	case f.Site == nil && !f.AnyMachine:
		return errors.New("facts: neither Site nor AnyMachine is set")
	case f.Site != nil && f.AnyMachine:
		return errors.New("facts: both Site and AnyMachine are set")
	case f.MaxRevocationAge < 0:
		return errors.New("facts: MaxRevocationAge is negative")
	}
	for _, list := range f.Revocations {
		if list == nil || list.verifier != v {
			return errors.New("facts: a revocation list that this Verifier has not opened")
		}
	}
	return nil
}

// Check judges the text of a license file. It returns a license or an error, never both.
// It is [Verifier.Open] and [Opened.Check] in one call.
func (v *Verifier) Check(text []byte, facts Facts) (*License, error) {
	if err := facts.check(v); err != nil {
		return nil, err
	}
	o, err := v.Open(text)
	if err != nil {
		return nil, err
	}
	return o.judge(&facts)
}

// judgement is one run of Check.
type judgement struct {
	*Opened
	facts   *Facts
	license *License // what Check returns when no step objects

	inForce []*RevocationList // of all lists; empty: none, or not looked for yet
	list    *RevocationList   // the newest of them, which counts; nil: as inForce
}

func (o *Opened) judge(facts *Facts) (*License, error) {
	j := &judgement{Opened: o, facts: facts, license: newLicense(o.claims, o.signed.Code(), o.delegation.claims.Name)}
	steps := [...]func(*judgement) error{
		(*judgement).released,
		(*judgement).revocation,
		(*judgement).product,
		(*judgement).version,
		(*judgement).site,
		(*judgement).machine,
		(*judgement).standby,
		(*judgement).time,
		(*judgement).updates,
		(*judgement).limits,
		(*judgement).superseded,
	}
	for _, step := range steps {
		if err := step(j); err != nil {
			return nil, err
		}
	}
	return j.license, nil
}

func (j *judgement) warn(w Warning, format string, args ...any) {
	j.license.Warnings = append(j.license.Warnings, w.Says(format, args...))
}
