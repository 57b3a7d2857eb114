package shown

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// delegation is what is shown of a delegation.
type delegation struct {
	ID        format.ID `json:"id"`
	Vendor    string    `json:"vendor"`
	Name      string    `json:"name"`
	Key       string    `json:"key"`
	Issued    time.Time `json:"issued"`
	NotBefore time.Time `json:"not_before"`
	Expires   time.Time `json:"expires"`
	Scope     scope     `json:"scope"`
}

type scope struct {
	Products    []string `json:"products"`
	Types       []string `json:"types"`
	MaxTermDays float64  `json:"max_term_days"`
	MaxSeats    uint64   `json:"max_seats"`
	Binding     string   `json:"binding"` // the weakest
	Perpetual   bool     `json:"perpetual"`
	Revocations bool     `json:"revocations"` // revocation lists, and nothing else
}

func viewDelegation(payload []byte) (*delegation, error) {
	d, err := format.UnmarshalDelegation(payload)
	if err != nil {
		return nil, err
	}
	key, err := keys.NewPublicKey(d.Key)
	if err != nil {
		return nil, err
	}
	return &delegation{
		ID: d.ID, Vendor: d.Issuer, Name: d.Name, Key: key.String(),
		Issued: format.Time(d.IssuedAt), NotBefore: format.Time(d.NotBefore), Expires: format.Time(d.Expires),
		Scope: scope{
			Products: append([]string{}, d.Scope.Products...), Types: append([]string{}, d.Scope.Types...),
			MaxTermDays: float64(d.Scope.MaxTerm) / (24 * 60 * 60), MaxSeats: d.Scope.MaxSeats,
			Binding: d.Scope.Weakest.String(), Perpetual: d.Scope.Perpetual,
			Revocations: d.Scope.Revocations,
		},
	}, nil
}

func (d *delegation) print(r *rows) {
	r.add("delegation", d.ID.String())
	r.add("vendor", d.Vendor)
	r.add("key's name", d.Name)
	r.add("key", d.Key)
	r.time("issued", d.Issued)
	r.time("not before", d.NotBefore)
	r.time("ends", d.Expires)
	if d.Scope.Revocations {
		r.add("may sign", "revocation lists, and nothing else")
		return
	}
	r.add("products", orNone(d.Scope.Products))
	r.add("types", orNone(d.Scope.Types))
	r.add("longest term", fmt.Sprintf("%g days", d.Scope.MaxTermDays))
	r.add("most seats", strconv.FormatUint(d.Scope.MaxSeats, 10))
	r.add("binding", d.Scope.Binding)
	r.add("perpetual", yesNo(d.Scope.Perpetual))
}

func orNone(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
