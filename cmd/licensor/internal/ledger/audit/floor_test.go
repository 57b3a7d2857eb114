package audit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

// A thief signs a license that asks for no revocation list, or for an old one, so that none
// that names it ever has to come to the server.
func TestThiefAsksForNoList(t *testing.T) {
	b, where := ledgertest.New(t)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats = 99 })
	honest := ledgertest.Issuer(ledgertest.Root, ledgertest.Staff)
	publish := func() {
		t.Helper()
		list, err := b.RecordList(ctx, by(), ledgertest.Verifier(ledgertest.Root), ledgertest.List(t, b, ledgertest.Root, nil))
		if err != nil {
			t.Fatal(err)
		}
		if honest.List, err = honest.Verifier.OpenRawRevocationList(list.Raw); err != nil {
			t.Fatal(err)
		}
	}
	n := uint32(0)
	signs := func(i *issuer.Issuer, later time.Duration) (seq int64) {
		t.Helper()
		n++
		if _, err := b.Sign(ctx, ledgertest.At(now.Add(later)), site(n, invoice), i.At(now.Add(later))); err != nil {
			t.Fatal(err)
		}
		return int64(ledgertest.Count(t, where, "events"))
	}
	none, old := ledgertest.Issuer(ledgertest.Root, ledgertest.Staff), ledgertest.Issuer(ledgertest.Root, ledgertest.Staff)
	signs(none, 0)
	publish()
	old.Verifier, old.List = honest.Verifier, honest.List
	signs(old, 0)
	publish()
	// Signers may have read the ledger before that.
	for _, i := range []*issuer.Issuer{honest, old, none} {
		signs(i, time.Minute)
	}
	wantClean(t, b, nil)
	signs(honest, time.Hour)
	wantClean(t, b, nil)
	for _, i := range []*issuer.Issuer{none, old} {
		signs(i, time.Hour)
	}
	r := audited(t, b, nil)
	if len(r.Findings) != 2 {
		t.Errorf("found: %v", r.Findings)
	}
	wantFound(t, r, "licenses", "", "a license that asks for an old list")
	for i, want := range []string{"asks for revocation list 0, and list 2 was on record", "asks for revocation list 1, and list 2 was on record"} {
		if len(r.Findings) == 2 && !strings.Contains(r.Findings[i].Text, want) {
			t.Errorf("found: %v, want %q", r.Findings[i], want)
		}
	}
}
