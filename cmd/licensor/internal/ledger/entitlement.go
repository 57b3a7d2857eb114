package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Entitlement is what one invoice line bought.
type Entitlement struct {
	Invoice       string            `json:"invoice"`
	Email         string            `json:"email"`
	Customer      string            `json:"customer"`
	Product       string            `json:"product"`
	Edition       string            `json:"edition,omitempty"`
	Type          string            `json:"type"`
	Seats         uint64            `json:"seats"`
	CountBy       CountBy           `json:"count_by,omitempty"`   // empty: by site
	Allowance     uint64            `json:"allowance,omitempty"`  // type development: most activations; 0: as many as needed
	Unbound       bool              `json:"unbound,omitempty"`    // licenses for any machine may be given out
	Expires       time.Time         `json:"expires,omitzero"`     // zero: perpetual
	GraceDays     uint64            `json:"grace_days,omitempty"` // after Expires
	UpdatesUntil  time.Time         `json:"updates_until,omitzero"`
	MaxVersion    string            `json:"max_version,omitempty"`
	EmergencyDays uint64            `json:"emergency_days,omitempty"` // type failover, at least 1: days of emergency for each seat
	Features      []string          `json:"features,omitempty"`
	Limits        map[string]uint64 `json:"limits,omitempty"`

	// Excused says that staff have lifted the rule that it goes with a production
	// entitlement, for good; the event has the reason. It is set by what Operation says,
	// where that rule refuses, and by nothing else.
	Excused bool `json:"excused,omitempty"`
}

// CountBy says what takes a seat.
type CountBy string

// What takes a seat.
const (
	BySite    CountBy = "site"    // each site: two on one server take two
	ByMachine CountBy = "machine" // each machine, with any number of sites on it
)

// Usage is what is used of an entitlement.
type Usage struct {
	Seats         uint64 `json:"seats_used"`
	EmergencyDays uint64 `json:"emergency_days_used"` // by activations that were closed
}

// The types of license that rules speak of.
const (
	production  = "production"
	staging     = "staging"
	test        = "test"
	development = "development"
	failover    = "failover"
	nfr         = "nfr"
	community   = "community"
	evaluation  = "evaluation"
)

// Terms returns what every license under the entitlement says.
func (e *Entitlement) Terms() format.Terms {
	return format.Terms{
		Type:         e.Type,
		Seats:        e.Seats,
		Invoice:      e.Invoice,
		Customer:     e.Customer,
		Edition:      e.Edition,
		GraceDays:    e.GraceDays,
		UpdatesUntil: seconds(e.UpdatesUntil),
		MaxVersion:   e.MaxVersion,
		Features:     e.Features,
		Limits:       e.Limits,
	}
}

// HardEnd returns when its licenses end, their grace included; zero: never.
func (e *Entitlement) HardEnd() time.Time {
	if e.Expires.IsZero() {
		return e.Expires
	}
	return e.Expires.Add(time.Duration(e.GraceDays) * 24 * time.Hour)
}

// needsProduction reports whether its type goes with a production entitlement.
func (e *Entitlement) needsProduction() bool {
	return slices.Contains([]string{staging, test, development, failover}, e.Type)
}

// normal returns the entitlement as the ledger keeps it.
func (e Entitlement) normal() *Entitlement {
	e.Expires, e.UpdatesUntil = whole(e.Expires), whole(e.UpdatesUntil)
	e.Email = strings.TrimSpace(e.Email)
	if e.CountBy == "" {
		e.CountBy = BySite
	}
	if len(e.Features) == 0 {
		e.Features = nil
	}
	if len(e.Limits) == 0 {
		e.Limits = nil
	}
	return &e
}

// customerKey is what one customer is known by, however the name was typed.
func customerKey(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(name), " "))
}

// accountKey is what one e-mail address is known by: as in format.AccountHash, and as
// lower() has it in both databases, with A to Z alone made small.
func accountKey(email string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c - 'A' + 'a'
		}
		return c
	}, strings.TrimSpace(email))
}

// check refuses an entitlement under which no license could be written.
func (e *Entitlement) check(vendor string, now time.Time) error {
	err := e.checkForm(vendor, now)
	var refusal *Refusal
	if err == nil || errors.As(err, &refusal) {
		return err
	}
	return &Error{Message: "this entitlement cannot be: " + err.Error(), Next: "correct it and try again; nothing was recorded"}
}

