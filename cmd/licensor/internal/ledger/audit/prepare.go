package audit

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
	"golang.org/x/mod/sumdb/tlog"
)

// prepared is an event with all that can be said of it without those before it: it is
// parsed once, and its signatures are checked.
type prepared struct {
	store.EventRow
	hash  tlog.Hash // of the leaf
	event *ledger.Event
	err   error // why there is none

	license *ledger.License
	request *verify.Request    // that the license answers; nil: none, or it cannot be read
	named   []format.Component // of the request, those that the license names
	payload []byte             // of the license
	digest  [16]byte
	by      *delegated // who signed it
	wrong   string     // what is wrong with the license; empty: nothing
	forged  string     // what is wrong with the request

	refused bool // the judgement found something about it

	claims *format.RevocationClaims // of a list
	list   *verify.RevocationList   // nil: it does not verify
	unsafe error                    // why
}

// delegated is a key with the delegation of a trusted root.
type delegated struct {
	claims    *format.DelegationClaims
	key       keys.PublicKey
	statement format.Statement
	digest    [16]byte
	wrong     string // why the delegation does not hold; the rest then is zero
}

// preparer prepares events, on as many processors as there are.
type preparer struct {
	v           *verify.Verifier
	mu          sync.RWMutex
	delegations map[string]*delegated // by their bytes
}

func (w *preparer) prepare(row store.EventRow) *prepared {
	p := &prepared{EventRow: row, hash: tlog.RecordHash(row.Leaf)}
	p.event, p.err = ledger.ParseEvent(row.Leaf)
	p.Leaf = nil
	if p.err != nil {
		return p
	}
	switch d := p.event.Detail.(type) {
	case *ledger.Signed:
		p.license = d.License
		p.forged = w.openRequest(p)
		p.wrong = w.openLicense(p)
	case ledger.Published:
		w.openList(p, d)
	}
	return p
}

// openRequest reads the request of a license and checks its signature, if it has one. It
// returns what is wrong with it.
func (w *preparer) openRequest(p *prepared) string {
	q, err := p.license.OpenRequest()
	if err != nil {
		return err.Error()
	}
	if q == nil {
		return ""
	}
	p.request = q
	for _, c := range q.Components {
		if slices.Contains(p.license.Components, c.Label) {
			p.named = append(p.named, c)
		}
	}
	if !q.Signed {
		return ""
	}
	s, err := format.ParseStatement(q.Raw, format.SignedRequest)
	if err != nil {
		return err.Error()
	}
	if !ledger.SignedBy(q.Key, s) {
		return "the request is not signed by the machine key that it names"
	}
	return ""
}

// openLicense reads a license file and checks who signed it. It returns what is wrong
// with it.
func (w *preparer) openLicense(p *prepared) string {
	file, err := format.ParseFile(p.license.File)
	if err != nil {
		return fmt.Sprintf("the license does not verify: %v", err)
	}
	if p.by = w.delegation(file); p.by.wrong != "" {
		return p.by.wrong
	}
	if !ledger.SignedBy(p.by.key, file.License) {
		return "the license does not verify: the key of its delegation has not signed it"
	}
	p.payload, p.digest = bytes.Clone(file.License.UnverifiedPayload()), file.License.Digest()
	if file.RawList != nil {
		return "the license comes with a revocation list, and on record it stands alone"
	}
	return ""
}

// delegation opens the delegation of a license file, once for all that have it.
func (w *preparer) delegation(file format.File) *delegated {
	w.mu.RLock()
	d := w.delegations[string(file.RawDelegation)]
	w.mu.RUnlock()
	if d != nil {
		return d
	}
	d = w.openDelegation(bytes.Clone(file.RawDelegation))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delegations[string(file.RawDelegation)] = d
	return d
}

func (w *preparer) openDelegation(raw []byte) *delegated {
	claims, err := w.v.OpenDelegation([]byte(format.EncodeText(format.Delegation, raw)))
	if err != nil {
		return &delegated{wrong: fmt.Sprintf("the license does not verify: %v", err)}
	}
	statement, err := format.ParseStatement(raw, format.Delegation)
	if err != nil {
		return &delegated{wrong: err.Error()}
	}
	key, err := keys.NewPublicKey(claims.Key)
	if err != nil {
		return &delegated{wrong: err.Error()}
	}
	return &delegated{claims: claims, key: key, statement: statement, digest: statement.Digest()}
}

func (w *preparer) openList(p *prepared, d ledger.Published) {
	p.list, p.unsafe = w.v.OpenRawRevocationList(d.File)
	if p.list != nil {
		p.claims = &p.list.RevocationClaims
		return
	}
	if file, err := format.ParseList(d.File); err == nil { // its effect is that of what it says
		p.claims, _ = format.UnmarshalRevocation(file.Revocation.UnverifiedPayload())
	}
}
