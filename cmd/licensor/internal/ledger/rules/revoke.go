package rules

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// Revocations are what is known of revocations, for those who sign and for the lists.
type Revocations struct {
	Vendor   string
	Licenses []RevokedLicense
	Keys     []ledger.KeyRevocation // for lists with all that they keep
	Next     uint64                 // the number of the next list
	Newest   []byte                 // the newest list as it travels; nil: there is none
}

// RevokedLicense is a revoked license with its end.
type RevokedLicense struct {
	ledger.Revocation
	HardEnd time.Time // zero: never
}

// refuseRevoked refuses an activation whose newest license was revoked.
func refuseRevoked(a *Activation) error {
	if len(a.Licenses) == 0 {
		return nil
	}
	return refuseRevokedLicense(a, a.Licenses[len(a.Licenses)-1].ID)
}

// refuseRevokedLicense refuses a license that was revoked.
func refuseRevokedLicense(a *Activation, id format.ID) error {
	i := slices.IndexFunc(a.Licenses, func(l Issued) bool { return l.ID == id })
	if i < 0 || a.Licenses[i].Revoked == nil {
		return nil
	}
	r := a.Licenses[i].Revoked
	return ledger.Refuse(ledger.RuleRevoked, ledger.LiftNobody,
		fmt.Sprintf(`"licensor history %s" says what happened; to free its seat: licensor deactivate %s --activation %s --why TEXT`, a.ID, text.ShellWord(a.Invoice), a.ID),
		"the license %s was revoked on %s: %s", id, r.Since.Format(time.DateOnly), r.Why)
}

// RevokeLicense puts a license on the next revocation list. If it is the newest one of
// its activation, that gets no other until it is deactivated.
func RevokeLicense(f *Facts, r *Revocations, by *ledger.Operation, id format.ID) (*Step, []ledger.Revocation, error) {
	license := f.Licenses[id]
	if license == nil {
		return nil, nil, ledger.Refuse(ledger.RuleRevoked, ledger.LiftNobody,
			`"licensor history INVOICE" shows the ids; what is not on record is revoked with the key that has signed it`,
			"no license on record has the id %s", id)
	}
	if !license.HardEnd.IsZero() && !license.HardEnd.After(by.Now) {
		return nil, nil, ledger.Refuse(ledger.RuleRevoked, ledger.LiftNobody, "nothing is left to do",
			"the license %s ended by itself on %s", id, ledger.FormatEnd(license.HardEnd))
	}
	a, err := f.activation(license.Activation)
	if err != nil {
		return nil, nil, err
	}
	if err := refuseRevokedLicense(a, id); err != nil {
		return nil, nil, err
	}
	return revoke(r, by, a, []format.ID{id})
}

// RevokeActivation puts all licenses of an activation that still run on the next
// revocation list. It gets no other one, and keeps its seat until it is deactivated: a
// server that the list has not reached still runs.
func RevokeActivation(f *Facts, r *Revocations, by *ledger.Operation, activation string) (*Step, []ledger.Revocation, error) {
	a := f.Activations[activation]
	if a == nil {
		return nil, nil, ledger.Refuse(ledger.RuleActive, ledger.LiftNobody, `"licensor list" shows who is active`, "there is no activation %.64q", activation)
	}
	good := a.stillGood(0, by.Now)
	if len(good) == 0 {
		return nil, nil, ledger.Refuse(ledger.RuleRevoked, ledger.LiftNobody, fmt.Sprintf(`"licensor history %s" says what happened`, a.ID),
			"no license of activation %s is left to revoke", a.Name())
	}
	return revoke(r, by, a, good)
}

func revoke(r *Revocations, by *ledger.Operation, a *Activation, licenses []format.ID) (*Step, []ledger.Revocation, error) {
	if err := by.NeedWhy("revoking a license"); err != nil {
		return nil, nil, err
	}
	all := r.revoke(by, a, licenses)
	if err := checkRoom(r, by.Now, 0); err != nil {
		return nil, nil, err
	}
	return &Step{Event: ledger.Event{Action: ledger.ActionRevoke, Invoice: a.Invoice, Activation: a.ID, Detail: ledger.Revoked{Licenses: licenses}}}, all, nil
}

