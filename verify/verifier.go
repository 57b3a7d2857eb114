package verify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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
			return nil, fmt.Errorf("the root key %s stands there twice: which root may revoke which is told by their order", root)
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
	Product string    // required
	Edition string    // empty: any edition will do
	Version string    // of the program, such as "9.2.0"; empty: a bound on it is not checked
	Built   time.Time // when the program was built; zero: an end of updates is not checked

	// One of the two is required.
	Site       *Site // the site that wants to run
	AnyMachine bool  // the license is looked at elsewhere than where it runs

	// Revocations are the lists that the caller has, such as those that the site has kept
	// ([InForce]) and one that came with the program, opened by the Verifier that judges.
	// Those of other vendors are passed over.
	Revocations []*RevocationList

	// MinRevocation is the lowest number of a list that this program accepts, compiled in;
	// 0: any, and none. A number keeps old lists out, but not those of a thief, who
	// writes what number he likes: after the theft of a key that signs lists, the
	// program brings the list that revokes it.
	MinRevocation    uint64
	MaxRevocationAge time.Duration // oldest list that this program accepts; 0: any, and none

	Seen time.Time         // highest time that this site has seen before; zero: none
	Use  map[string]uint64 // what the program uses of the license's limits, such as cores

	Emergency bool // an emergency is declared, so that a failover license may run

	// Where the emergency is on record, as in a site's state folder:
	EmergencySince time.Time // when it was declared; zero: not known
	EmergencyDays  uint64    // day of emergency that this is, all that the activation has used counted; 0: not counted
}

// Site is what identifies the place where a license runs.
type Site struct {
	Key        keys.PublicKey     // the machine key of the state folder
	Requests   [][32]byte         // SHA-256 of each request body that the site has made
	Components []format.Component // what the machine offers now
}

func (f *Facts) check() error {
	switch {
	case f.Now.IsZero():
		return errors.New("facts: Now is not set")
	case f.Product == "":
		return errors.New("facts: Product is not set")
	case f.Site == nil && !f.AnyMachine:
		return errors.New("facts: neither Site nor AnyMachine is set")
	case f.Site != nil && f.AnyMachine:
		return errors.New("facts: both Site and AnyMachine are set")
	case f.MaxRevocationAge < 0:
		return errors.New("facts: MaxRevocationAge is negative")
	}
	return nil
}

// Check judges the text of a license file. The error is a *[Refusal] that says why the
// license does not hold, unless the facts themselves are incomplete. A license never
// comes with an error.
//
// The order of the steps is part of the format: SPEC.md, section "Judgement".
func (v *Verifier) Check(text []byte, facts Facts) (*License, error) {
	if err := facts.check(); err != nil {
		return nil, err
	}
	for _, list := range facts.Revocations {
		if list == nil || list.verifier != v {
			return nil, errors.New("facts: a revocation list that this Verifier has not opened")
		}
	}
	j, err := v.open(text)
	if err != nil {
		return nil, err
	}
	j.facts = &facts
	steps := [...]func(*judgement) error{
		(*judgement).scope,
		(*judgement).revocation,
		(*judgement).product,
		(*judgement).version,
		(*judgement).site,
		(*judgement).machine,
		(*judgement).standby,
		(*judgement).time,
		(*judgement).updates,
		(*judgement).limits,
	}
	for _, step := range steps {
		if err := step(j); err != nil {
			return nil, err
		}
	}
	return j.license, nil
}

// judgement is one run of Check over a license whose signatures are good.
type judgement struct {
	verifier   *Verifier
	facts      *Facts
	signed     format.Statement // the license
	claims     *format.LicenseClaims
	delegation *delegation
	license    *License // what Check returns when no step objects

	attached []byte            // list in the license file, not opened yet; nil: none
	inForce  []*RevocationList // of all lists; empty: none, or not looked for yet
	list     *RevocationList   // the newest of them, which counts; nil: as inForce
}

func (j *judgement) warn(format string, args ...any) {
	j.license.Warnings = append(j.license.Warnings, fmt.Sprintf(format, args...))
}

// open takes the text of a license file to a license that a delegated key has signed.
func (v *Verifier) open(text []byte) (*judgement, error) {
	raw, err := format.DecodeTextAs(text, format.LicenseFile)
	if err != nil {
		return nil, refuseMalformed(err)
	}
	file, err := format.ParseFile(raw)
	if err != nil {
		return nil, refuseMalformed(err)
	}
	delegation, err := v.delegation(file.RawDelegation, file.Delegation)
	if err != nil {
		return nil, err
	}
	license := file.License
	if license.KeyID() != delegation.keyID() {
		return nil, v.refuseSigner(license, delegation)
	}
	if !delegation.key.Verify(license.SignedMessage(), license.Signature()) {
		return nil, &Refusal{
			Reason:  BadSignature,
			Message: "the license was changed after it was signed",
			Next:    "copy the license file again from where it came; if that does not help, ask the vendor to send it again",
		}
	}
	claims, err := format.UnmarshalLicense(license.UnverifiedPayload())
	if err != nil {
		return nil, refuseMalformed(err)
	}
	if b := claims.Binding; b != nil {
		if _, err := keys.NewPublicKey(b.Key); err != nil {
			return nil, refuseMalformed(fmt.Errorf("the machine's key in the license: %w", err))
		}
	}
	return &judgement{
		verifier: v, signed: license, claims: claims, delegation: delegation,
		license:  newLicense(claims, delegation.claims.Name),
		attached: file.RawList,
	}, nil
}

// refuseSigner refuses a license whose kid names another key than the delegation.
func (v *Verifier) refuseSigner(license format.Statement, d *delegation) error {
	for _, root := range v.roots {
		if root.ID() == license.KeyID() {
			return &Refusal{
				Reason:  OutOfScope,
				Message: "the license is signed by a root key, which may sign delegations and revocation lists alone",
				Next:    "ask the vendor for a license signed by a staff key",
			}
		}
	}
	return &Refusal{
		Reason:   UnknownKey,
		Message:  "the license is signed by another key than its delegation names",
		Expected: fmt.Sprintf("key %x", d.keyID()),
		Found:    fmt.Sprintf("key %x", license.KeyID()),
		Next:     "ask the vendor to send the license again",
	}
}

// refuseMalformed turns an error of package format into a refusal.
func refuseMalformed(err error) error {
	r := &Refusal{Reason: Malformed, Message: strings.TrimPrefix(err.Error(), "malformed: ")}
	var wrong *format.WrongKindError
	var malformed *format.MalformedError
	switch {
	case errors.As(err, &wrong) && (wrong.Got == format.SignedRequest || wrong.Got == format.RequestBody):
		r.Next = "send the request to the vendor; the license is what comes back"
	case errors.As(err, &wrong):
		r.Next = "name the license file that came from the vendor"
	case errors.As(err, &malformed) && malformed.Foreign() != "":
		r.Next = foreignAdvice(malformed.Foreign()) + "name the license file that came from the vendor"
	default:
		r.Next = "copy the license file again from where it came: all of it, from OLL1: to the last character"
	}
	return r
}

// foreignAdvice starts the advice to one who has given a key instead of a statement.
func foreignAdvice(what format.Foreign) string {
	if what == format.PrivateKey || what == format.MachineKey {
		return "leave the key where it is and send it to nobody; "
	}
	return ""
}
