package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Entitlement is what one invoice line bought.
type Entitlement struct {
	Invoice       string            `json:"invoice"`
	Email         string            `json:"email,omitempty"`     // empty: it was forgotten, or the event of a sale says what was sold
	Account       []byte            `json:"-"`                   // the commitment to Email, which an event has in place of it
	Salt          []byte            `json:"-"`                   // of Account, where it is new
	Forgotten     bool              `json:"forgotten,omitempty"` // Email was removed
	Customer      string            `json:"customer"`
	Product       string            `json:"product"`
	Edition       string            `json:"edition,omitempty"`
	Type          string            `json:"type"`
	Seats         uint64            `json:"seats"`
	Allowance     uint64            `json:"allowance,omitempty"`  // type development: most activations; 0: as many as needed
	Binding       string            `json:"binding,omitempty"`    // the weakest that licenses may have: operator, key or any; empty: machine
	Demand        string            `json:"demand,omitempty"`     // what each request must name so that its checker reads it: product-uuid, which licenses then name alone; empty: nothing
	Expires       time.Time         `json:"expires,omitzero"`     // the first second no longer covered; zero, and no Term: perpetual
	Term          Span              `json:"term,omitzero"`        // until its first activation, which sets Expires: how long it lasts from then
	GraceDays     uint64            `json:"grace_days,omitempty"` // after Expires
	UpdatesUntil  time.Time         `json:"updates_until,omitzero"`
	MaxVersion    string            `json:"max_version,omitempty"`
	Moves         *uint64           `json:"moves,omitempty"`          // a seat in 365 days; nil: DefaultMoves
	EmergencyDays uint64            `json:"emergency_days,omitempty"` // type failover, at least 1: emergency days of each license
	EmergencyFrom time.Time         `json:"emergency_from,omitzero"`  // the beginning of the day from which they count; the rules set it
	Features      []string          `json:"features,omitempty"`
	Limits        map[string]uint64 `json:"limits,omitempty"`
	BridgeDays    uint64            `json:"bridge_days,omitempty"` // of a move that its customer begins; 0: DefaultBridgeDays
	Automatic     string            `json:"automatic,omitempty"`   // what is signed with no person: kinds with ";" between them, or None; empty: all of them
	Ext           map[string]string `json:"ext,omitempty"`         // the vendor's own data in each license; see Extension

	// Waived says that staff have lifted rule production for good; the event has the
	// reason. It is set by what Operation says, where that rule refuses, and by nothing else.
	Waived bool `json:"waived,omitempty"`

	// Due is not 0 after a revision whose licenses were not signed with it: those of the events
	// up to this one are signed again when their requests come. The rules set it.
	Due int64 `json:"due,omitempty"`

	// Standing says that staff have suspended or canceled the sale. It is set by nothing else.
	Standing Standing `json:"standing,omitempty"`
}

// The types of license that rules speak of.
const (
	TypeProduction  = "production"
	TypeStaging     = "staging"
	TypeTest        = "test"
	TypeDevelopment = "development"
	TypeFailover    = format.TypeFailover
	TypeNFR         = "nfr"
	TypeCommunity   = "community"
	TypeEvaluation  = "evaluation"
)

// Terms returns what every license under the entitlement says.
func (e *Entitlement) Terms() format.Terms {
	return format.Terms{
		Type:          e.Type,
		Seats:         e.Seats,
		Invoice:       e.Invoice,
		Customer:      e.Customer,
		Edition:       e.Edition,
		GraceDays:     e.GraceDays,
		UpdatesUntil:  Seconds(e.UpdatesUntil),
		MaxVersion:    e.MaxVersion,
		EmergencyDays: e.EmergencyDays,
		EmergencyFrom: Seconds(e.EmergencyFrom),
		Features:      e.Features,
		Limits:        e.Limits,
		Ext:           extensions(e.Ext),
	}
}

// DefaultMoves is how often a site moves in 365 days where nothing else was sold.
const DefaultMoves = 2

// How many days the old and the new server of a move may both run: at most, and where
// nothing else was sold or said.
const (
	MaxBridgeDays     = 30
	DefaultBridgeDays = 14
)

// Bridge returns how long the bridge of a move is where nobody says.
func (e *Entitlement) Bridge() time.Duration {
	return time.Duration(cmp.Or(e.BridgeDays, DefaultBridgeDays)) * 24 * time.Hour
}

// AllowedMoves returns how often the sites of all seats together move in 365 days.
func (e *Entitlement) AllowedMoves() uint64 {
	moves := uint64(DefaultMoves)
	if e.Moves != nil {
		moves = *e.Moves
	}
	if high, low := bits.Mul64(moves, e.Seats); high == 0 {
		return low
	}
	return math.MaxUint64
}

