package verify

import (
	"slices"
	"time"

	"github.com/offlicense/offlicense/format"
)

// License is a license that held when it was checked. Only this package makes one.
type License struct {
	// Reason is Valid or Grace.
	Reason Reason `json:"-"`
	// Warnings say what will change soon, or was not checked because the caller did
	// not say enough.
	Warnings []Warning `json:"-"`

	ID         format.ID `json:"id"`
	Code       string    `json:"comparison_code"` // of its payload, as the vendor's screen shows it
	Vendor     string    `json:"vendor"`
	Product    string    `json:"product"`
	Edition    string    `json:"edition,omitempty"`
	Type       string    `json:"type"`
	Customer   string    `json:"customer"`
	Invoice    string    `json:"invoice"`
	Seats      uint64    `json:"seats"`
	Activation string    `json:"activation"`
	Epoch      uint64    `json:"epoch"`
	Site       string    `json:"site,omitempty"`
	Binding    string    `json:"binding"` // what holds it to its place: machine, operator, key or any

	Issued       time.Time `json:"issued"`
	NotBefore    time.Time `json:"not_before,omitzero"`
	Expires      time.Time `json:"expires,omitzero"`  // before grace; zero: perpetual
	HardEnd      time.Time `json:"hard_end,omitzero"` // after grace; the same as Expires if there is none
	UpdatesUntil time.Time `json:"updates_until,omitzero"`
	MaxVersion   string    `json:"max_version,omitempty"`

	// EmergencyDays is on how many days of declared emergency a failover license runs.
	// They count from the beginning of a day, in UTC.
	EmergencyDays uint64    `json:"emergency_days,omitempty"` // 0: not limited
	EmergencyFrom time.Time `json:"emergency_from,omitzero"`

	Features []string          `json:"features,omitempty"`
	Limits   map[string]uint64 `json:"limits,omitempty"`
	Ext      map[string]string `json:"ext,omitempty"`

	// Machine is how much of what the license names the machine has; nil: it names nothing, or
	// was compared with no machine.
	Machine *MachineMatch `json:"machine,omitempty"`

	SignedBy string `json:"signed_by"` // the staff key's name in its delegation

	// RevocationList is the list by which the license was judged; nil: there was none.
	RevocationList *ListStatus `json:"revocation_list,omitempty"`
}

// Feature and Limit are names of what a license grants. A program declares those that it
// knows as constants, each in one place, so that a misspelled one does not compile.
type (
	Feature string
	Limit   string
)

// HasFeature reports whether the license grants a feature.
func (l *License) HasFeature(name Feature) bool { return slices.Contains(l.Features, string(name)) }

// Limit returns the bound of a quantity; false means that the license sets none.
func (l *License) Limit(name Limit) (uint64, bool) {
	most, found := l.Limits[string(name)]
	return most, found
}

func newLicense(c *format.LicenseClaims, code, signedBy string) *License {
	l := &License{
		Reason:        Valid,
		ID:            c.ID,
		Code:          code,
		Vendor:        c.Issuer,
		Product:       c.Product,
		Edition:       c.Terms.Edition,
		Type:          c.Terms.Type,
		Customer:      c.Terms.Customer,
		Invoice:       c.Terms.Invoice,
		Seats:         c.Terms.Seats,
		Activation:    c.Activation,
		Epoch:         c.Terms.Epoch,
		Site:          c.Terms.Site,
		Binding:       c.Strength().String(),
		Issued:        format.Instant(c.IssuedAt),
		NotBefore:     format.Time(c.NotBefore),
		UpdatesUntil:  format.Time(c.Terms.UpdatesUntil),
		MaxVersion:    c.Terms.MaxVersion,
		EmergencyDays: c.Terms.EmergencyDays,
		EmergencyFrom: format.Time(c.Terms.EmergencyFrom),
		Features:      c.Terms.Features,
		Limits:        c.Terms.Limits,
		SignedBy:      signedBy,
	}
	l.Expires, l.HardEnd = c.Ends()
	if len(c.Terms.Ext) > 0 {
		l.Ext = make(map[string]string, len(c.Terms.Ext))
		for name, value := range c.Terms.Ext {
			l.Ext[name] = value.String()
		}
	}
	return l
}
