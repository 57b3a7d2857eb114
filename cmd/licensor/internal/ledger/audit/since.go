package audit

import (
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// Sale is what was sold, or changed of it, by one event.
type Sale struct {
	Event    int64         `json:"event"`
	Time     time.Time     `json:"time"`
	Operator string        `json:"operator"`
	Action   ledger.Action `json:"action"` // entitle, amend or renew
	Invoice  string        `json:"invoice"`
	Customer string        `json:"customer"`
	Product  string        `json:"product"`
	Type     string        `json:"type"`
	Seats    uint64        `json:"seats"`
	Expires  time.Time     `json:"expires,omitzero"` // zero: perpetual
}

// Override is an event for which staff lifted rules.
type Override struct {
	Event      int64         `json:"event"`
	Time       time.Time     `json:"time"`
	Operator   string        `json:"operator"`
	Action     ledger.Action `json:"action"`
	Invoice    string        `json:"invoice,omitempty"`
	Activation string        `json:"activation,omitempty"`
	Rules      []ledger.Rule `json:"rules"`
	Why        string        `json:"why"`
}

// list notes a sale and an override.
func (a *audit) list(e *ledger.Event) {
	if s, ok := e.Detail.(*ledger.Entitlement); ok && e.Action != ledger.ActionBegin {
		a.report.Sales = append(a.report.Sales, Sale{e.Seq, e.Time, e.Operator, e.Action, s.Invoice, s.Customer, s.Product, s.Type, s.Seats, s.Expires})
	}
	if len(e.Lifted) > 0 {
		a.report.Overrides = append(a.report.Overrides, Override{e.Seq, e.Time, e.Operator, e.Action, e.Invoice, e.Activation, e.Lifted, e.Why})
	}
}

// sinceCheckpoint leaves out what the checkpoint vouches for.
func (a *audit) sinceCheckpoint() {
	r := a.report
	if a.rewritten {
		return
	}
	for len(r.Sales) > 0 && r.Sales[0].Event <= r.Since {
		r.Sales = r.Sales[1:]
	}
	for len(r.Overrides) > 0 && r.Overrides[0].Event <= r.Since {
		r.Overrides = r.Overrides[1:]
	}
}
