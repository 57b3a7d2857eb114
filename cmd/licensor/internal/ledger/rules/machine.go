package rules

import (
	"bytes"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// agreement counts the components that are the same in two requests. naming: one of
// them may decide. What machines made from one image share, the file system's id, and a
// MAC address, which moves with its card, never decide alone.
func agreement(a, b []format.Component) (matching int, naming bool) {
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

// sameHash compares hashes of 6 to 8 bytes by what both have.
func sameHash(a, b []byte) bool {
	n := min(len(a), len(b))
	return n >= format.MinComponentHash && bytes.Equal(a[:n], b[:n])
}

// Comparable is what all hashes of one component have in common.
func Comparable(hash []byte) []byte { return hash[:min(len(hash), format.MinComponentHash)] }

// sameMachine reports whether two requests seem to come from one machine: of the longer
// list more than half must agree, so that a server of which only one thing is known is
// not every server that shares it.
func sameMachine(a, b []format.Component) bool {
	matching, naming := agreement(a, b)
	return naming && uint64(matching) >= ledger.Majority(max(len(a), len(b)))
}

// identifies reports whether a component tells a machine from others: no image, no card
// and no operator brings it along.
func identifies(label string) bool {
	return label == format.LabelMachineID || label == format.LabelProductUUID
}

// fitsElsewhere reports whether a license for a machine could hold on another one, with
// which the components of before have nothing in common that tells machines apart: what
// all servers of one image share may be there, too.
func fitsElsewhere(e *ledger.Entitlement, before []format.Component, q *format.Request) bool {
	named, need := choose(e, q)
	free := uint64(0)
	for _, c := range named {
		same := slices.ContainsFunc(before, func(b format.Component) bool { return b.Label == c.Label && sameHash(b.Hash, c.Hash) })
		if !same || !identifies(c.Label) {
			free++
		}
	}
	return free >= need
}

// heldByMachine reports whether a license wants at least one thing that tells its machine
// from others.
func (l *Issued) heldByMachine() bool {
	others := uint64(0)
	for _, c := range l.Components {
		if !identifies(c.Label) {
			others++
		}
	}
	return l.Need > others
}

// holdsOn reports whether a license may stand beside the one that a machine asks for: it
// holds there, and the new one holds on no other machine.
func (l *Issued) holdsOn(e *ledger.Entitlement, q *format.Request) bool {
	matching, _ := agreement(l.Components, q.Components)
	return uint64(matching) >= l.Need && !(l.heldByMachine() && fitsElsewhere(e, l.Components, q))
}

// rebind is a change of machine: the licenses of a site that do not hold on the machine
// that asks now.
type rebind struct {
	replaces format.ID   // which the request names
	left     []format.ID // they go on the next revocation list
}

// comesBack judges a site that has its seat and asks again. Its machine must agree with
// every license of it that is still good, each by that license's own measure, and in
// what tells it from others: else a copy of its directory would get a license for each
// machine that it is taken to, or for each that was made from one image. Where
// it does not, this is a rebind: the signed form of the request names the license that
// it replaces. Nil: it is where it was.
func (j *judgement) comesBack(own *Activation, q *verify.Request) (*rebind, error) {
	r, sold := new(rebind), j.Sales[own.Invoice].Entitlement
	for _, l := range own.Licenses {
		if !l.good(j.by.Now) || l.holdsOn(sold, &q.Request) {
			continue
		}
		if l.ID == (format.ID{}) {
			return nil, ledger.Refuse(ledger.RuleMachine, ledger.LiftNobody, "sign this request in a run of its own, once the one before it is on record",
				"two requests of activation %s in one batch name two machines", own.Name())
		}
		r.left = append(r.left, l.ID)
	}
	if len(r.left) == 0 {
		return nil, nil
	}
	if q.Prior != nil {
		r.replaces = *q.Prior
	}
	switch {
	case !q.Signed:
		return r, j.lift(ledger.Refuse(ledger.RuleMachine, ledger.LiftOverride,
			`have the server make its request again as a file, with "offlicense request": it signs a change of its machine`,
			"activation %s is on another machine than %d of its licenses, and the request is not signed", own.Name(), len(r.left)))
	// Who was left behind knows no other license than one that was revoked.
	case q.Prior == nil || own.issued(*q.Prior) == nil || own.issued(*q.Prior).Revoked != nil:
		return r, j.lift(ledger.Refuse(ledger.RuleMachine, ledger.LiftOverride,
			`if the old server still runs, its copy needs a directory and a seat of its own; if not, have "offlicense request" run where the newest license is installed`,
			"activation %s is on another machine than %d of its licenses, and the request names no good one as replaced", own.Name(), len(r.left)))
	}
	return r, nil
}

// good reports whether a license has neither ended nor was revoked.
func (l *Issued) good(now time.Time) bool {
	return l.Revoked == nil && (l.HardEnd.IsZero() || l.HardEnd.After(now))
}
