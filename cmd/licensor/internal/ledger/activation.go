package ledger

import (
	"encoding/base32"
	"fmt"
	"io"
	"time"

	"github.com/offlicense/offlicense/keys"
)

// Activation is the use of one seat by one site: one state directory.
type Activation struct {
	ID         string    `json:"id"`
	State      State     `json:"state"`
	Site       string    `json:"site,omitempty"`
	Host       string    `json:"host,omitempty"`
	MachineKey []byte    `json:"machine_key,omitempty"` // 32 bytes, the same key is the same site; none: bound to nothing
	Since      time.Time `json:"since"`
}

// State is what became of an activation.
type State string

// The states of an activation.
const (
	StateActive      State = "active"
	StateBridge      State = "bridge"      // the new server of a move, on a license that ends soon
	StateReleased    State = "released"    // its site gave it up
	StateDeactivated State = "deactivated" // its server is gone
	StateVoid        State = "void"        // a bridge whose move was canceled
)

// Name is NameWith where no license of the activation is at hand.
func (a *Activation) Name() string { return a.NameWith(nil) }

// NameWith returns how people are told of the activation: by its id, and by what its
// request called the site and the server. Where it gave the server no name, the comparison
// code of the newest license says which it is.
func (a *Activation) NameWith(newest *License) string {
	name := a.ID
	if a.Site != "" {
		name += fmt.Sprintf(" site %q", a.Site)
	}
	if a.Host != "" {
		name += fmt.Sprintf(" on %q", a.Host)
	}
	if code := newest.Code(); code != "" && a.Host == "" {
		return name + " with the code " + code
	}
	if key, err := keys.NewPublicKey(a.MachineKey); err == nil && a.Site == "" && a.Host == "" {
		name += " with the machine key " + key.Fingerprint() // as "offlicense show" prints it
	}
	return name
}

// activationIDSize makes ids of 13 characters: short enough to say, long enough that a
// million of them never meet.
const activationIDSize = 8

// NewActivationID returns the name of a new activation.
func NewActivationID(random io.Reader) (string, error) {
	id := make([]byte, activationIDSize)
	if _, err := io.ReadFull(random, id); err != nil {
		return "", fmt.Errorf("making an activation id: %w", err)
	}
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(id), nil
}
