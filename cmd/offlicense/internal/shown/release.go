package shown

import (
	"encoding/hex"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/format"
)

// release is what is shown of a release.
type release struct {
	ID            format.ID `json:"id"`
	License       format.ID `json:"license"`
	Activation    string    `json:"activation"`
	Vendor        string    `json:"vendor"`
	Time          time.Time `json:"time"`
	EmergencyDays uint64    `json:"emergency_days,omitempty"` // used
	KeyID         string    `json:"key_id"`                   // of the machine key, hexadecimal
}

func viewRelease(signed format.Statement) (*release, error) {
	c, err := format.UnmarshalRelease(signed.UnverifiedPayload())
	if err != nil {
		return nil, err
	}
	id := signed.KeyID()
	return &release{
		ID: c.ID, License: c.License, Activation: c.Activation, Vendor: c.Vendor,
		Time: format.Time(c.IssuedAt), EmergencyDays: c.EmergencyDays, KeyID: hex.EncodeToString(id[:]),
	}, nil
}

func (v *release) print(r *rows) {
	r.add("release", v.ID.String())
	r.add("license", v.License.String())
	r.add("activation", v.Activation)
	r.add("vendor", v.Vendor)
	r.time("time", v.Time)
	if v.EmergencyDays > 0 {
		r.add("emergency", cli.Plural(v.EmergencyDays, "day used", "days used"))
	}
	r.add("key id", v.KeyID)
}
