package shown

import (
	"encoding/hex"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// request is what is shown of a request.
type request struct {
	Product    string      `json:"product"`
	Invoice    string      `json:"invoice"`
	Account    string      `json:"account"` // hash of invoice and e-mail address, hexadecimal
	Type       string      `json:"type"`
	Time       time.Time   `json:"time"`
	Key        string      `json:"key"`
	Components []component `json:"components"`
	Unreadable []string    `json:"unreadable,omitempty"` // components that the user who checks cannot read
	Site       string      `json:"site,omitempty"`
	Host       string      `json:"host,omitempty"`
	Replaces   *format.ID  `json:"replaces,omitempty"`
}

func viewRequest(body []byte) (*request, error) {
	q, err := format.UnmarshalRequest(body)
	if err != nil {
		return nil, err
	}
	key, err := keys.NewPublicKey(q.Key)
	if err != nil {
		return nil, err
	}
	return &request{
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

func (q *request) print(r *rows) {
	r.add("product", q.Product)
	r.add("invoice", q.Invoice)
	r.add("account", q.Account)
	r.add("type", q.Type)
	r.time("time", q.Time)
	r.add("site", q.Site)
	r.add("host", q.Host)
	if q.Replaces != nil {
		r.add("replaces", q.Replaces.String())
	}
	r.add("machine key", q.Key)
	r.components(q.Components)
	r.add("unreadable", strings.Join(q.Unreadable, ", "))
}

type component struct {
	Label string `json:"label"`
	Hash  string `json:"hash"` // hexadecimal
}

func viewComponents(components []format.Component) []component {
	views := make([]component, len(components))
	for i, c := range components {
		views[i] = component{c.Label, hex.EncodeToString(c.Hash)}
	}
	return views
}

func (r *rows) components(list []component) {
	for _, c := range list {
		r.add("component", c.Label+" "+c.Hash)
	}
}
