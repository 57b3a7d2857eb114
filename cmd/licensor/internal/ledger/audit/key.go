package audit

import (
	"encoding/hex"
	"fmt"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// revokedKey is a key that an event has revoked.
type revokedKey struct {
	ledger.KeyRevocation
	seq    int64
	public keys.PublicKey
	wire   format.RevokedKey

	ends map[[16]byte]bool // whether it, a root, ends a delegation
}

func newRevokedKey(e *ledger.Event, key *ledger.RevokedKey) (*revokedKey, error) {
	k := &revokedKey{KeyRevocation: ledger.KeyRevocation{RevokedKey: *key, Since: e.Time, Why: e.Why}, seq: e.Seq, ends: make(map[[16]byte]bool)}
	var err error
	if k.public, err = key.Key(); err != nil {
		return nil, err
	}
	if k.wire, err = key.Wire(); err != nil {
		return nil, err
	}
	k.Kept = k.wire.Keep.Len()
	return k, nil
}

// endsDelegation reports whether the key is the root of a delegation and does not keep it.
func (k *revokedKey) endsDelegation(d *delegated) bool {
	if !k.Root {
		return false
	}
	ended, known := k.ends[d.digest]
	if !known {
		chain := verify.Chain{Delegation: d.digest}
		if ledger.SignedBy(k.public, d.statement) {
			chain.Root = k.wire.Thumbprint
		}
		_, ended = verify.Revokes(&k.wire, chain)
		k.ends[d.digest] = ended
	}
	return ended
}

// checkSigner returns what is wrong with a license that is recorded now, empty for
// nothing: a key that was revoked has signed it, or its delegation is by a root that
// was. No licensor records such a license.
func (s *state) checkSigner(d *delegated) string {
	for _, k := range s.revoked {
		switch {
		case k.endsDelegation(d):
			return fmt.Sprintf("the license was recorded after the root %q was revoked, by event %d, and its delegation by that root is not one of those that remain valid", k.Name, k.seq)
		case k.public == d.key:
			return fmt.Sprintf("the license was recorded after the key that signed it, %q, was revoked, by event %d", k.Name, k.seq)
		}
	}
	return ""
}

// checkKeep returns what is wrong with what a key is to keep, empty for nothing: a
// license that does not follow from the rules is that of a thief, and all servers would
// take it.
func (s *state) checkKeep(key *ledger.RevokedKey) string {
	if key.Root { // keeps delegations that have signed nothing yet, too
		return ""
	}
	wire, err := key.Wire()
	if err != nil {
		return err.Error()
	}
	good := make(map[[16]byte]bool)
	for l := range s.allLicenses.all() {
		if string(l.signer.key) == string(key.Public) && !l.refused {
			good[l.digest] = true
		}
	}
	var stray []string
	for i := range wire.Keep.Len() {
		if digest := wire.Keep.At(i); !good[digest] {
			stray = append(stray, hex.EncodeToString(digest[:]))
		}
	}
	if len(stray) == 0 {
		return ""
	}
	return fmt.Sprintf("of the key %q remain valid %d licenses that do not follow from the record as it was then: %s and so on", key.Name, len(stray), stray[0])
}
