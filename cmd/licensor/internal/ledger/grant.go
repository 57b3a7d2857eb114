package ledger

import (
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// Grant is a license that the rules allow and nobody has signed yet.
type Grant struct {
	Entitlement *Entitlement
	Activation  string
	Epoch       uint64
	Request     *verify.Request // nil: a license for any machine

	// Components are those of the request that the license names, and Need of them must
	// match.
	Components []format.Component
	Need       uint64

	BridgeUntil time.Time // the hard end of a bridge; zero: no bridge
}

// HardEnd returns when the license ends, its grace included; zero: never.
func (g *Grant) HardEnd() time.Time {
	if !g.BridgeUntil.IsZero() {
		return g.BridgeUntil
	}
	return g.Entitlement.HardEnd()
}

// Claims returns what the license of a grant says. minRevocation is the number of the
// revocation list that it asks for, 0 for none. Whoever asks again gets the same claims.
func (g *Grant) Claims(vendor string, id format.ID, issued time.Time, minRevocation uint64) *format.LicenseClaims {
	claims := &format.LicenseClaims{
		Issuer:     vendor,
		Activation: g.Activation,
		Product:    g.Entitlement.Product,
		Expires:    Seconds(g.HardEnd()),
		IssuedAt:   issued.Unix(),
		ID:         id,
		Terms:      g.Entitlement.Terms(),
	}
	if t := &claims.Terms; !g.BridgeUntil.IsZero() {
		t.Type, t.GraceDays, t.EmergencyDays, t.EmergencyFrom = TypeDevelopment, 0, 0, 0
	}
	claims.Terms.Epoch = g.Epoch
	claims.Terms.MinRevocation = minRevocation
	if q := g.Request; q != nil {
		claims.Terms.Site = q.Site
		claims.Binding = g.binding()
	}
	return claims
}

func (g *Grant) binding() *format.Binding {
	if g.Request == nil {
		return nil
	}
	return &format.Binding{Key: g.Request.Key.Bytes(), Request: g.Request.Hash, Need: g.Need, Components: g.Components}
}

// Strength returns what holds the license to its place.
func (g *Grant) Strength() format.Strength {
	return (&format.LicenseClaims{Binding: g.binding()}).Strength()
}

// Majority returns how many of n components must match: more than half. So one of
// three may change, by a new disk or a reinstalled system, and what machines from one
// image have in common (its file system's id) never decides alone.
func Majority(n int) uint64 {
	if n == 0 {
		return 0
	}
	return uint64(n/2 + 1)
}

// Issue writes and signs the licenses of grants. It returns a draft for each, in their
// order. It is called by several goroutines at once, and outside any transaction; only
// when another workstation changes the ledger at the same moment it is called again,
// inside one.
type Issue func([]Grant) []Draft

// Draft is a license that is signed and not on record. It may be thrown away.
type Draft struct {
	ID     format.ID
	File   []byte // the license file's bytes
	Signer string // the name of the staff key in its delegation
	Key    keys.PublicKey
	Floor  uint64 // the number of the revocation list that it asks for
	Err    error  // why there is none
}

// License returns what goes on record of a draft.
func (d *Draft) License(g *Grant, issued time.Time) *License {
	l := &License{
		ID: d.ID, Activation: g.Activation, Epoch: g.Epoch, Issued: Whole(issued), HardEnd: g.HardEnd(),
		SignedBy: d.Signer, SignerKey: d.Key.Bytes(), Floor: d.Floor, Need: g.Need, File: d.File,
	}
	for _, c := range g.Components {
		l.Components = append(l.Components, c.Label)
	}
	if g.Request != nil {
		l.Request = g.Request.Raw
	}
	return l
}
