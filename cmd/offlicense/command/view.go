package command

import (
	"encoding/hex"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// requestView is a request as show prints it.
type requestView struct {
	Product    string          `json:"product"`
	Invoice    string          `json:"invoice"`
	Account    string          `json:"account"` // hash of invoice and e-mail address, hexadecimal
	Type       string          `json:"type"`
	Time       time.Time       `json:"time"`
	Key        string          `json:"key"`
	Components []componentView `json:"components"`
	Unreadable []string        `json:"unreadable,omitempty"` // components that the user who checks cannot read
	Site       string          `json:"site,omitempty"`
	Host       string          `json:"host,omitempty"`
	Replaces   *format.ID      `json:"replaces,omitempty"`
}

type componentView struct {
	Label string `json:"label"`
	Hash  string `json:"hash"` // hexadecimal
}

func viewRequest(body []byte) (*requestView, error) {
	q, err := format.UnmarshalRequest(body)
	if err != nil {
		return nil, err
	}
	key, err := keys.NewPublicKey(q.Key)
	if err != nil {
		return nil, err
	}
	return &requestView{
		Product:    q.Product,
		Invoice:    q.Invoice,
		Account:    hex.EncodeToString(q.Account[:]),
		Type:       q.Type,
		Time:       format.Time(q.Time),
		Key:        key.String(),
		Components: viewComponents(q.Components),
		Unreadable: q.Unreadable,
		Site:       q.Site,
		Host:       q.Host,
		Replaces:   q.Prior,
	}, nil
}

func viewComponents(components []format.Component) []componentView {
	views := make([]componentView, len(components))
	for i, c := range components {
		views[i] = componentView{c.Label, hex.EncodeToString(c.Hash)}
	}
	return views
}

// licenseView is a license as show prints it.
type licenseView struct {
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
	Binding       *bindingView      `json:"binding,omitempty"`        // missing: any machine
	SignedBy      string            `json:"signed_by"`                // the delegation's name for the key that claims to have signed it
}

type bindingView struct {
	Key        string          `json:"key"`
	Request    string          `json:"request"` // comparison code
	Need       uint64          `json:"need"`    // how many components must match
	Components []componentView `json:"components"`
}

func viewLicense(payload []byte, signedBy string) (*licenseView, error) {
	l, err := format.UnmarshalLicense(payload)
	if err != nil {
		return nil, err
	}
	v := &licenseView{
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
		v.Binding = &bindingView{key.String(), format.ComparisonCode(b.Request), b.Need, viewComponents(b.Components)}
	}
	return v, nil
}

// shortView is a short license as show prints it. Only the server that asked can read the rest.
type shortView struct {
	Request     string `json:"request"`         // first 8 characters of the comparison code
	Delegation  bool   `json:"delegation"`      // whether it carries the delegation of its signer
	Revocations bool   `json:"revocation_list"` // and a revocation list
}

func viewShort(raw []byte) (*shortView, error) {
	c, err := format.UnmarshalCarried(raw)
	if err != nil {
		return nil, err
	}
	delegation, err := c.Delegation([keys.IDSize]byte{})
	if err != nil {
		return nil, err
	}
	mark := c.RequestMark()
	return &shortView{mark[:4] + "-" + mark[4:], delegation != nil, c.HasList()}, nil
}

// delegationView is a delegation as show prints it.
type delegationView struct {
	ID        format.ID `json:"id"`
	Vendor    string    `json:"vendor"`
	Name      string    `json:"name"`
	Key       string    `json:"key"`
	Issued    time.Time `json:"issued"`
	NotBefore time.Time `json:"not_before"`
	Expires   time.Time `json:"expires"`
	Scope     scopeView `json:"scope"`
}

type scopeView struct {
	Products    []string `json:"products"`
	Types       []string `json:"types"`
	MaxTermDays float64  `json:"max_term_days"`
	MaxSeats    uint64   `json:"max_seats"`
	Binding     string   `json:"binding"` // the weakest
	Perpetual   bool     `json:"perpetual"`
	Revocations bool     `json:"revocations"` // revocation lists, and nothing else
}

func viewDelegation(payload []byte) (*delegationView, error) {
	d, err := format.UnmarshalDelegation(payload)
	if err != nil {
		return nil, err
	}
	key, err := keys.NewPublicKey(d.Key)
	if err != nil {
		return nil, err
	}
	return &delegationView{
		ID: d.ID, Vendor: d.Issuer, Name: d.Name, Key: key.String(),
		Issued: format.Time(d.IssuedAt), NotBefore: format.Time(d.NotBefore), Expires: format.Time(d.Expires),
		Scope: scopeView{
			Products: append([]string{}, d.Scope.Products...), Types: append([]string{}, d.Scope.Types...),
			MaxTermDays: float64(d.Scope.MaxTerm) / (24 * 60 * 60), MaxSeats: d.Scope.MaxSeats,
			Binding: d.Scope.Weakest.String(), Perpetual: d.Scope.Perpetual,
			Revocations: d.Scope.Revocations,
		},
	}, nil
}

// releaseView is a release as show prints it.
type releaseView struct {
	ID            format.ID `json:"id"`
	License       format.ID `json:"license"`
	Activation    string    `json:"activation"`
	Vendor        string    `json:"vendor"`
	Time          time.Time `json:"time"`
	EmergencyDays uint64    `json:"emergency_days,omitempty"` // used
	KeyID         string    `json:"key_id"`                   // of the machine key, hexadecimal
}

func viewRelease(signed format.Statement) (*releaseView, error) {
	c, err := format.UnmarshalRelease(signed.UnverifiedPayload())
	if err != nil {
		return nil, err
	}
	id := signed.KeyID()
	return &releaseView{
		ID: c.ID, License: c.License, Activation: c.Activation, Vendor: c.Vendor,
		Time: format.Time(c.IssuedAt), EmergencyDays: c.EmergencyDays, KeyID: hex.EncodeToString(id[:]),
	}, nil
}
