package verify

import (
	"fmt"
	"time"
)

// Warning is something about a license that holds: what will change soon, what was not
// checked because the caller did not say enough, or what this site should mend. A program
// that speaks another language makes its own sentence of the code and the values; Text is
// the English one.
type Warning struct {
	Code  WarningCode `json:"code"`
	Date  time.Time   `json:"date,omitzero"`   // the one that the code says; zero: none
	Value string      `json:"value,omitempty"` // as the code says: a name, a path or a cause
	Count uint64      `json:"count,omitempty"` // as the code says: so many
	Of    uint64      `json:"of,omitempty"`    // of so many; 0: not limited, or nothing to compare
	Text  string      `json:"text"`            // one line for the administrator, safe to print
}

// WarningCode is one word for what a [Warning] is about. Codes are stable; there may be new
// ones.
type WarningCode string

// The codes of this package. Those of a state directory are in package site.
const (
	EndsSoon     WarningCode = "ends-soon"     // Date: the last second, of the last day
	InGrace      WarningCode = "in-grace"      // Date: its last second
	InEmergency  WarningCode = "in-emergency"  // Date: when it was declared. Count: the number of this day, of so many
	NoMargin     WarningCode = "no-margin"     // Value: labels of what has changed or cannot be read. Count: what matches, of what must
	UnknownLimit WarningCode = "unknown-limit" // Value: a limit that the program uses and the license does not set

	// What was not checked, because the caller did not give it.
	NoMachine    WarningCode = "no-machine"
	NoEmergency  WarningCode = "no-emergency"   // whether one is declared
	NoVersion    WarningCode = "no-version"     // Value: the highest version that is covered
	NoBuilt      WarningCode = "no-built"       // Date: the end of the updates
	NoVendorList WarningCode = "no-vendor-list" // Value: the vendor, none of whose lists is among those given
)

// Says sets the text, and returns the warning.
func (w Warning) Says(format string, args ...any) Warning {
	w.Text = fmt.Sprintf(format, args...)
	return w
}

// String returns the text.
func (w Warning) String() string { return w.Text }

// AboutProgram reports whether the warning is about what only a running program can say, and
// no administrator.
func (w Warning) AboutProgram() bool { return w.Code == NoVersion || w.Code == NoBuilt }

// Days returns how many days are left at a time until the date of the warning, 1 on the last
// day, and 0 for a warning without a date or with one that has passed.
func (w Warning) Days(now time.Time) int {
	left := w.Date.Sub(now)
	if w.Date.IsZero() || left < 0 {
		return 0
	}
	return int(left/(24*time.Hour)) + 1
}
