package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Event is one change of the ledger. Its canonical bytes are a leaf of the log: see
// the package comment.
type Event struct {
	Seq        int64     `json:"seq"` // from 1
	Time       time.Time `json:"time"`
	Operator   string    `json:"operator"`
	Action     Action    `json:"action"`
	Invoice    string    `json:"invoice,omitempty"`
	Activation string    `json:"activation,omitempty"`
	Why        string    `json:"why,omitempty"`
	Detail     Detail    `json:"detail"`
}

// Action says what an event did.
type Action string

// The actions, each with its type of detail.
const (
	ActionCreate     Action = "create"     // Created
	ActionCustomer   Action = "customer"   // Customer
	ActionEntitle    Action = "entitle"    // Entitlement
	ActionAmend      Action = "amend"      // Entitlement
	ActionRenew      Action = "renew"      // Entitlement
	ActionSign       Action = "sign"       // Signed
	ActionRelease    Action = "release"    // Closed
	ActionReactivate Action = "reactivate" // Closed
	ActionMove       Action = "move"       // Moved
	ActionTakeOver   Action = "take-over"  // TakenOver
	ActionVoid       Action = "void"       // Closed
	ActionReseat     Action = "reseat"     // Reseated
	ActionRevoke     Action = "revoke"     // Revoked
	ActionPublish    Action = "publish"    // Published
)

// Detail is the effect of an event in full, so that the tables can be made again from
// the events alone.
type Detail interface{ detail() }

// Created begins a ledger.
type Created struct {
	Vendor string `json:"vendor"`
}

// Customer says what the vendor knows of a customer.
type Customer struct {
	Name    string `json:"name"`
	Partner bool   `json:"partner"`
}

// Signed records a license. Activation is there when the license begins one, or when
// its site has changed.
type Signed struct {
	Activation *Activation `json:"activation,omitempty"`
	License    *License    `json:"license"`
}

// Closed ends an activation. Revoke are its licenses that may still be in use.
type Closed struct {
	Release       []byte   `json:"release,omitempty"` // the signed release, as it came
	EmergencyDays uint64   `json:"emergency_days,omitempty"`
	Revoke        []string `json:"revoke,omitempty"`
}

// Moved begins a move: the event's activation keeps its seat while Successor runs on a
// bridge until the given time.
type Moved struct {
	Successor string    `json:"successor"`
	Until     time.Time `json:"until"`
}

// TakenOver ends a move: the event's activation has the seat of its predecessor.
type TakenOver struct {
	Predecessor string `json:"predecessor"`
	Seat        string `json:"seat"`
}

// Revoked takes licenses, or a key with all that is not on record of it, out of force.
// The next revocation list says so.
type Revoked struct {
	Licenses []string    `json:"licenses,omitempty"`
	Key      *RevokedKey `json:"key,omitempty"`
}

// Published is a revocation list that was signed.
type Published struct {
	Number uint64 `json:"number"`
	Signer string `json:"signer"` // the staff key's name, or the fingerprint of a root
	File   []byte `json:"file"`   // the list as it travels, without the text form
}

// Reseated takes the event's activation from its seat: it is not on the machine of the
// others there, or is alone there and on one that has another seat. Seat is that of the
// machine which it is on, or a new name, for the activation that took the old seat first
// has given that one its id.
type Reseated struct {
	From string `json:"from"`
	Seat string `json:"seat"`
}

func (Created) detail()      {}
func (Customer) detail()     {}
func (*Entitlement) detail() {}
func (*Signed) detail()      {}
func (Closed) detail()       {}
func (Moved) detail()        {}
func (TakenOver) detail()    {}
func (Reseated) detail()     {}
func (Revoked) detail()      {}
func (Published) detail()    {}

// marshal returns the event's canonical bytes.
func (e *Event) marshal() ([]byte, error) { return json.Marshal(e) }

// parseEvent reads canonical bytes, and no other spelling of the same event.
func parseEvent(leaf []byte) (*Event, error) {
	var head struct {
		*plainEvent
		Detail json.RawMessage `json:"detail"`
	}
	head.plainEvent = new(plainEvent)
	if err := decodeStrictly(leaf, &head); err != nil {
		return nil, err
	}
	e := Event(*head.plainEvent)
	var err error
	if e.Detail, err = parseDetail(e.Action, head.Detail); err != nil {
		return nil, fmt.Errorf("action %.64q: %w", e.Action, err)
	}
	again, err := e.marshal()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, leaf) {
		return nil, fmt.Errorf("malformed: not in its canonical form")
	}
	return &e, nil
}

type plainEvent Event

func parseDetail(action Action, raw []byte) (Detail, error) {
	switch action {
	case ActionCreate:
		return parseAs[Created](raw)
	case ActionCustomer:
		return parseAs[Customer](raw)
	case ActionEntitle, ActionAmend, ActionRenew:
		e, err := parseAs[Entitlement](raw)
		return &e, err
	case ActionSign:
		s, err := parseAs[Signed](raw)
		if err == nil && s.License == nil {
			err = fmt.Errorf("malformed: no license")
		}
		return &s, err
	case ActionRelease, ActionReactivate, ActionVoid:
		return parseAs[Closed](raw)
	case ActionMove:
		return parseAs[Moved](raw)
	case ActionTakeOver:
		return parseAs[TakenOver](raw)
	case ActionReseat:
		return parseAs[Reseated](raw)
	case ActionRevoke:
		return parseAs[Revoked](raw)
	case ActionPublish:
		return parseAs[Published](raw)
	}
	return nil, fmt.Errorf("unknown action")
}

func parseAs[T any](raw []byte) (value T, err error) {
	err = decodeStrictly(raw, &value)
	return value, err
}

func decodeStrictly(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(into)
}