// Places returns how many may be active at once; 0: as many as needed.
func (e *Entitlement) Places() uint64 {
	if e.Type == TypeDevelopment {
		return e.Allowance
	}
	return e.Seats
}

// CountEmergencyFrom counts the emergency days from the day of a time, in UTC.
func (e *Entitlement) CountEmergencyFrom(t time.Time) {
	e.EmergencyFrom = t.UTC().Truncate(24 * time.Hour)
}

// OneEnd has it end in one way: of an end and a term that counts from the first activation, the
// one that is given alone takes the place of the other.
func (e *Entitlement) OneEnd(expires, term bool) {
	switch {
	case expires && !term:
		e.Term = Span{}
	case term && !expires && !e.Term.IsZero():
		e.Expires = time.Time{}
	}
}

// Begun returns the entitlement as it is once it has been activated, at a time for the
// first time: then its term counts, once and for all. Where no term waits it is the same
// one.
func (e *Entitlement) Begun(at time.Time) *Entitlement {
	if e.Term.IsZero() {
		return e
	}
	begun := e.Clone()
	begun.Expires, begun.Term = e.Term.From(at), Span{}
	if begun.EmergencyDays > 0 {
		begun.CountEmergencyFrom(at)
	}
	return begun
}

// Ends reports whether it has an end, be it known or not.
func (e *Entitlement) Ends() bool { return !e.Expires.IsZero() || !e.Term.IsZero() }

// UpdatesEndFirst reports whether there are builds, made before its end, that it does not cover.
func (e *Entitlement) UpdatesEndFirst() bool {
	return !e.UpdatesUntil.IsZero() && e.UpdatesUntil.Before(UpdatesUntil(e.Expires))
}

// HardEnd returns when its licenses end, their grace included; zero: never.
func (e *Entitlement) HardEnd() time.Time {
	if e.Expires.IsZero() {
		return e.Expires
	}
	return e.Expires.Add(time.Duration(e.GraceDays) * 24 * time.Hour)
}

// Weakest returns how weakly a license may be held to its place.
func (e *Entitlement) Weakest() format.Strength {
	s, err := format.ParseStrength(e.Binding)
	if err != nil { // as Check refuses it, it is none
		return format.StrengthMachine
	}
	return s
}

// NeedsProduction reports whether its type requires an active production license.
func (e *Entitlement) NeedsProduction() bool {
	return slices.Contains([]string{TypeStaging, TypeTest, TypeDevelopment, TypeFailover}, e.Type)
}

// Normal returns the entitlement as the ledger keeps it.
func (e Entitlement) Normal() *Entitlement {
	e.Expires, e.UpdatesUntil = Whole(e.Expires), Whole(e.UpdatesUntil)
	e.Invoice, e.Email = format.InvoiceForm(e.Invoice), strings.TrimSpace(e.Email)
	if e.Binding == format.StrengthMachine.String() {
		e.Binding = ""
	}
	if len(e.Features) == 0 {
		e.Features = nil
	}
	if len(e.Limits) == 0 {
		e.Limits = nil
	}
	if len(e.Ext) == 0 {
		e.Ext = nil
	}
	return &e
}

// CustomerKey is what one customer is known by, however the name was typed.
func CustomerKey(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(name), " "))
}

// AccountKey is what one e-mail address is known by: as in format.AccountHash, and as
// lower() has it in both databases, with A to Z alone made small.
func AccountKey(email string) string { return SmallLetters(strings.TrimSpace(email)) }

// SmallLetters makes A to Z small, and nothing else.
func SmallLetters(text string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c - 'A' + 'a'
		}
		return c
	}, text)
}

// Check refuses an entitlement under which no license of a vendor could be written.
func (e *Entitlement) Check(vendor string, now time.Time) error {
	err := e.checkForm(vendor, now)
	var refusal *Refusal
	if err == nil || errors.As(err, &refusal) {
		return err
	}
	return hint.Errorf("invalid entitlement: %w", err).WithHint("correct it and try again; nothing was recorded")
}

