package shown

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// attestation is what is shown of an attestation.
type attestation struct {
	License    format.ID         `json:"license"`
	Digest     string            `json:"digest"` // of the license, hexadecimal
	Activation string            `json:"activation"`
	Vendor     string            `json:"vendor"`
	Product    string            `json:"product"`
	Time       time.Time         `json:"time"`
	Floor      time.Time         `json:"floor,omitzero"` // latest time that the site has recorded
	Key        string            `json:"key"`
	Components []component       `json:"components"`
	Version    string            `json:"version,omitempty"` // of the program
	Built      time.Time         `json:"built,omitzero"`
	Use        map[string]uint64 `json:"use,omitempty"`
}

func viewAttestation(payload []byte) (*attestation, error) {
	c, err := format.UnmarshalAttestation(payload)
	if err != nil {
		return nil, err
	}
	key, err := keys.NewPublicKey(c.Key)
	if err != nil {
		return nil, err
	}
	return &attestation{
		License: c.License, Digest: hex.EncodeToString(c.Digest[:]), Activation: c.Activation, Vendor: c.Vendor, Product: c.Product,
		Time: format.Instant(c.IssuedAt), Floor: format.Time(c.Floor), Key: key.String(), Components: viewComponents(c.Components),
		Version: c.Version, Built: format.Time(c.Built), Use: c.Use,
	}, nil
}

func (a *attestation) print(r *rows) {
	r.add("license", a.License.String())
	r.add("digest", a.Digest)
	r.add("activation", a.Activation)
	r.add("vendor", a.Vendor)
	r.add("product", a.Product)
	r.time("time", a.Time)
	r.time("floor", a.Floor)
	r.add("machine key", a.Key)
	r.components(a.Components)
	r.add("version", a.Version)
	r.time("built", a.Built)
	for _, name := range slices.Sorted(maps.Keys(a.Use)) {
		r.add("in use", fmt.Sprintf("%s %d", name, a.Use[name]))
	}
}
