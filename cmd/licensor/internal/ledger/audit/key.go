package audit

import (
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// auditedKey is a revoked key, for the audit of what it has signed. It is as the events
// have it: the tables are compared with them.
type auditedKey struct {
	*ledger.RevokedKey
	seq    int64 // of the event that revoked it
	public keys.PublicKey
	wire   format.RevokedKey

	mu       sync.Mutex
	recorded map[[16]byte]bool // what it had signed of licenses when it was revoked
}

// noteRevoked notes the key that an event has revoked. One that cannot be read is found when
// the events are replayed.
func (a *audit) noteRevoked(e *ledger.Event) {
	r, _ := e.Detail.(ledger.Revoked)
	if r.Key == nil {
		return
	}
	k := &auditedKey{RevokedKey: r.Key, seq: e.Seq, recorded: make(map[[16]byte]bool)}
	var err error
	if k.public, err = r.Key.Key(); err != nil {
		return
	}
	if k.wire, err = r.Key.Wire(); err != nil {
		return
	}
	a.revoked = append(a.revoked, k)
}

// judge returns what is wrong with a license that was recorded by an event, empty for
// nothing: a key that was revoked has signed it, or one whose delegation is by a root
// that was revoked. No licensor records such a license.
func (k *auditedKey) judge(file format.File, signer []byte, seq int64) string {
	if k.Root {
		chain := verify.Chain{Delegation: file.Delegation.Digest()}
		if ledger.SignedBy(k.public, file.Delegation) {
			chain.Root = k.wire.Thumbprint
		}
		if _, ended := verify.Revokes(&k.wire, chain); ended && seq > k.seq {
			return fmt.Sprintf("the license was recorded after the root %q was revoked, by event %d, and its delegation by that root is not one of those that remain valid", k.Name, k.seq)
		}
		return ""
	}
	if string(signer) != string(k.Public) {
		return ""
	}
	if seq > k.seq {
		return fmt.Sprintf("the license was recorded after the key that signed it, %q, was revoked, by event %d", k.Name, k.seq)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.recorded[file.License.Digest()] = true
	return ""
}

// auditKeep finds what a key keeps although it was not on record: a license of a thief,
// which all servers would take.
func (a *audit) auditKeep(k *auditedKey) {
	if k.Root { // keeps delegations that have signed nothing yet, too
		return
	}
	var stray []string
	for i := range k.wire.Keep.Len() {
		if digest := k.wire.Keep.At(i); !k.recorded[digest] {
			stray = append(stray, hex.EncodeToString(digest[:]))
		}
	}
	if len(stray) > 0 {
		a.report.add("revoked_keys", hex.EncodeToString(k.Public), "keep", "of the key %q remain valid %d licenses that were not on record when it was revoked: %s and so on", k.Name, len(stray), stray[0])
	}
}
