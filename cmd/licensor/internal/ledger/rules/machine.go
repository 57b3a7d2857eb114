package rules

import (
	"bytes"

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

// sameMachine reports whether two requests seem to come from one machine: of the longer
// list more than half must agree, so that a server of which only one thing is known is
// not every server that shares it.
func sameMachine(a, b []format.Component) bool {
	matching, naming := agreement(a, b)
	return naming && uint64(matching) >= ledger.Majority(max(len(a), len(b)))
}

// checkMachine refuses a site that comes back on another machine: a copy of its
// directory would have the same machine key, and a license of its own. The measure is
// that of the license: more than half of what the newest request named must be there.
func checkMachine(by *ledger.Operation, own *Activation, q *verify.Request) error {
	if by.Override {
		return nil
	}
	before, err := own.machine()
	if err != nil {
		return err
	}
	matching, _ := agreement(before, q.Components)
	if uint64(matching) >= ledger.Majority(len(before)) {
		return nil
	}
	return ledger.Refuse(ledger.RuleSeats, ledger.LiftOverride,
		`"licensor reactivate" if the old server is gone; if it still runs, its copy needs a directory and a seat of its own`,
		"activation %s is in use on another machine: components of that one that are here: %d of %d", own.Name(), matching, len(before))
}
