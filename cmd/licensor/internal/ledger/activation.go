package ledger

import (
	"bytes"
	"database/sql"
	"encoding/base32"
	"fmt"
	"io"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// Activation is the use of one seat by one site.
type Activation struct {
	ID         string      `json:"id"`
	Seat       string      `json:"seat"` // the id of the activation that took the seat first, or a name of its own; see Reseated
	State      State       `json:"state"`
	Site       string      `json:"site,omitempty"`
	Host       string      `json:"host,omitempty"`
	MachineKey []byte      `json:"machine_key,omitempty"` // 32 bytes, the same key is the same site; none: bound to nothing
	Since      time.Time   `json:"since"`
	Components []Component `json:"components,omitempty"` // where machines are counted
}

// State is what became of an activation.
type State string

// The states of an activation.
const (
	StateActive   State = "active"
	StateBridge   State = "bridge"   // the new server of a move, on a license that ends soon
	StateReleased State = "released" // its site gave it up
	StateLost     State = "lost"     // its site is gone, see Reactivate
	StateVoid     State = "void"     // a bridge whose move came to nothing
)

// Component is a component of a machine, as package format has it.
type Component struct {
	Label string `json:"label"`
	Hash  []byte `json:"hash"`
}

// Name returns how people are told of the activation: by its id, and by what its
// request called the site and the server.
func (a *Activation) Name() string {
	name := a.ID
	if a.Site != "" {
		name += fmt.Sprintf(" site %q", a.Site)
	}
	if a.Host != "" {
		name += fmt.Sprintf(" on %q", a.Host)
	}
	if key, err := keys.NewPublicKey(a.MachineKey); err == nil && a.Site == "" && a.Host == "" {
		name += " with the machine key " + key.Fingerprint() // as "offlicense show" prints it
	}
	return name
}

// activationIDSize makes ids of 13 characters: short enough to say, long enough that a
// million of them never meet.
const activationIDSize = 8

func newActivationID(random io.Reader) (string, error) {
	id := make([]byte, activationIDSize)
	if _, err := io.ReadFull(random, id); err != nil {
		return "", fmt.Errorf("making an activation id: %w", err)
	}
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(id), nil
}

func componentsOf(components []format.Component) []Component {
	all := make([]Component, len(components))
	for i, c := range components {
		all[i] = Component(c)
	}
	return all
}

const activationColumns = "a.id, a.seat, a.state, a.site, a.host, a.machine_key, a.since, a.epoch, a.invoice, a.license"

// activationRow is an activation with what its row says besides.
type activationRow struct {
	Activation
	epoch   uint64 // of its newest license
	invoice string
	license string
	inBatch bool // it is as a request of this batch has left it, and Components are known
}

func (r *activationRow) fields() []any {
	return []any{&r.ID, &r.Seat, &r.State, &r.Site, &r.Host, &r.MachineKey, (*unixTime)(&r.Since), &r.epoch, &r.invoice, &r.license}
}

// unixTime scans a column with seconds since 1970.
type unixTime time.Time

// Scan implements sql.Scanner.
func (t *unixTime) Scan(value any) error {
	n, ok := value.(int64)
	if !ok {
		return fmt.Errorf("a time is stored as %T", value)
	}
	*t = unixTime(timeOf(n))
	return nil
}

// activations returns the activations that a condition on a (activations) selects, the
// oldest first.
func (t *transaction) activations(condition string, args ...any) ([]*activationRow, error) {
	var all []*activationRow
	err := t.each("SELECT "+activationColumns+" FROM activations a WHERE "+condition+" ORDER BY a.since, a.id", args, func(rows *sql.Rows) error {
		r := new(activationRow)
		if err := rows.Scan(r.fields()...); err != nil {
			return err
		}
		all = append(all, r)
		return nil
	})
	return all, err
}

// activation returns one, nil if there is none.
func (t *transaction) activation(id string) (*activationRow, error) {
	all, err := t.activations("a.id = $1", id)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// sameMachine reports whether two requests came from one machine, with the measure of
// a license's binding taken both ways: of the longer list more than half must agree,
// so that a server of which only one thing is known is not every server that shares
// it. What machines made from one image share, the file system's id, and a MAC address,
// which moves with its card, never decide alone.
func sameMachine(a, b []Component) bool {
	matching, naming := agreement(a, b)
	return naming && matching >= majority(max(len(a), len(b)))
}

// agreement counts the components that are the same in two requests; naming: one of
// them may decide.
func agreement(a, b []Component) (matching int, naming bool) {
	for _, x := range a {
		for _, y := range b {
			if x.Label == y.Label && sameHash(x.Hash, y.Hash) {
				matching++
				naming = naming || x.Label != format.LabelRootFS && x.Label != format.LabelMAC
			}
		}
	}
	return matching, naming
}

// namesAllOf reports whether a request names all that an earlier one named, the same.
func namesAllOf(components, before []Component) bool {
	matching, _ := agreement(components, before)
	return len(before) > 0 && matching == len(before)
}

// inSeat are the active activations that have the seat $1.
const inSeat = `SELECT id FROM activations WHERE id = $1 AND seat = $1 AND state = 'active'
	UNION SELECT id FROM activations WHERE seat = $1 AND seat <> id AND state = 'active'`

// majority is how many of n components a license wants.
func majority(n int) int { return n/2 + 1 }

// sameHash compares hashes of 6 to 8 bytes by what both have.
func sameHash(a, b []byte) bool {
	n := min(len(a), len(b))
	return n >= format.MinComponentHash && bytes.Equal(a[:n], b[:n])
}
