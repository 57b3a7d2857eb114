package ledger

import (
	"time"

	"github.com/offlicense/offlicense/format"
)

// Holding is an entitlement with who uses it.
type Holding struct {
	Entitlement
	SeatsUsed   uint64   `json:"seats_used"`
	DaysUsed    uint64   `json:"emergency_days_used,omitempty"` // of those sold, as releases report them
	MoreEmails  []string `json:"more_emails,omitempty"`         // besides the one of the sale, those that may claim it
	Activations []Held   `json:"activations"`
}

// Held is an activation with its newest license, which here comes without its request and
// its file.
type Held struct {
	Activation
	License *License
	Code    string    // the comparison code of the request of that license; "" if it answers none
	Ended   time.Time // when it left its seat; zero: it has it
	Until   time.Time // of a bridge: when it ends
	Waits   string    // a bridge for which the seat waits: the comparison code of its request
	Revoked time.Time // when that license was revoked; zero if it was not
}

// Partners are the customers who are partners, by customer key.
type Partners map[string]bool

// Has reports whether a customer, in whatever case and spacing, is a partner.
func (p Partners) Has(customer string) bool { return p[CustomerKey(customer)] }

// Dossier is all that is on record of a sale, or of one activation of it.
type Dossier struct {
	Holding    // with the activations that have left their seats
	Seller     string
	Activation string                     // the one that was asked for; "": all
	License    format.ID                  // likewise
	Licenses   map[string][]LicenseRecord // by activation; of many activations, only of the first
}

// LicenseRecord is a license with what became of it, without its request and its file.
type LicenseRecord struct {
	License
	Code    string      // the comparison code of its request; "" if it answers none
	Revoked *Revocation // nil: it is not
}