func (e *Entitlement) checkForm(vendor string, now time.Time) error {
	switch {
	case !ValidEmail(e.Email):
		return fmt.Errorf("invalid e-mail address %.64q", e.Email)
	case e.Seats == 0:
		return errors.New("it has no seats")
	case e.MaxVersion != "" && verify.ValidMaxVersion(e.MaxVersion) != nil:
		return verify.ValidMaxVersion(e.MaxVersion)
	case e.CountBy != BySite && e.CountBy != ByMachine:
		return fmt.Errorf("seats are counted by %.64q, want %s or %s", e.CountBy, BySite, ByMachine)
	case e.Allowance > 0 && e.Type != development:
		return fmt.Errorf("an allowance is for the type %s, and this is %s: give it seats", development, e.Type)
	case e.EmergencyDays > 0 && e.Type != failover:
		return fmt.Errorf("emergency days are for the type %s, and this is %s", failover, e.Type)
	case e.EmergencyDays == 0 && e.Type == failover: // none is what a license says that is not limited
		return fmt.Errorf("the type %s needs at least 1 day of emergency: give --emergency-days, or in an import emergency_days", failover)
	case e.Unbound && e.Type == failover:
		return fmt.Errorf("the days of emergency of type %s are counted on one server: no license for any machine", failover)
	case max(e.Seats, e.Allowance, e.EmergencyDays, e.TotalEmergencyDays()) > maxCount:
		return fmt.Errorf("a count above %d", uint64(maxCount))
	case e.Expires.IsZero() && (e.Type == evaluation || e.Type == community):
		return refuse(RuleDated, liftNobody, "give it an end, with --expires", "a license of type %s always has an end", e.Type)
	case e.Expires.IsZero() && e.GraceDays > 0:
		return errors.New("grace needs an end that it comes after")
	case !e.Expires.IsZero() && e.Expires.Before(now):
		return fmt.Errorf("it would have ended already, on %s", e.Expires.Format(time.DateOnly))
	}
	sample := format.LicenseClaims{
		Issuer: vendor, Activation: "sample", Product: e.Product,
		Expires: seconds(e.HardEnd()), IssuedAt: now.Unix(), Terms: e.Terms(),
	}
	sample.Terms.Epoch = 1
	_, err := sample.Marshal()
	var malformed *format.MalformedError
	if errors.As(err, &malformed) {
		return errors.New(malformed.Reason())
	}
	return err
}

// ValidEmail accepts what can be somebody's address, and no more than that.
func ValidEmail(s string) bool {
	name, domain, found := strings.Cut(s, "@")
	return found && name != "" && domain != "" && !strings.ContainsAny(domain, "@") &&
		!strings.ContainsAny(s, " ,;:<>") && format.ValidText(s, 128) == nil
}

// maxCount keeps counts within what databases, which have no unsigned integers, hold.
const maxCount = 1 << 53

const entitlementColumns = `invoice, email, customer, customer_name, product, edition, type, seats, count_by,
	allowance, unbound, excused, expires, grace_days, updates_until, max_version, emergency_days, features, limits,
	seats_used, emergency_used`

// soldValues are the values of all but the last two columns.
func (e *Entitlement) soldValues() ([]any, error) {
	features, err := json.Marshal(e.Features)
	if err != nil {
		return nil, err
	}
	limits, err := json.Marshal(e.Limits)
	if err != nil {
		return nil, err
	}
	return []any{e.Invoice, e.Email, customerKey(e.Customer), e.Customer, e.Product, e.Edition, e.Type, int64(e.Seats), string(e.CountBy),
		int64(e.Allowance), number(e.Unbound), number(e.Excused), seconds(e.Expires), int64(e.GraceDays), seconds(e.UpdatesUntil),
		e.MaxVersion, int64(e.EmergencyDays), string(features), string(limits)}, nil
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func scanEntitlement(row interface{ Scan(...any) error }) (*Entitlement, *Usage, error) {
	var e Entitlement
	var u Usage
	var key string
	var unbound, excused, expires, updatesUntil int64
	var features, limits []byte
	if err := row.Scan(&e.Invoice, &e.Email, &key, &e.Customer, &e.Product, &e.Edition, &e.Type, &e.Seats, &e.CountBy,
		&e.Allowance, &unbound, &excused, &expires, &e.GraceDays, &updatesUntil, &e.MaxVersion, &e.EmergencyDays, &features, &limits,
		&u.Seats, &u.EmergencyDays); err != nil {
		return nil, nil, err
	}
	e.Unbound, e.Excused = unbound != 0, excused != 0
	e.Expires, e.UpdatesUntil = timeOf(expires), timeOf(updatesUntil)
	if err := json.Unmarshal(features, &e.Features); err != nil {
		return nil, nil, damaged("invoice %.64q: features: %v", e.Invoice, err)
	}
	if err := json.Unmarshal(limits, &e.Limits); err != nil {
		return nil, nil, damaged("invoice %.64q: limits: %v", e.Invoice, err)
	}
	return &e, &u, nil
}

// clone returns a copy that shares nothing.
func (e *Entitlement) clone() *Entitlement {
	c := *e
	c.Features, c.Limits = slices.Clone(e.Features), maps.Clone(e.Limits)
	return &c
}

func same(a, b *Entitlement) bool { return reflect.DeepEqual(a, b) }
