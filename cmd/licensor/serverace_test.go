package main

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/format"
)

// TestOneRequestOnManyConnections: one request that many send at once is one license, and so is
// one release one release.
func TestOneRequestOnManyConnections(t *testing.T) {
	t.Parallel()
	const senders = 32
	dir := soldToMany(t)
	s := newServed(t, dir)
	atOnce := func(path string, text []byte) (all [senders]answer) {
		start := make(chan struct{})
		var wait sync.WaitGroup
		client := s.newClient(false)
		for i := range all {
			wait.Go(func() {
				<-start
				all[i] = s.postBy(client, path, text)
			})
		}
		close(start)
		wait.Wait()
		return all
	}
	text, err := siteText(0)
	if err != nil {
		t.Fatal(err)
	}
	answers := atOnce("/v1/activations", text)
	for _, a := range answers {
		if a.status != http.StatusOK || a.body != answers[0].body {
			t.Errorf("got %v, want %v", a, answers[0])
		}
	}
	release := releaseText(t, 0, answers[0].body)
	for range 2 { // and replayed
		for _, a := range atOnce("/v1/releases", release) {
			if a.status != http.StatusOK || a.body[:9] != "released:" {
				t.Errorf("got %v", a)
			}
		}
	}
	// The seat is free once, not as often as it was released.
	for i, want := range []int{http.StatusOK, http.StatusAccepted} {
		text, err := requestText(i+1, invoice(0), components(i+1))
		if err != nil {
			t.Fatal(err)
		}
		if a := s.activate(text); a.status != want {
			t.Errorf("site %d: got %v", i+1, a)
		}
	}
	if r := mustRun(t, dir, "list", "--home", "V", "--invoice", invoice(0)); !strings.Contains(r.stdout, " 1/1 ") {
		t.Error(r)
	}
	// The old site does not get its license back from the release's past.
	if a := s.activate(text); a.status == http.StatusOK {
		t.Errorf("got %v", a)
	}
	wantClean(t, dir)
}

// releaseText is the release of a license, as its site signs it.
func releaseText(t testing.TB, site int, license string) []byte {
	t.Helper()
	raw, err := format.DecodeTextAs([]byte(license), format.LicenseFile)
	if err != nil {
		t.Fatal(err)
	}
	file, err := format.ParseFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := format.UnmarshalLicense(file.License.UnverifiedPayload())
	if err != nil {
		t.Fatal(err)
	}
	l := &ledger.License{ID: claims.ID, Activation: claims.Activation}
	return format.EncodeFile(format.Release, ledgertest.Releasing(l, machineKey(t, site), 0).Raw)
}

// TestWrongClaimsLookAlike: what is answered to a wrong e-mail address and to an unknown
// invoice differs in no byte; nor does it once there were too many, right or wrong.
func TestWrongClaimsLookAlike(t *testing.T) {
	t.Parallel()
	s := newServed(t, soldToMany(t))
	claim := func(site int, invoice, email string) answer {
		text, err := claimText(site, invoice, email, components(site))
		if err != nil {
			t.Fatal(err)
		}
		return s.activate(text)
	}
	const right, wrong = "ops@site.example", "ops@elsewhere.example"
	same := func(status int, answers ...answer) {
		t.Helper()
		for _, a := range answers {
			if a.status != status || a.body != answers[0].body || !maps.EqualFunc(a.header, answers[0].header, slices.Equal) {
				t.Errorf("got %v %v, want %v %v", a, a.header, answers[0], answers[0].header)
			}
		}
	}
	var refused []answer
	for i := range 5 {
		refused = append(refused, claim(10+i, invoice(0), wrong), claim(20+i, "UNKNOWN", right))
	}
	same(http.StatusUnprocessableEntity, refused...)
	same(http.StatusAccepted, claim(30, invoice(0), wrong), claim(31, invoice(0), right), claim(32, "UNKNOWN", wrong), claim(33, "UNKNOWN", right))
}

// TestQueueOfOneInvoice: so many requests of one invoice wait for the staff; one more is told to
// go another way, and those of other invoices are served.
func TestQueueOfOneInvoice(t *testing.T) {
	t.Parallel()
	s := newServed(t, soldToMany(t))
	ask := func(site int, invoice string) answer {
		text, err := requestText(site, invoice, components(site))
		if err != nil {
			t.Fatal(err)
		}
		return s.activate(text)
	}
	for site := range 1 + desk.MaxWaitingOfOne {
		if a := ask(site, invoice(0)); !a.told() {
			t.Errorf("site %d: got %v", site, a)
		}
	}
	if a := ask(1000, invoice(0)); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `"rule":"queue"`) {
		t.Errorf("got %v", a)
	}
	if a := ask(1001, invoice(1)); a.status != http.StatusOK {
		t.Errorf("got %v", a)
	}
}