// RevokeKey revokes a key. It signs nothing more here, and every revocation list from
// the next one on says that what key.Keep names remains valid.
func RevokeKey(r *Revocations, by *ledger.Operation, key ledger.RevokedKey) (*Step, error) {
	if err := by.NeedWhy("revoking a key"); err != nil {
		return nil, err
	}
	if err := RefuseRevokedTwice(r.Keys, key.Public); err != nil {
		return nil, err
	}
	r.Keys = append(r.Keys, ledger.KeyRevocation{RevokedKey: key, Since: ledger.Whole(by.Now), Why: by.Why})
	if err := checkRoom(r, by.Now, roomForLicenses); err != nil {
		return nil, err
	}
	return &Step{Event: ledger.Event{Action: ledger.ActionRevoke, Detail: ledger.Revoked{Key: &key}}}, nil
}

// RefuseRevokedTwice refuses to revoke a key again.
func RefuseRevokedTwice(revoked []ledger.KeyRevocation, public []byte) error {
	earlier := findRevoked(revoked, public)
	if earlier == nil {
		return nil
	}
	return ledger.Refuse(ledger.RuleRevoked, ledger.LiftNobody, `"licensor revocations" signs the list that says so`,
		"the key %q was revoked on %s: %s", earlier.Name, earlier.Since.Format(time.DateOnly), earlier.Why)
}

func findRevoked(revoked []ledger.KeyRevocation, public []byte) *ledger.KeyRevocation {
	i := slices.IndexFunc(revoked, func(k ledger.KeyRevocation) bool { return bytes.Equal(k.Public, public) })
	if i < 0 {
		return nil
	}
	return &revoked[i]
}

// CheckSigner refuses a key that was revoked, and one whose delegation is by a root that
// was revoked, unless the delegation is one of those that remain valid. rawDelegation is
// nil for a root. Of the roots among revoked, it must be known what they keep.
func CheckSigner(revoked []ledger.KeyRevocation, key keys.PublicKey, rawDelegation []byte) error {
	if k := findRevoked(revoked, key.Bytes()); k != nil {
		return ledger.Refuse(ledger.RuleRevoked, ledger.LiftNobody, `sign with another key: --key NAME; "licensor key list" shows them`,
			"the key %q was revoked on %s: %s", k.Name, k.Since.Format(time.DateOnly), k.Why)
	}
	if rawDelegation == nil {
		return nil
	}
	delegation, err := format.ParseStatement(rawDelegation, format.Delegation)
	if err != nil {
		return err
	}
	for i := range revoked {
		root := &revoked[i]
		if !root.Root {
			continue
		}
		ended, err := endsDelegation(root, delegation)
		if err != nil {
			return ledger.Damaged("%v", err)
		}
		if ended {
			return ledger.Refuse(ledger.RuleRevoked, ledger.LiftNobody, `have the key delegated anew by a good root with "licensor delegate", or sign with another key: --key NAME`,
				"the delegation of the key %s is by the root %q, which was revoked on %s, and it is not one of those that remain valid: %s",
				key.Fingerprint(), root.Name, root.Since.Format(time.DateOnly), root.Why)
		}
	}
	return nil
}

// endsDelegation reports whether the revocation of a root ends a delegation.
func endsDelegation(root *ledger.KeyRevocation, delegation format.Statement) (bool, error) {
	public, err := root.Key()
	if err != nil || !ledger.SignedBy(public, delegation) {
		return false, err
	}
	wire, err := root.Wire()
	if err != nil {
		return false, err
	}
	_, ended := verify.Revokes(&wire, verify.Chain{Root: wire.Thumbprint, Delegation: delegation.Digest()})
	return ended, nil
}

// CheckListSigner refuses every delegated key once one of those that sign revocation
// lists was revoked, or a root. A server that knows a list by the stolen list key, under
// whatever number, is brought back by a list of a root alone; and only the root behind
// it can revoke a root, so that every list has to be its own from then on.
func CheckListSigner(revoked []ledger.KeyRevocation) error {
	i := slices.IndexFunc(revoked, func(k ledger.KeyRevocation) bool { return k.Lists || k.Root })
	if i < 0 {
		return nil
	}
	stolen := &revoked[i]
	what, next := "which signed revocation lists,", "sign with the root key: --root-key FILE"
	if stolen.Root {
		what, next = "a root,", "sign with the root behind it: --root-key FILE"
	}
	return ledger.Refuse(ledger.RuleRevoked, ledger.LiftNobody, next,
		"the key %q, %s was revoked on %s: from then on a root signs revocation lists", stolen.Name, what, stolen.Since.Format(time.DateOnly))
}
