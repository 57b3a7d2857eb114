// Package fleet judges what many sites have attested: facts in, findings out. It reads no file
// and no clock.
//
// Trusted are the licenses, releases and revocations, whose signatures the caller has checked.
// An attestation is what the holder of its machine key says. It counts for a license only if that
// key is the license's, so nobody can make another's site look bad; the worst that a site can do
// is to hide, or to lie of itself.
package fleet

import (
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// Facts are what was collected.
type Facts struct {
	Now        time.Time
	Ending     time.Duration // how long before its end a license is told; 0: not at all
	Licenses   []License
	Statements []Statement
	Releases   []Release
	Sales      []Sale // what the vendor has sold; nil: not known

	// Refused are statements that are damaged, or that nobody has signed who may.
	Refused []Refused
}

// License is a genuine license, as it is judged for any machine.
type License struct {
	File string
	format.LicenseClaims
	Digest  [16]byte
	Reason  verify.Reason
	Unknown bool      // revoked: not known to be so, for want of a list
	Revoked time.Time // when the list was issued that revokes it
}

// Statement is an attestation that its machine key has signed.
type Statement struct {
	File string
	format.AttestationClaims
	Key keys.PublicKey
}

// Release is a release that the machine key of its license has signed.
type Release struct {
	File string
	format.ReleaseClaims
}

// Refused is a statement that says nothing.
type Refused struct {
	File, Text string
}

// Sale is an entitlement of the vendor's export, of which other fields do not matter here.
type Sale struct {
	Vendor  string `json:"vendor"`
	Invoice string `json:"invoice"`
	Seats   uint64 `json:"seats"`
}

// Report is what follows from the facts.
type Report struct {
	Version  int        `json:"version"`
	Time     time.Time  `json:"time"`
	Sites    []*Site    `json:"sites"`
	Seats    []*Seats   `json:"seats"`
	Findings []*Finding `json:"findings"`
}

// Site is a site that has attested, or a license of which nobody has.
type Site struct {
	State      string            `json:"state"` // valid, ending, grace, released, superseded, or the word of the judgement
	Vendor     string            `json:"vendor"`
	Product    string            `json:"product"`
	Edition    string            `json:"edition,omitempty"`
	Type       string            `json:"type"`
	Customer   string            `json:"customer"`
	Invoice    string            `json:"invoice"`
	Site       string            `json:"site,omitempty"`
	Activation string            `json:"activation"`
	License    format.ID         `json:"license"`
	Epoch      uint64            `json:"epoch"`
	Key        string            `json:"key,omitempty"`      // of the machine; missing: bound to none, and nobody has attested
	Expires    time.Time         `json:"expires,omitzero"`   // before grace; missing: perpetual
	HardEnd    time.Time         `json:"hard_end,omitzero"`  // after grace
	Attested   time.Time         `json:"attested,omitzero"`  // newest attestation; missing: none
	Statements int               `json:"statements"`         // how many attestations count
	Program    string            `json:"program,omitempty"`  // its version
	Use        map[string]uint64 `json:"use,omitempty"`      // of the newest attestation
	Findings   []string          `json:"findings,omitempty"` // words
	File       string            `json:"file"`               // of the newest attestation, else of the license
}

// inUse reports whether the site uses a seat.
func (s *Site) inUse() bool {
	return s.Statements > 0 && (s.State == StateValid || s.State == StateEnding || s.State == string(verify.Grace))
}

// States that are no reasons of the judgement.
const (
	StateValid  = string(verify.Valid)
	StateEnding = "ending" // valid, and ends within the time that was asked for
)

// Seats are those of one invoice.
type Seats struct {
	Vendor  string `json:"vendor"`
	Invoice string `json:"invoice"`
	Bought  uint64 `json:"bought"` // by the export, else by the licenses
	Used    uint64 `json:"used"`   // by sites that have attested
}

// Finding is something that somebody should look at.
type Finding struct {
	Word     string   `json:"word"`
	Severity Severity `json:"severity"`
	Text     string   `json:"text"`
	Hint     string   `json:"hint"`
	Files    []string `json:"files,omitempty"` // some of those that show it
}
