package ledger

import (
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// auditedKey is a revoked key, for the audit of what it has signed. It is as the events
// have it: the tables are compared with them.
type auditedKey struct {
	RevokedKey
	seq        int64 // of the event that revoked it
	public     keys.PublicKey
	thumbprint [32]byte
	keep       format.Set

	mu       sync.Mutex
	recorded map[[16]byte]bool // what it had signed of licenses when it was revoked
}

// noteRevoked notes the key that an event has revoked. One that cannot be read is found when
// the events are replayed.
func (a *audit) noteRevoked(e *Event) {
	r, _ := e.Detail.(Revoked)
	if r.Key == nil {
		return
	}
	k := &auditedKey{RevokedKey: *r.Key, seq: e.Seq, recorded: make(map[[16]byte]bool)}
	var err error
	if k.public, err = r.Key.key(); err != nil {
		return
	}
	if k.keep, err = splitSet(r.Key.Keep); err != nil {
		return
	}
	k.thumbprint = k.public.Thumbprint()
	a.revoked = append(a.revoked, k)
}

// judgeSigner asks all revoked keys about a license.
func judgeSigner(revoked []*auditedKey, raw []byte, seq int64) string {
	if len(revoked) == 0 {
		return ""
	}
	file, err := format.ParseFile(raw)
	if err != nil {
		return err.Error()
	}
	for _, k := range revoked {
		if text := k.judge(file, seq); text != "" {
			return text
		}
	}
	return ""
}

// judge returns what is wrong with a license that was recorded by an event, empty for
// nothing: a key that was revoked has signed it, or one whose delegation is by a root
// that was revoked. No licensor records such a license.
func (k *auditedKey) judge(file format.File, seq int64) string {
	if k.Root {
		if seq > k.seq && signedBy(k.public, file.Delegation) && !k.keep.Has(file.Delegation.Digest()) {
			return fmt.Sprintf("the license was recorded after the root %q was revoked, by event %d, and its delegation by that root is not one of those that stay good", k.Name, k.seq)
		}
		return ""
	}
	if _, key, err := delegatedKey(file.Delegation); err != nil || key.Thumbprint() != k.thumbprint {
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
	for i := range k.keep.Len() {
		if digest := k.keep.At(i); !k.recorded[digest] {
			stray = append(stray, hex.EncodeToString(digest[:]))
		}
	}
	if len(stray) > 0 {
		a.report.add("revoked_keys", hex.EncodeToString(k.thumbprint[:]), "keep", "of the key %q stay good %d licenses that were not on record when it was revoked: %s and so on", k.Name, len(stray), stray[0])
	}
}
