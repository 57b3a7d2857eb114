package rules

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// NextList returns what the next revocation list has to say at a time: all licenses
// that were revoked and have not ended by themselves, and all keys that were revoked,
// each with what was recorded then to remain valid. The list has no id yet and nobody
// has signed it.
func NextList(r *Revocations, now time.Time) (*format.RevocationClaims, error) {
	next, err := nextList(r, now)
	if err != nil {
		return nil, err
	}
	return next, checkFits(next, 0, "")
}

func nextList(r *Revocations, now time.Time) (*format.RevocationClaims, error) {
	next := &format.RevocationClaims{Issuer: r.Vendor, IssuedAt: now.Unix(), Number: r.Next}
	var licenses [][16]byte
	for _, l := range r.Licenses {
		if l.HardEnd.IsZero() || l.HardEnd.Unix() > now.Unix() {
			licenses = append(licenses, l.License)
		}
	}
	next.Licenses = format.NewSet(licenses...)
	for i := range r.Keys {
		key, err := r.Keys[i].Wire()
		if err != nil {
			return nil, ledger.Damaged("%v", err)
		}
		next.Keys = append(next.Keys, key)
	}
	slices.SortFunc(next.Keys, func(a, b format.RevokedKey) int { return bytes.Compare(a.Thumbprint[:], b.Thumbprint[:]) })
	return next, nil
}

const (
	// aroundList is what a list needs beside its payload: the delegation of the key that
	// signs it, the header and the signature.
	aroundList = format.MaxDelegation + 256

	// roomForLicenses is what the list that revokes a key leaves free, so that 4,096
	// licenses can be revoked after it.
	roomForLicenses = 64 << 10
)

// checkRoom refuses what is to be revoked if no list could say it.
func checkRoom(r *Revocations, now time.Time, free int) error {
	next, err := nextList(r, now)
	if err != nil {
		return err
	}
	return checkFits(next, free, "nothing was recorded: ")
}

// checkFits refuses a list that would be too long to be signed, or leave less than a
// number of bytes free. said is what the message begins with.
func checkFits(next *format.RevocationClaims, free int, said string) error {
	payload, err := next.Marshal()
	if err == nil && len(payload)+aroundList+free <= format.MaxRevocation {
		return nil
	}
	kept := 0
	for _, key := range next.Keys {
		kept += key.Keep.Len()
	}
	return hint.Errorf("%sthe next revocation list would be too long: %d licenses and %d keys to revoke, and %d licenses and delegations of these keys that remain valid; it holds about 60,000 of all",
		said, next.Licenses.Len(), len(next.Keys), kept).
		WithHint("a key that is not stolen need not be revoked: let its delegation end instead")
}

// listCheck compares a revocation list with the ledger.
type listCheck struct {
	*Revocations
	list *verify.RevocationList
	now  time.Time
}

