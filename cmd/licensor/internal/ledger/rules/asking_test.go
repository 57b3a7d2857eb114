package rules_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// entitlement returns the usual one, changed.
func entitlement(changes ...func(*ledger.Entitlement)) *ledger.Entitlement {
	e := ledger.Entitlement{
		Invoice: inv, Email: "ops@site.example", Customer: "Site Ltd",
		Product: "evoq", Edition: "engage", Type: "production", Seats: 1, Binding: "key",
		Expires:  time.Date(2027, 11, 22, 0, 0, 0, 0, time.UTC),
		Features: []string{"sso"}, Limits: map[string]uint64{"cores": 16},
	}
	for _, change := range changes {
		change(&e)
	}
	if e.EmergencyDays > 0 {
		e.CountEmergencyFrom(now)
	}
	e.Commit([]byte("salt"))
	return e.Normal()
}

func seats(n uint64) func(*ledger.Entitlement) {
	return func(e *ledger.Entitlement) { e.Seats = n }
}

// sold names an entitlement by invoice and type.
func sold(invoice, licenseType string) func(*ledger.Entitlement) {
	return func(e *ledger.Entitlement) {
		if e.Invoice, e.Type = invoice, licenseType; licenseType == "failover" {
			e.EmergencyDays = 30
		}
	}
}

// request returns the request of the site whose machine key has the seed.
func request(t testing.TB, seed byte, changes ...func(*format.Request)) *verify.Request {
	t.Helper()
	q := format.Request{
		Product: "evoq", Invoice: inv, Type: "production", Time: now.Unix(), Key: public(seed).Bytes(),
		Components: []format.Component{{Label: format.LabelMachineID, Hash: fmt.Appendf(nil, "machine%d", seed%10)}},
		Account:    format.AccountHash(inv, "ops@site.example"),
	}
	for _, change := range changes {
		change(&q)
	}
	body, err := q.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	opened, err := verify.OpenRequest([]byte(format.EncodeText(format.RequestBody, body)))
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

// asks makes a request for an invoice and a type.
func asks(invoice, licenseType string) func(*format.Request) {
	return func(q *format.Request) {
		q.Invoice, q.Type = invoice, licenseType
		q.Account = format.AccountHash(invoice, "ops@site.example")
	}
}

// signing makes a request in the signed form, of the site whose machine key has the seed.
func signing(t testing.TB, seed byte, changes ...func(*format.Request)) *verify.Request {
	t.Helper()
	signed, err := format.Seal(format.SignedRequest, public(seed).ID(), request(t, seed, changes...).Body, key(seed).Sign)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := verify.OpenRequest([]byte(format.EncodeText(format.SignedRequest, signed)))
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

// replacing names the license that a request's is to replace.
func replacing(license *ledger.License) func(*format.Request) {
	return func(q *format.Request) { q.Prior = &license.ID }
}

// later makes another request of the same site.
func later(q *format.Request) { q.Time++ }

// on says which components a request's machine has: "m1 u1 r1" is a machine-id, a
// product-uuid and a root file system.
func on(components string) func(*format.Request) {
	return func(q *format.Request) {
		q.Components = nil
		for name := range strings.FieldsSeq(components) {
			label := map[byte]string{'m': format.LabelMachineID, 'u': format.LabelProductUUID, 'r': format.LabelRootFS, 'x': format.LabelMAC, 'c': "cluster", 'd': "site", 'e': "team", 'f': "floor"}[name[0]]
			q.Components = append(q.Components, format.Component{Label: label, Hash: []byte((name + "-------")[:8])})
		}
	}
}
