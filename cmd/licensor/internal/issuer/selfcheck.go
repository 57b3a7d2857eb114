package issuer

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// checkedTogether is how many licenses are checked at a time. More are not faster: the
// tables of 64 points fit into a processor's cache.
const checkedTogether = 64

// selfCheck judges what was just signed. A key that gives wrong signatures, in a broken
// agent or broken memory, is found here and not on the customer's server.
//
// The first license is judged as a stranger would, which covers what all have in common:
// key, delegation, roots, revocation list, time. The scope and the form of each were
// judged before it was signed, so of the others it is left to know that their files hold
// just that under a good signature. Where this is in doubt, each is judged as the first.
func (i *Issuer) selfCheck(all []*license, now time.Time) {
	signed := slices.DeleteFunc(slices.Clone(all), func(l *license) bool { return l.err != nil })
	for n, l := range signed {
		l.err = i.checkOne(l, now)
		if n == 0 && l.err == nil && i.holdTogether(signed[1:]) {
			return
		}
	}
}

// holdTogether reports whether all files hold the delegation, the claims and a good
// signature of the key. False says that one of them may not.
func (i *Issuer) holdTogether(all []*license) bool {
	if len(all) == 0 {
		return true
	}
	messages, signatures := make([][]byte, len(all)), make([][]byte, len(all))
	public := i.Key.Public()
	for n, l := range all {
		file, err := format.ParseFile(l.file)
		if err != nil || !bytes.Equal(file.RawDelegation, i.RawDelegation) || file.License.KeyID() != public.ID() ||
			!bytes.Equal(file.License.UnverifiedPayload(), l.payload) {
			return false
		}
		messages[n], signatures[n] = file.License.SignedMessage(), file.License.Signature()
	}
	return verifyTogether(public, messages, signatures, i.Random)
}

// checkOne judges a license as a stranger would.
func (i *Issuer) checkOne(l *license, now time.Time) error {
	facts := verify.Facts{Now: now, Product: l.claims.Product, AnyMachine: true}
	if i.List != nil {
		facts.Revocations = []*verify.RevocationList{i.List}
	}
	read, err := i.Verifier.Check([]byte(format.EncodeText(format.LicenseFile, l.file)), facts)
	if err != nil {
		return fmt.Errorf("the license that was just signed does not verify: %w", err)
	}
	if read.ID != l.claims.ID {
		return fmt.Errorf("the license that was just signed has the id %s, want %s", read.ID, l.claims.ID)
	}
	return nil
}