// CheckList refuses a list that does not follow from the ledger. It must be the next
// one, say nothing that is not on record, keep of a key what was recorded to remain
// valid, no more and no less, and leave out nothing that an earlier list has said. What
// was revoked after it was signed waits for the one after it.
func CheckList(r *Revocations, v *verify.Verifier, list *verify.RevocationList, now time.Time) error {
	c := &listCheck{r, list, now}
	switch {
	case list.Issuer != r.Vendor:
		return c.wrong("it is that of %s", list.Issuer)
	case list.Issued().After(now.Add(verify.ClockTolerance)):
		return c.wrong("it was signed on %s, and it is %s now: servers would take that for the time; set the clock of the machine with the root key",
			list.Issued().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	case list.Number < r.Next:
		return c.wrong("the next one has the number %d", r.Next).WithHint(`it came late: "licensor revocations" with --newest --out FILE writes the newest, which servers get`)
	case list.Number > r.Next:
		return c.wrong("the next one has the number %d", r.Next).WithHint(`add list %d first, or sign a new one with "licensor revocations"; nothing was recorded`, r.Next)
	}
	if r.Newest != nil {
		before, err := v.OpenRawRevocationList(r.Newest)
		if err != nil {
			return ledger.Damaged("revocation list %d: %v", r.Next-1, err)
		}
		if verify.Newest(before, list) != list {
			return c.wrong("list %d has revoked its signer, %q", before.Number, list.Signer)
		}
		if err := c.behind(fmt.Sprintf("list %d", before.Number), before.Issued()); err != nil {
			return err
		}
	}
	if err := c.licenses(); err != nil {
		return err
	}
	return c.keys()
}

func (c *listCheck) wrong(format string, args ...any) *hint.Error {
	return hint.Errorf("the revocation list %d does not fit this ledger: %s", c.list.Number, fmt.Sprintf(format, args...)).
		WithHint(`sign a new one with "licensor revocations"; nothing was recorded`)
}

// behind refuses a list that seems older than what it says: it was signed where the
// clock is behind. What seems to be of the future was recorded by a clock that was wrong
// then.
func (c *listCheck) behind(what string, at time.Time) error {
	if at.After(c.now.Add(verify.ClockTolerance)) || !c.list.Issued().Add(verify.ClockTolerance).Before(at) {
		return nil
	}
	return c.wrong("it was signed on %s, and %s on %s: set the clock of the machine with the root key",
		c.list.Issued().Format(time.RFC3339), what, at.UTC().Format(time.RFC3339))
}

// licenses refuses a list that revokes a license which nobody has revoked, or leaves out
// one that an earlier list has.
func (c *listCheck) licenses() error {
	known := make(map[format.ID]bool)
	for _, l := range c.Licenses {
		known[l.License] = true
		switch {
		case c.list.Licenses.Has(l.License):
			if err := c.behind(fmt.Sprintf("the license %s was revoked", l.License), l.Since); err != nil {
				return err
			}
		case l.List > 0 && (l.HardEnd.IsZero() || l.HardEnd.After(c.list.Issued())):
			return c.wrong("it leaves out the license %s, which an earlier list has revoked", l.License)
		}
	}
	for i := range c.list.Licenses.Len() {
		if id := format.ID(c.list.Licenses.At(i)); !known[id] {
			return c.wrong("it revokes the license %s, which nobody has revoked here", id)
		}
	}
	return nil
}

// keys is licenses for keys.
func (c *listCheck) keys() error {
	known := make(map[[32]byte]bool)
	for _, k := range c.Keys {
		wire, err := k.Wire()
		if err != nil {
			return ledger.Damaged("%v", err)
		}
		known[wire.Thumbprint] = true
		listed := FindKey(c.list.Keys, wire.Thumbprint)
		switch {
		case listed == nil && k.List > 0:
			return c.wrong("it leaves out the key %q, which an earlier list has revoked", k.Name)
		case listed == nil:
			continue
		case !bytes.Equal(ledger.JoinSet(listed.Keep), k.Keep):
			return c.wrong("of the key %q it keeps %d licenses or delegations, and those on record are %d others", k.Name, listed.Keep.Len(), wire.Keep.Len())
		}
		if err := c.behind(fmt.Sprintf("the key %q was revoked", k.Name), k.Since); err != nil {
			return err
		}
	}
	for _, key := range c.list.Keys {
		if !known[key.Thumbprint] {
			return c.wrong("it revokes the key %x, which nobody has revoked here", key.Thumbprint[:8])
		}
	}
	return nil
}

// FindKey returns what a list says of a key, nil if it does not revoke it.
func FindKey(all []format.RevokedKey, thumbprint [32]byte) *format.RevokedKey {
	i, found := slices.BinarySearchFunc(all, thumbprint, func(k format.RevokedKey, t [32]byte) int { return bytes.Compare(k.Thumbprint[:], t[:]) })
	if !found {
		return nil
	}
	return &all[i]
}
