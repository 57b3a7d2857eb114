package shown

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// license is what is shown of a license.
type license struct {
	ID            format.ID         `json:"id"`
	Vendor        string            `json:"vendor"`
	Product       string            `json:"product"`
	Edition       string            `json:"edition,omitempty"`
	Type          string            `json:"type"`
	Customer      string            `json:"customer"`
	Invoice       string            `json:"invoice"`
	Seats         uint64            `json:"seats"`
	Activation    string            `json:"activation"`
	Epoch         uint64            `json:"epoch"`
	Site          string            `json:"site,omitempty"`
	Issued        time.Time         `json:"issued"`
	NotBefore     time.Time         `json:"not_before,omitzero"`
	Expires       time.Time         `json:"expires,omitzero"`  // before grace
	HardEnd       time.Time         `json:"hard_end,omitzero"` // after grace
	GraceDays     uint64            `json:"grace_days,omitempty"`
	UpdatesUntil  time.Time         `json:"updates_until,omitzero"`
	MaxVersion    string            `json:"max_version,omitempty"`
	EmergencyDays uint64            `json:"emergency_days,omitempty"`
	EmergencyFrom time.Time         `json:"emergency_from,omitzero"` // the day from which they count
	Features      []string          `json:"features,omitempty"`
	Limits        map[string]uint64 `json:"limits,omitempty"`
	Ext           map[string]string `json:"ext,omitempty"`
	MinRevocation uint64            `json:"min_revocation,omitempty"` // lowest number of a list by which it may be judged
	Strength      string            `json:"strength"`                 // of the binding: machine, operator, key or any
	Binding       *binding          `json:"binding,omitempty"`        // missing: any machine
	SignedBy      string            `json:"signed_by"`                // the delegation's name for the key that claims to have signed it
}

type binding struct {
	Key        string      `json:"key"`
	Request    string      `json:"request"` // comparison code
	Need       uint64      `json:"need"`    // how many components must match
	Components []component `json:"components"`
}

func viewLicense(payload []byte, signedBy string) (*license, error) {
	l, err := format.UnmarshalLicense(payload)
	if err != nil {
		return nil, err
	}
	v := &license{
		ID: l.ID, Vendor: l.Issuer, Product: l.Product, Edition: l.Terms.Edition, Type: l.Terms.Type,
		Customer: l.Terms.Customer, Invoice: l.Terms.Invoice, Seats: l.Terms.Seats,
		Activation: l.Activation, Epoch: l.Terms.Epoch, Site: l.Terms.Site,
		Issued: format.Time(l.IssuedAt), NotBefore: format.Time(l.NotBefore),
		GraceDays: l.Terms.GraceDays, UpdatesUntil: format.Time(l.Terms.UpdatesUntil), MaxVersion: l.Terms.MaxVersion,
		EmergencyDays: l.Terms.EmergencyDays, EmergencyFrom: format.Time(l.Terms.EmergencyFrom), Strength: l.Strength().String(),
		MinRevocation: l.Terms.MinRevocation,
		Features:      l.Terms.Features, Limits: l.Terms.Limits,
		SignedBy: signedBy,
	}
	v.Expires, v.HardEnd = l.Ends()
	if len(l.Terms.Ext) > 0 {
		v.Ext = make(map[string]string, len(l.Terms.Ext))
		for name, value := range l.Terms.Ext {
			v.Ext[name] = value.String()
		}
	}
	if b := l.Binding; b != nil {
		key, err := keys.NewPublicKey(b.Key)
		if err != nil {
			return nil, err
		}
		v.Binding = &binding{key.String(), format.ComparisonCode(b.Request), b.Need, viewComponents(b.Components)}
	}
	return v, nil
}

func (l *license) print(r *rows) {
	r.add("license", l.ID.String())
	r.add("vendor", l.Vendor)
	r.add("product", l.Product)
	r.add("edition", l.Edition)
	r.add("type", l.Type)
	r.add("customer", l.Customer)
	r.add("invoice", l.Invoice)
	r.add("seats", strconv.FormatUint(l.Seats, 10))
	r.add("activation", l.Activation)
	r.add("epoch", strconv.FormatUint(l.Epoch, 10))
	r.add("site", l.Site)
	r.time("issued", l.Issued)
	r.time("not before", l.NotBefore)
	if l.HardEnd.IsZero() {
		r.add("ends", "never")
	}
	r.time("ends", l.Expires)
	if l.GraceDays > 0 {
		r.add("grace", cli.Plural(l.GraceDays, "day", "days"))
		r.time("hard end", l.HardEnd)
	}
	r.time("updates until", l.UpdatesUntil)
	r.add("versions up to", l.MaxVersion)
	if l.EmergencyDays > 0 {
		r.add("emergency", cli.Plural(l.EmergencyDays, "day", "days")+", counted from "+l.EmergencyFrom.Format(time.DateOnly))
	}
	r.add("features", strings.Join(l.Features, ", "))
	for _, name := range slices.Sorted(maps.Keys(l.Limits)) {
		r.add("limit", fmt.Sprintf("%s %d", name, l.Limits[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(l.Ext)) {
		r.add("ext", fmt.Sprintf("%s %s", name, l.Ext[name]))
	}
	if l.MinRevocation > 0 {
		r.add("needs list", fmt.Sprintf("revocation list %d or later", l.MinRevocation))
	}
	r.add("binding", l.Strength)
	b := l.Binding
	if b == nil {
		r.add("machine", "any")
		return
	}
	r.add("for request", b.Request)
	r.add("machine key", b.Key)
	r.components(b.Components)
	r.add("must match", fmt.Sprintf("%d of %d components", b.Need, len(b.Components)))
}
