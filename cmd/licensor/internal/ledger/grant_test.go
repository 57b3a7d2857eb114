package ledger_test

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

func key(t testing.TB, seed byte) keys.PrivateKey {
	t.Helper()
	k, err := keys.FromSeed(bytes.Repeat([]byte{seed}, keys.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// request returns a request that names so many things of its machine.
func request(t testing.TB, components int) *verify.Request {
	t.Helper()
	q := format.Request{
		Product: "evoq", Invoice: "INV0042-1", Account: format.AccountHash("INV0042-1", "ops@site.example"), Type: "production",
		Time: now.Unix(), Key: key(t, 3).Public().Bytes(), Site: "shop", Host: "web-1",
	}
	for _, label := range []string{format.LabelMachineID, format.LabelProductUUID, format.LabelRootFS}[:components] {
		q.Components = append(q.Components, format.Component{Label: label, Hash: []byte("12345678")})
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

// What a license says, field by field: it must be what was sold, and nothing else.
func TestClaims(t *testing.T) {
	q := request(t, 3)
	e := entitlement(func(e *ledger.Entitlement) {
		e.GraceDays, e.UpdatesUntil, e.MaxVersion = 14, now, "9.x"
		e.Allowance, e.Waived, e.Binding = 9, true, "any" // not for licenses
	})
	g := ledger.Grant{Entitlement: e, Activation: "ONE", Epoch: 7, Request: q, Components: q.Components[:2], Need: 1}
	want := format.LicenseClaims{
		Issuer: "acme.example", Activation: "ONE", Product: "evoq", Expires: e.HardEnd().Unix(), IssuedAt: now.Unix(), ID: format.ID{9},
		Terms: format.Terms{
			Type: "production", Seats: 1, Invoice: e.Invoice, Customer: e.Customer, Edition: "engage", GraceDays: 14, UpdatesUntil: now.Unix(),
			MaxVersion: "9.x", Features: e.Features, Limits: e.Limits, Site: "shop", Epoch: 7, MinRevocation: 5,
		},
		Binding: &format.Binding{Key: q.Key.Bytes(), Request: q.Hash, Need: 1, Components: q.Components[:2]},
	}
	wantClaims(t, g.Claims("acme.example", format.ID{9}, now, 5), &want)

	// For any machine: of no site.
	g.Request = nil
	want.Binding, want.Terms.Site, want.Terms.MinRevocation = nil, "", 0
	wantClaims(t, g.Claims("acme.example", format.ID{9}, now, 0), &want)

	// Perpetual.
	e.Expires, e.GraceDays = time.Time{}, 0
	want.Expires, want.Terms.GraceDays = 0, 0
	wantClaims(t, g.Claims("acme.example", format.ID{9}, now, 0), &want)
}

// wantClaims compares canonical bytes, which have everything.
func wantClaims(t *testing.T, got, want *format.LicenseClaims) {
	t.Helper()
	a, err := got.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	b, err := want.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// A bridge is of type development, ends when it is said to, without grace, and counts no
// emergency days; else it grants what was sold.
func TestClaimsOfABridge(t *testing.T) {
	e := entitlement(failover, func(e *ledger.Entitlement) { e.GraceDays, e.Seats = 14, 3 })
	until := now.Add(time.Hour)
	g := ledger.Grant{Entitlement: e, Activation: "ONE", Epoch: 1, Request: request(t, 1), BridgeUntil: until}
	claims := g.Claims("acme.example", format.ID{9}, now, 0)
	if terms := claims.Terms; claims.Expires != until.Unix() || terms.Type != "development" || terms.GraceDays != 0 || terms.EmergencyDays != 0 ||
		terms.Seats != 3 || terms.Edition != "engage" || terms.Limits["cores"] != 16 || !slices.Equal(terms.Features, e.Features) || claims.Binding == nil {
		t.Errorf("the bridge says %+v", claims)
	}
	if _, err := claims.Marshal(); err != nil {
		t.Error(err)
	}
	if got := g.HardEnd(); got != until {
		t.Errorf("it ends %s", got)
	}
	if e.Type != "failover" || e.EmergencyDays != 1 || e.GraceDays != 14 {
		t.Errorf("a bridge has changed what was sold: %+v", e)
	}
	g.BridgeUntil = time.Time{}
	if got := g.HardEnd(); !got.Equal(e.HardEnd()) {
		t.Errorf("without a bridge it ends %s", got)
	}
}

// More than half must match: one of three may change, and a half is not enough.
func TestMajority(t *testing.T) {
	for n, want := range []uint64{0, 1, 2, 2, 3, 3, 4} {
		if got := ledger.Majority(n); got != want {
			t.Errorf("of %d must match %d, want %d", n, got, want)
		}
	}
}

// What goes on record of a license, and what can be had from it.
func TestLicenseOnRecord(t *testing.T) {
	q := request(t, 2)
	g := ledger.Grant{Entitlement: entitlement(), Activation: "ONE", Epoch: 7, Request: q, Components: q.Components[1:], Need: 1}
	d := ledger.Draft{ID: format.ID{9}, File: []byte("file"), Signer: "anna", Key: key(t, 2).Public(), Floor: 5}
	l := d.License(&g, now.Add(time.Second/2))
	if l.ID != d.ID || l.Activation != "ONE" || l.Epoch != 7 || l.Issued != now || !l.HardEnd.Equal(g.HardEnd()) || l.SignedBy != "anna" ||
		!bytes.Equal(l.SignerKey, key(t, 2).Public().Bytes()) || string(l.File) != "file" || !bytes.Equal(l.Request, q.Body) ||
		l.Floor != 5 || l.Need != 1 || !slices.Equal(l.Components, []string{format.LabelProductUUID}) {
		t.Errorf("on record: %+v", l)
	}
	named, hash, err := l.Named()
	if err != nil || len(named) != 1 || named[0].Label != format.LabelProductUUID || !bytes.Equal(named[0].Hash, q.Components[1].Hash) || !bytes.Equal(hash, q.Hash[:]) {
		t.Errorf("it names %+v of request %x, %v", named, hash, err)
	}
	got, err := l.OpenRequest()
	if err != nil || got.Hash != q.Hash || got.Hash != sha256.Sum256(l.Request) || got.Key != q.Key || got.Site != "shop" || len(got.Components) != 2 {
		t.Errorf("its request: %+v, %v", got, err)
	}
	// As it came, which may be signed: the same request, by its hash.
	signed, err := format.Seal(format.SignedRequest, q.Key.ID(), q.Body, key(t, 3).Sign)
	if err != nil {
		t.Fatal(err)
	}
	if g.Request, err = verify.OpenRequest([]byte(format.EncodeText(format.SignedRequest, signed))); err != nil {
		t.Fatal(err)
	}
	kept := d.License(&g, now)
	if got, err = kept.OpenRequest(); err != nil || !bytes.Equal(kept.Request, signed) || !got.Signed || got.Hash != q.Hash || !bytes.Equal(got.Body, q.Body) || !bytes.Equal(got.Raw, signed) {
		t.Errorf("a signed request is kept as %+v, %v", got, err)
	}
	kept.Request = signed[:len(signed)-1]
	_, err = kept.OpenRequest()
	wantDamaged(t, err, l.ID.String())
	g.Request = nil
	if q, err := d.License(&g, now).OpenRequest(); err != nil || q != nil {
		t.Errorf("one without a request has %+v, %v", q, err)
	}
	l.Request = []byte("nothing")
	_, err = l.OpenRequest()
	wantDamaged(t, err, l.ID.String())
	_, err = l.OpenFile()
	wantDamaged(t, err, l.ID.String())
}
