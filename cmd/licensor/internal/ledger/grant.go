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
	BridgeUntil time.Time       // the hard end of a bridge; zero: no bridge
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
	if claims.Terms.EmergencyDays > 0 {
		claims.Terms.EmergencyFrom = Seconds(issued.UTC().Truncate(24 * time.Hour))
	}
	if !g.BridgeUntil.IsZero() {
		claims.Terms.EmergencyFrom = 0
		claims.Terms.Type, claims.Terms.GraceDays, claims.Terms.EmergencyDays = TypeDevelopment, 0, 0
	}
	claims.Terms.Epoch = g.Epoch
	claims.Terms.MinRevocation = minRevocation
	if q := g.Request; q != nil {
		claims.Terms.Site = q.Site
		claims.Binding = &format.Binding{
			Key:        q.Key.Bytes(),
			Request:    q.Hash,
			Need:       Majority(len(q.Components)),
			Components: q.Components,
		}
	}
	return claims
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
	Err    error // why there is none
}

// License returns what goes on record of a draft.
func (d *Draft) License(g *Grant, issued time.Time) *License {
	l := &License{
		ID: d.ID, Activation: g.Activation, Epoch: g.Epoch, Issued: Whole(issued), HardEnd: g.HardEnd(),
		SignedBy: d.Signer, SignerKey: d.Key.Bytes(), File: d.File,
	}
	if g.Request != nil {
		l.Request = g.Request.Body
	}
	return l
}
