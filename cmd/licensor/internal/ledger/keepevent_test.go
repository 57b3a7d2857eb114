package ledger

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// What stays good of a key goes into the log as whoever writes there has it: a thief
// would add licenses of his own. An audit asks which of them were on record.
func TestAuditFindsWhatIsKeptAndWasNotOnRecord(t *testing.T) {
	ctx, by := context.Background(), Operation{Operator: "anna", Now: time.Unix(1.8e9, 0), Why: "stolen"}
	where := filepath.Join(t.TempDir(), "ledger.db")
	if err := Create(ctx, by, where, "acme.example"); err != nil {
		t.Fatal(err)
	}
	l, err := Open(ctx, where)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	root, err := keys.FromSeed(bytes.Repeat([]byte{101}, keys.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	key, err := keys.FromSeed(bytes.Repeat([]byte{102}, keys.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	record := func(keep []byte) error {
		return l.write(ctx, by, func(w *writer) error {
			return w.record(&Event{Action: ActionRevoke, Detail: Revoked{Key: &RevokedKey{Name: "anna", Public: key.Public().Bytes(), Keep: keep}}})
		})
	}
	low, high := bytes.Repeat([]byte{1}, 16), bytes.Repeat([]byte{2}, 16)
	for name, keep := range map[string][]byte{
		"too short": low[1:], "a rest": append(bytes.Clone(low), 1), "twice the same": append(bytes.Clone(low), low...), "descending": append(bytes.Clone(high), low...),
	} {
		if err := record(keep); err == nil || !strings.Contains(err.Error(), "digests") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := record(append(bytes.Clone(low), high...)); err != nil {
		t.Fatal(err)
	}
	v, err := verify.New(root.Public())
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Audit(ctx, Against{Verifier: v})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) != 1 || r.Findings[0].Table != "revoked_keys" || r.Findings[0].Column != "keep" || !strings.Contains(r.Findings[0].Text, "2 licenses") {
		t.Errorf("found: %v", r.Findings)
	}
}
