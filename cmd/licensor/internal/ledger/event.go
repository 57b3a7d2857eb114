package ledger

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/format"
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
	Rules      int       `json:"rules"`            // the version of the rules by which it was judged
	Lifted     []Rule    `json:"lifted,omitempty"` // those that staff lifted for it
	More       bool      `json:"more,omitempty"`   // the next event is of the same operation
	Detail     Detail    `json:"detail"`
}

// RulesVersion is that of the rules that this program judges by. It never falls in a
// log.
const RulesVersion = 1

// Action says what an event did.
type Action string

// The actions, each with its type of detail.
const (
	ActionCreate     Action = "create"     // Created
	ActionCustomer   Action = "customer"   // Customer
	ActionForget     Action = "forget"     // Forgotten
	ActionProduct    Action = "product"    // Product
	ActionEntitle    Action = "entitle"    // Entitlement
	ActionAmend      Action = "amend"      // Entitlement
	ActionRenew      Action = "renew"      // Entitlement
	ActionBegin      Action = "begin"      // Entitlement: its term counts, from the license that follows
	ActionSuspend    Action = "suspend"    // Entitlement
	ActionResume     Action = "resume"     // Entitlement
	ActionCancel     Action = "cancel"     // Entitlement
	ActionCorrect    Action = "correct"    // Entitlement
	ActionTransfer   Action = "transfer"   // Entitlement
	ActionRename     Action = "rename"     // Entitlement
	ActionRenumber   Action = "renumber"   // Renumbered
	ActionAddress    Action = "address"    // Addressed
	ActionSign       Action = "sign"       // Signed
	ActionRelease    Action = "release"    // Closed
	ActionDeactivate Action = "deactivate" // Closed
	ActionMove       Action = "move"       // Moved
	ActionWait       Action = "wait"       // Waiting
	ActionTakeOver   Action = "take-over"  // TakenOver
	ActionRebind     Action = "rebind"     // Rebound
	ActionVoid       Action = "void"       // Closed
	ActionRevoke     Action = "revoke"     // Revoked
	ActionPublish    Action = "publish"    // Published
	ActionFreeze     Action = "freeze"     // Frozen
	ActionThaw       Action = "thaw"       // Thawed
	ActionOpen       Action = "open"       // Opened
)

// Detail is the effect of an event in full, so that the tables can be made again from
// the events, and from the addresses to which they commit.
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

// Renumbered says that the event's invoice is the number of a sale, in place of the one
// before.
type Renumbered struct {
	Was string `json:"was"`
}

// Signed records a license. Activation is there when the license begins one, or when
// its site has changed.
type Signed struct {
	Activation *Activation `json:"activation,omitempty"`
	Moves      bool        `json:"moves,omitempty"` // it takes a seat that another machine has had
	License    *License    `json:"license"`
}

// Closed ends an activation. Revoke are its licenses that may still be in use.
type Closed struct {
	Release       []byte      `json:"release,omitempty"`        // the signed release, as it came
	EmergencyDays uint64      `json:"emergency_days,omitempty"` // used, as the release reports them
	Revoke        []format.ID `json:"revoke,omitempty"`
}

// Moved begins a move: the event's activation keeps its seat while Successor runs on a
// bridge until the given time.
type Moved struct {
	Successor string    `json:"successor"`
	Until     time.Time `json:"until"`
	Waits     bool      `json:"waits,omitempty"` // the seat is to wait for a request for production
}

// Waiting says that the event's activation, a bridge, may have the seat of its
// predecessor: it waits until the bridge ends.
type Waiting struct {
	Predecessor string `json:"predecessor"`
}

// Rebound says that the event's activation is on another machine. Revoke are its
// licenses that do not hold there.
type Rebound struct {
	Replaces format.ID   `json:"replaces,omitzero"` // as the request says
	Revoke   []format.ID `json:"revoke"`
}

// TakenOver ends a move: the event's activation has the seat of its predecessor.
type TakenOver struct {
	Predecessor string `json:"predecessor"`
}

// Revoked revokes licenses, or a key with all that is not on record of it. The next
// revocation list says so.
type Revoked struct {
	Licenses []format.ID `json:"licenses,omitempty"`
	Key      *RevokedKey `json:"key,omitempty"`
}

// Published is a revocation list that was signed.
type Published struct {
	Number    uint64 `json:"number"`
	SignedBy  string `json:"signed_by"`            // the staff key's name, or the fingerprint of a root
	SignerKey []byte `json:"signer_key,omitempty"` // of a delegated key, 32 bytes; none: a root
	File      []byte `json:"file"`                 // the list as it travels, without the text form
}

// Frozen ends a ledger, which from then on is only read: all of it moves to another
// place, and this event with it.
type Frozen struct {
	Move   MoveID `json:"move"`
	Target string `json:"target"` // the place, in words: no address, which may hold a password
}

// Thawed says that the move is canceled: the ledger goes on where it was.
type Thawed struct {
	Move MoveID `json:"move"`
}

// Opened says that the ledger goes on here, in the place to which it has moved.
type Opened struct {
	Move MoveID `json:"move"`
}

