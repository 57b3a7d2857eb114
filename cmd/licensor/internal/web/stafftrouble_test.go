package web

import (
	"crypto/rand"
	"os"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

// TestNotTheCallers: trouble of the service is told as that, and not kept under the key: the
// same call is carried out once the trouble is over.
func TestNotTheCallers(t *testing.T) {
	v := newVendor(t, "")
	status, answer := v.call("sell", "sale", "sell", saleOf("S-1"))
	v.did(status, answer)
	sign := `{"request":` + quoted(requestOf(t, 1, "S-1")) + `}`
	// The key is read by the first call: a file fails, and is there again.
	file := v.at.KeyFile("desk")
	if err := os.Rename(file, file+".gone"); err != nil {
		t.Fatal(err)
	}
	status, answer = v.call("sign", "one", "sign", sign)
	v.refused(503, "key", status, answer)
	if err := os.Rename(file+".gone", file); err != nil {
		t.Fatal(err)
	}
	v.later(time.Minute)
	status, answer = v.call("sign", "one", "sign", sign)
	v.did(status, answer)

	// A clock that is behind the ledger's.
	v.later(-30 * 24 * time.Hour)
	status, answer = v.call("sell", "other", "sell", saleOf("S-2"))
	v.refused(503, "clock", status, answer)
	v.later(30 * 24 * time.Hour)
	status, answer = v.call("sell", "other", "sell", saleOf("S-2"))
	v.did(status, answer)

	// What an editor has done to the ledger.
	ledgertest.Execute(t, v.at.LedgerFile(), "UPDATE licenses SET named = 'x'")
	status, answer = v.call("sign", "damaged", "sign", sign)
	v.refused(503, "trouble", status, answer)
}

// TestRenewalOfMany: what the key may not sign in this hour is recorded, and signed when each
// server asks.
func TestRenewalOfMany(t *testing.T) {
	v := newVendor(t, "")
	v.mostPerHour = 3
	v.serve()
	status, answer := v.call("sell", "sale", "sell", saleOf("S-1", `,"seats":2`))
	v.did(status, answer)
	for n := range uint32(2) {
		status, answer = v.call("sign", rand.Text(), "sign", `{"request":`+quoted(requestOf(t, n, "S-1"))+`}`)
		v.did(status, answer)
	}
	for range 2 {
		status, answer = v.call("sell-sign", "renew", "renew", `{"invoice":"S-1","expires":"2029-01-01"}`)
		v.did(status, answer, `"changed":true`, `"licenses":[]`, `"expires":"2029-01-02T`)
	}
	v.later(2 * time.Hour)
	status, answer = v.call("sign", rand.Text(), "sign", `{"request":`+quoted(requestOf(t, 1, "S-1"))+`}`)
	v.did(status, answer, `"epoch":2`)
	v.clean(ledger.ActionSign)
}