func (e *Entitlement) checkForm(vendor string, now time.Time) error {
	switch {
	case e.Invoice != format.InvoiceForm(e.Invoice):
		return fmt.Errorf("invoice %.64q is not in its one form, %.64q", e.Invoice, format.InvoiceForm(e.Invoice))
	case !ValidEmail(e.Email) && !e.Forgotten:
		return fmt.Errorf("invalid e-mail address %.64q", e.Email)
	case e.Seats == 0:
		return errors.New("it has no seats")
	case e.Binding != "" && e.Weakest() == format.StrengthMachine:
		return fmt.Errorf("unknown binding %.64q: want machine, operator, key or any", e.Binding)
	case e.Demand != "" && e.Demand != format.LabelProductUUID:
		return fmt.Errorf("unknown demand %.64q: want %s", e.Demand, format.LabelProductUUID)
	case e.Demand != "" && e.Weakest() == format.StrengthAny:
		return fmt.Errorf("a demand is for licenses of machines, and this is one for any machine")
	case e.MaxVersion != "" && verify.ValidMaxVersion(e.MaxVersion) != nil:
		return verify.ValidMaxVersion(e.MaxVersion)
	case e.Allowance > 0 && e.Type != TypeDevelopment:
		return fmt.Errorf("an allowance is for the type %s, and this is %s: give it seats", TypeDevelopment, e.Type)
	case e.EmergencyDays > 0 && e.Type != TypeFailover:
		return fmt.Errorf("emergency days are for the type %s, and this is %s", TypeFailover, e.Type)
	case e.EmergencyDays == 0 && e.Type == TypeFailover: // none is what a license says that is not limited
		return fmt.Errorf("the type %s needs at least 1 emergency day: give --emergency-days, or in an import emergency_days", TypeFailover)
	case e.Weakest() == format.StrengthAny && e.Type == TypeFailover:
		return fmt.Errorf("the emergency days of type %s are counted on one server: no license for any machine", TypeFailover)
	case e.BridgeDays > MaxBridgeDays:
		return fmt.Errorf("a bridge lasts at most %d days", MaxBridgeDays)
	case max(e.Seats, e.Allowance, e.EmergencyDays) > maxCount, e.Moves != nil && *e.Moves > maxCount:
		return fmt.Errorf("a count above %d", uint64(maxCount))
	case !e.Term.IsZero() && !e.Expires.IsZero():
		return fmt.Errorf("it would end on %s, and %s from its first activation: one of the two is none", FormatEnd(e.Expires), e.Term.Words())
	case !e.Ends() && (e.Type == TypeEvaluation || e.Type == TypeCommunity):
		return Refuse(RuleDated, LiftNobody, "give it an end, with --expires or --term", "%s licenses always have an end", e.Type)
	case !e.Ends() && e.GraceDays > 0:
		return errors.New("grace needs an end that it comes after")
	case !e.Expires.IsZero() && !e.Expires.After(now):
		return fmt.Errorf("it would have ended already, on %s", FormatEnd(e.Expires))
	}
	if err := errors.Join(e.checkTexts(), e.checkAutomatic()); err != nil {
		return err
	}
	sold := *e.Begun(now)
	if sold.EmergencyDays > 0 && sold.EmergencyFrom.IsZero() {
		sold.CountEmergencyFrom(now)
	}
	sample := Grant{Entitlement: &sold, Activation: "sample", Epoch: 1}
	_, err := sample.Claims(vendor, format.ID{}, now, 0).Marshal()
	if malformed, ok := errors.AsType[*format.MalformedError](err); ok {
		return errors.New(malformed.Reason())
	}
	return err
}

// checkTexts names the text that no license could hold.
func (e *Entitlement) checkTexts() error {
	check := func(what, text string, most int) error {
		if err := format.ValidText(text, most); err != nil {
			return fmt.Errorf("%s %.64q: %w", what, text, err)
		}
		return nil
	}
	const name, word = 128, 32 // bytes
	err := cmp.Or(check("invoice", e.Invoice, word), check("customer", e.Customer, name))
	for _, feature := range e.Features {
		err = cmp.Or(err, check("feature", feature, word))
	}
	for _, limit := range slices.Sorted(maps.Keys(e.Limits)) {
		err = cmp.Or(err, check("limit", limit, word))
	}
	return err
}

// ValidEmail accepts what can be somebody's address, as servers do, and no more than that.
func ValidEmail(s string) bool { return format.ValidAddress(s) == nil }

// maxCount keeps counts within what databases, which have no unsigned integers, hold.
const maxCount = 1 << 53

// Clone returns a copy that shares nothing.
func (e *Entitlement) Clone() *Entitlement {
	c := *e
	c.Features, c.Limits, c.Ext = slices.Clone(e.Features), maps.Clone(e.Limits), maps.Clone(e.Ext)
	return &c
}

// Same reports whether two entitlements, as the ledger keeps them, are the same.
func Same(a, b *Entitlement) bool { return reflect.DeepEqual(a, b) }