// MoveID names one move of a ledger. It is drawn at random by the place that the ledger
// moves to, so that no other place is taken for that one.
type MoveID int64

// MaxMoveID is the largest, and one is the smallest: a number that any reader of JSON takes.
const MaxMoveID = 1 << 53

func (Created) detail()      {}
func (Frozen) detail()       {}
func (Thawed) detail()       {}
func (Opened) detail()       {}
func (Customer) detail()     {}
func (Product) detail()      {}
func (*Entitlement) detail() {}
func (Renumbered) detail()   {}
func (*Signed) detail()      {}
func (Closed) detail()       {}
func (Moved) detail()        {}
func (Waiting) detail()      {}
func (Rebound) detail()      {}
func (TakenOver) detail()    {}
func (Revoked) detail()      {}
func (Published) detail()    {}

// Complete fills in what is the same in all events of an operation, and the number.
func (e *Event) Complete(seq int64, by *Operation) {
	e.Seq, e.Time, e.Operator, e.Rules = seq, Whole(by.Now), by.Operator, RulesVersion
	e.Why = cmp.Or(e.Why, by.Why)
}

// Marshal returns the event's canonical bytes.
func (e *Event) Marshal() ([]byte, error) {
	if sold, ok := e.Detail.(*Entitlement); ok {
		logged := *e
		logged.Detail = sold.logged()
		e = &logged
	}
	return json.Marshal(e)
}

// ParseEvent reads canonical bytes, and no other spelling of the same event.
func ParseEvent(leaf []byte) (*Event, error) {
	// In canonical bytes the detail comes last, and no text before it has a bare quote: so
	// what is long is read once.
	head, detail, found := bytes.Cut(leaf, []byte(`,"detail":`))
	if !found || !bytes.HasSuffix(detail, []byte("}")) {
		return nil, fmt.Errorf("malformed: it has no detail")
	}
	var plain plainEvent
	if err := decodeStrictly(append(bytes.Clone(head), '}'), &plain); err != nil {
		return nil, err
	}
	e := Event(plain)
	var err error
	if e.Detail, err = parseDetail(e.Action, detail[:len(detail)-1]); err != nil {
		return nil, fmt.Errorf("action %.64q: %w", e.Action, err)
	}
	again, err := e.Marshal()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, leaf) || e.Time != Whole(e.Time) {
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
	case ActionForget:
		return parseAs[Forgotten](raw)
	case ActionProduct:
		return parseAs[Product](raw)
	case ActionEntitle, ActionAmend, ActionRenew, ActionBegin, ActionSuspend, ActionResume, ActionCancel,
		ActionCorrect, ActionTransfer, ActionRename:
		l, err := parseAs[logged](raw)
		if err == nil && l.Entitlement == nil {
			err = fmt.Errorf("malformed: no entitlement")
		}
		if err == nil {
			l.Entitlement.Account = l.Account
		}
		return l.Entitlement, err
	case ActionAddress:
		return parseAs[Addressed](raw)
	case ActionRenumber:
		return parseAs[Renumbered](raw)
	case ActionSign:
		s, err := parseAs[Signed](raw)
		if err == nil && s.License == nil {
			err = fmt.Errorf("malformed: no license")
		}
		return &s, err
	case ActionRelease, ActionDeactivate, ActionVoid:
		return parseAs[Closed](raw)
	case ActionMove:
		return parseAs[Moved](raw)
	case ActionWait:
		return parseAs[Waiting](raw)
	case ActionRebind:
		return parseAs[Rebound](raw)
	case ActionTakeOver:
		return parseAs[TakenOver](raw)
	case ActionRevoke:
		return parseAs[Revoked](raw)
	case ActionPublish:
		return parseAs[Published](raw)
	case ActionFreeze:
		return parseAs[Frozen](raw)
	case ActionThaw:
		return parseAs[Thawed](raw)
	case ActionOpen:
		return parseAs[Opened](raw)
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

// LicenseIn returns the license that an event has signed, from its canonical bytes.
func LicenseIn(leaf []byte) (*License, error) {
	e, err := ParseEvent(leaf)
	if err != nil {
		return nil, Damaged("%v", err)
	}
	s, ok := e.Detail.(*Signed)
	if !ok {
		return nil, Damaged("event %d (%s) is where a license was signed", e.Seq, e.Action)
	}
	return s.License, nil
}

// ListIn returns the revocation list that an event has published, from its canonical
// bytes.
func ListIn(leaf []byte) (*Published, error) {
	e, err := ParseEvent(leaf)
	if err != nil {
		return nil, Damaged("%v", err)
	}
	p, ok := e.Detail.(Published)
	if !ok {
		return nil, Damaged("event %d (%s) is where a revocation list was signed", e.Seq, e.Action)
	}
	return &p, nil
}

// OfCustomer reports whether an event of no invoice is about a customer, whom the key
// names.
func (e *Event) OfCustomer(key string) bool {
	c, is := e.Detail.(Customer)
	return is && CustomerKey(c.Name) == key
}
