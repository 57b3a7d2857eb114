package audit_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/audit"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// What an attacker would want: each is somebody who can write the database, past the
// rules, and makes all hashes and tables fit; a thief has a staff key, too.

// byHand records events as the store does, whatever the rules say.
func byHand(t testing.TB, b *book.Book, by ledger.Operation, events ...*ledger.Event) (first int64) {
	t.Helper()
	err := b.Store().Write(ctx, func(w *store.Writer) error {
		first = w.Events() + 1
		for _, e := range events {
			if err := w.Record(e, &by); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return first
}

// signing returns the event that records a license for a request, as the rules make it.
func signing(t testing.TB, e ledger.Entitlement, q *verify.Request, change func(*ledger.Grant)) *ledger.Event {
	t.Helper()
	id := "THIEF" + q.Host
	g := ledger.Grant{Entitlement: e.Normal(), Activation: id, Epoch: 1, Request: q, Components: q.Components, Need: 1}
	if change != nil {
		change(&g)
	}
	draft := issue()([]ledger.Grant{g})[0]
	if draft.Err != nil {
		t.Fatal(draft.Err)
	}
	return &ledger.Event{Action: ledger.ActionSign, Invoice: q.Invoice, Activation: id, Detail: &ledger.Signed{
		Activation: &ledger.Activation{ID: id, State: ledger.StateActive, Host: q.Host, MachineKey: q.Key.Bytes(), Since: now},
		License:    draft.License(&g, now),
	}}
}

// oneSeat is a ledger with one seat that is taken, and then so many of what was sold.
func oneSeat(t testing.TB, seats uint64) (b *book.Book, where string, sold ledger.Entitlement) {
	t.Helper()
	b, where = ledgertest.New(t)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats = seats; sold = *e })
	ledgertest.Signed(t, b, site(1, invoice))
	return b, where, sold
}

// A thief puts a license on record that takes no seat, by whatever state.
func TestThiefOnRecordInAnyState(t *testing.T) {
	for _, state := range []ledger.State{ledger.StateActive, ledger.StateBridge, ledger.StateReleased, ledger.StateDeactivated, ledger.StateVoid, "lost"} {
		for name, seats := range map[string]uint64{"no seat free": 1, "a seat free": 2} {
			t.Run(string(state)+", "+name, func(t *testing.T) {
				b, _, sold := oneSeat(t, seats)
				checkpoint := checkpointOf(t, b)
				e := signing(t, sold, site(66, invoice), nil)
				e.Detail.(*ledger.Signed).Activation.State = state
				at := byHand(t, b, by(), e)
				r := audited(t, b, checkpoint)
				switch {
				case seats == 1:
					wantEvent(t, r, at, "(rule: seats)")
				case state == ledger.StateActive: // who obeys the rules is not found by them
					if !r.OK() {
						t.Errorf("found: %v", r.Findings)
					}
				default:
					wantEvent(t, r, at, string(state))
				}
			})
		}
	}
}

// A thief has ids differ, so that the license hangs on nothing.
func TestThiefWithIDsThatDiffer(t *testing.T) {
	for name, change := range map[string]func(e *ledger.Event, s *ledger.Signed){
		"of the event":      func(e *ledger.Event, _ *ledger.Signed) { e.Activation = "OTHER" },
		"of the activation": func(_ *ledger.Event, s *ledger.Signed) { s.Activation.ID = "OTHER" },
		"of the license":    func(_ *ledger.Event, s *ledger.Signed) { s.License.Activation = "OTHER" },
		"of the invoice":    func(e *ledger.Event, _ *ledger.Signed) { e.Invoice = "P-2" },
	} {
		t.Run(name, func(t *testing.T) {
			b, _, sold := oneSeat(t, 9)
			soldLater(t, b, "P-2")
			e := signing(t, sold, site(66, invoice), nil)
			change(e, e.Detail.(*ledger.Signed))
			at := byHand(t, b, by(), e)
			wantEvent(t, audited(t, b, nil), at)
		})
	}
}

// A patched signer records a license beyond what was sold, in one term.
func TestThiefsLicenseBeyondTheEntitlement(t *testing.T) {
	for name, test := range map[string]struct {
		change func(e *ledger.Entitlement)
		says   string
	}{
		"type":     {func(e *ledger.Entitlement) { e.Type = ledger.TypeNFR }, `type "nfr"`},
		"customer": {func(e *ledger.Entitlement) { e.Customer = "Somebody Else" }, `customer "Somebody Else"`},
		"edition":  {func(e *ledger.Entitlement) { e.Edition = "all" }, `edition "all"`},
		"seats":    {func(e *ledger.Entitlement) { e.Seats = 1e9 }, `seats "1000000000"`},
		"features": {func(e *ledger.Entitlement) { e.Features = []string{"cdn", "sso"} }, `features "[cdn sso]"`},
		"limits":   {func(e *ledger.Entitlement) { e.Limits = map[string]uint64{"cores": 1 << 40} }, `limits "map[cores:`},
		"grace":    {func(e *ledger.Entitlement) { e.GraceDays = 1 }, `end `},
		"versions": {func(e *ledger.Entitlement) { e.UpdatesUntil = now }, `updatesuntil `},
		"ext":      {func(e *ledger.Entitlement) { e.Ext = map[string]string{"support": "gold"} }, `ext `},
		"product":  {func(e *ledger.Entitlement) { e.Product = "other" }, `product "other"`},
	} {
		t.Run(name, func(t *testing.T) {
			b, _, sold := oneSeat(t, 9)
			other := sold
			test.change(&other)
			e := signing(t, sold, site(66, invoice), func(g *ledger.Grant) { g.Entitlement = other.Normal() })
			l := e.Detail.(*ledger.Signed).License
			l.HardEnd = sold.HardEnd()
			byHand(t, b, by(), e)
			r := audited(t, b, nil)
			if len(r.Findings) != 1 {
				t.Errorf("found: %v", r.Findings)
			}
			wantLicense(t, r, l.ID, "the license says "+test.says)
		})
	}
}

// A thief records bytes that are no license, under an invoice that was never sold.
func TestThiefsLicenseThatIsNone(t *testing.T) {
	b, _, sold := oneSeat(t, 9)
	nope, none := signing(t, sold, site(66, "NOPE"), nil), signing(t, sold, site(67, invoice), nil)
	none.Detail.(*ledger.Signed).License.File = []byte("no license")
	at := byHand(t, b, by(), none)
	r := audited(t, b, nil)
	wantLicense(t, r, none.Detail.(*ledger.Signed).License.ID, "does not verify")
	if r.Licenses != 2 {
		t.Errorf("%d licenses were judged, want 2", r.Licenses)
	}
	nope.Detail.(*ledger.Signed).Activation.State = ledger.StateReleased // else no table could count its seat
	byHand(t, b, by(), nope)
	r = audited(t, b, nil)
	wantEvent(t, r, at+1, "(rule: claim)")
	if text := r.Findings[len(r.Findings)-1].Text; !strings.Contains(text, "of 3 licenses on record 2 were judged") {
		t.Errorf("the last finding: %s", text)
	}
}

// Tables are changed before an honest question and put right after it.
func TestTransientSeats(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		ledgertest.Sold(t, b, func(*ledger.Entitlement) {})
		for n := range uint32(3) {
			ledgertest.Execute(t, where, "UPDATE entitlements SET seats_used = 0")
			ledgertest.Signed(t, b, site(n+1, invoice))
		}
		ledgertest.Execute(t, where, "UPDATE entitlements SET seats_used = 3, seats_peak = 3")
		r := audited(t, b, nil)
		wantEvent(t, r, 4, "(rule: seats)")
		wantEvent(t, r, 5, "(rule: seats)")
		if len(r.Findings) != 2 {
			t.Errorf("found: %v", r.Findings)
		}
	})
}

// A release frees a seat that no server gave up.
func TestForgedRelease(t *testing.T) {
	genuine := ledgertest.Releasing
	for name, forge := range map[string]func(own *ledger.License, other *ledger.License) rules.Releasing{
		"bytes": func(own, _ *ledger.License) rules.Releasing {
			r := genuine(own, ledgertest.SiteKey(1), 0)
			r.Raw = []byte("no release at all")
			return r
		},
		"none": func(own, _ *ledger.License) rules.Releasing {
			r := genuine(own, ledgertest.SiteKey(1), 0)
			r.Raw = nil
			return r
		},
		"another machine": func(own, _ *ledger.License) rules.Releasing {
			r := genuine(own, ledgertest.SiteKey(2), 0)
			r.Key = ledgertest.SiteKey(1).Public()
			return r
		},
		"another's": func(own, other *ledger.License) rules.Releasing {
			r := genuine(own, ledgertest.SiteKey(1), 0)
			r.Raw = genuine(other, ledgertest.SiteKey(2), 0).Raw
			return r
		},
		"other emergency days": func(own, _ *ledger.License) rules.Releasing {
			r := genuine(own, ledgertest.SiteKey(1), 3)
			r.EmergencyDays = 1
			return r
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := ledgertest.New(t)
			ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats = 2 })
			own, other := ledgertest.Signed(t, b, site(1, invoice)), ledgertest.Signed(t, b, site(2, invoice))
			if _, err := b.Release(ctx, by(), forge(own, other), issue()); err != nil {
				t.Fatal(err)
			}
			wantEvent(t, audited(t, b, nil), 5)
		})
	}
}

// A request that is changed after its machine signed it is not what the machine asked for.
func TestForgedRequest(t *testing.T) {
	b, _, sold := oneSeat(t, 9)
	q := signedRequest(t, 66)
	e := signing(t, sold, q, nil)
	l := e.Detail.(*ledger.Signed).License
	l.Request = bytes.Clone(l.Request)
	l.Request[len(l.Request)-1] ^= 1
	byHand(t, b, by(), e)
	r := audited(t, b, nil)
	wantLicense(t, r, l.ID, "the request is not signed by the machine key")
	byHand(t, b, by(), signing(t, sold, signedRequest(t, 67), nil))
	if r := audited(t, b, nil); r.Requests != 1 || len(r.Findings) != 2 {
		t.Errorf("%d signed requests; found: %v", r.Requests, r.Findings)
	}
}

// signedRequest is the request of a site that its machine has signed.
func signedRequest(t testing.TB, n uint32) *verify.Request {
	t.Helper()
	key, body := ledgertest.SiteKey(n), site(n, invoice).Body
	raw, err := format.Seal(format.SignedRequest, key.Public().ID(), body, key.Sign)
	if err != nil {
		t.Fatal(err)
	}
	q, err := verify.OpenRequest([]byte(format.EncodeText(format.SignedRequest, raw)))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// Of newer rules this program knows nothing; and rules do not become old again.
func TestEventOfNewerRules(t *testing.T) {
	b, where, _ := oneSeat(t, 9)
	for rules, want := range map[string]string{"2": "update licensor", "0": "version 0"} {
		ledgertest.Execute(t, where, `UPDATE events SET event = replace(event, '"rules":1', '"rules":`+rules+`') WHERE seq = 2`)
		r, err := runAudit(b)
		if rules == "0" {
			wantFound(t, r, "events", "event", "rules that become old")
		} else if err == nil || !strings.Contains(hint.Of(err), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		ledgertest.Execute(t, where, `UPDATE events SET event = replace(event, '"rules":`+rules+`', '"rules":1') WHERE seq = 2`)
	}
}

// A rule that had to be lifted is not among those that an event says were.
func TestOverrideThatIsNotListed(t *testing.T) {
	b, _ := ledgertest.New(t)
	sold := func(invoice string, lifted ...ledger.Rule) *ledger.Event {
		e := ledgertest.Entitlement()
		e.Invoice, e.Type, e.Waived = invoice, ledger.TypeStaging, true
		e.Commit([]byte(invoice))
		return &ledger.Event{Action: ledger.ActionEntitle, Invoice: invoice, Lifted: lifted, Detail: &e}
	}
	why := ledgertest.Because("they pay next week")
	byHand(t, b, why, sold("S-1", ledger.RuleProduction), sold("S-2"), sold("S-3", ledger.RuleProduction, ledger.RuleMoves))
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Invoice = "P-1" })
	byHand(t, b, why, sold("S-4", ledger.RuleProduction))
	r := audited(t, b, nil)
	wantEvent(t, r, 3, "(rule: production)")
	wantEvent(t, r, 4, "moves")
	wantEvent(t, r, 6)
	if len(r.Findings) != 3 || len(r.Overrides) != 3 || len(r.Sales) != 5 {
		t.Errorf("found: %v; %d overrides, %d sales", r.Findings, len(r.Overrides), len(r.Sales))
	}
}

// What was lifted and sold since the checkpoint is listed: there people find who obeys
// the rules.
func TestWhatHappenedSinceTheCheckpoint(t *testing.T) {
	b, _ := ledgertest.New(t)
	override := func(invoice string) {
		t.Helper()
		by := ledgertest.Because("they pay next week")
		by.Override = true
		e := ledgertest.Entitlement()
		e.Invoice, e.Type = invoice, ledger.TypeStaging
		if err := b.Entitle(ctx, by, e); err != nil {
			t.Fatal(err)
		}
	}
	override("S-1")
	checkpoint := checkpointOf(t, b)
	soldLater(t, b, "P-1")
	byHand(t, b, by(), &ledger.Event{Action: ledger.ActionCustomer, Detail: ledger.Customer{Name: "Partner Ltd"}})
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Invoice, e.Customer = "P-2", "Other Ltd" })
	r := wantClean(t, b, checkpoint)
	if len(r.Overrides) != 0 || len(r.Sales) != 2 || r.Sales[0].Invoice != "P-1" || r.Sales[1].Customer != "Other Ltd" {
		t.Errorf("since the checkpoint: %+v, %+v", r.Overrides, r.Sales)
	}
	r = wantClean(t, b, nil)
	if len(r.Overrides) != 1 || r.Overrides[0].Why != "they pay next week" || r.Overrides[0].Rules[0] != ledger.RuleProduction || len(r.Sales) != 3 {
		t.Errorf("in all: %+v, %+v", r.Overrides, r.Sales)
	}
}

// A time goes back by more than clocks may be apart.
func TestTimeThatGoesBack(t *testing.T) {
	for name, test := range map[string]struct {
		back   time.Duration
		lifted []ledger.Rule
		found  bool
	}{
		"a little":             {verify.ClockTolerance, nil, false},
		"more":                 {verify.ClockTolerance + time.Second, nil, true},
		"more, lifted":         {verify.ClockTolerance + time.Second, []ledger.Rule{ledger.RuleClock}, false},
		"a little, and lifted": {verify.ClockTolerance, []ledger.Rule{ledger.RuleClock}, true},
	} {
		t.Run(name, func(t *testing.T) {
			b, _, _ := oneSeat(t, 9)
			at := ledgertest.Because("the clock was wrong")
			at.Now = now.Add(-test.back)
			byHand(t, b, at, &ledger.Event{Action: ledger.ActionCustomer, Lifted: test.lifted, Detail: ledger.Customer{Name: "Site Ltd"}})
			r := audited(t, b, nil)
			if test.found {
				wantEvent(t, r, 4, "clock")
			} else if !r.OK() {
				t.Errorf("found: %v", r.Findings)
			}
		})
	}
}

// A license is signed by a key whose delegation does not reach so far.
func TestThiefBeyondTheScopeOfTheKey(t *testing.T) {
	b, _ := ledgertest.New(t)
	ledgertest.Sold(t, b, func(*ledger.Entitlement) {})
	narrow := ledgertest.IssuerWith(ledgertest.Root, 105, format.Scope{Products: []string{"other"}, Types: []string{"*"}, MaxTerm: 1e9, MaxSeats: 9, Weakest: format.StrengthAny})
	l, err := b.Sign(ctx, by(), site(1, invoice), ledgertest.Unchecked(narrow))
	if err != nil {
		t.Fatal(err)
	}
	wantLicense(t, audited(t, b, nil), l.ID, "was not allowed to sign this license: product")
}

// A thief's license does not survive the revocation of the key that signed it.
func TestThiefsLicenseIsNotKept(t *testing.T) {
	b, _, sold := oneSeat(t, 1)
	e := signing(t, sold, site(66, invoice), nil)
	byHand(t, b, by(), e)
	thief := e.Detail.(*ledger.Signed).License
	judged, err := audit.Judge(ctx, b.Store(), audit.Against{Verifier: ledgertest.Verifier(ledgertest.Root)}, ledgertest.Public(ledgertest.Staff), false)
	if err != nil {
		t.Fatal(err)
	}
	file, err := thief.OpenFile()
	if err != nil {
		t.Fatal(err)
	}
	if len(judged.Rejected) != 1 || judged.Rejected[0] != thief.ID || judged.Keep.Len() != 1 || judged.Keep.Has(file.License.Digest()) || len(judged.Report.Sales) != 1 {
		t.Errorf("judged: %+v", judged)
	}
	// Nor does a delegation that is on record with such a license alone survive that of the root.
	stolen, err := audit.Judge(ctx, b.Store(), audit.Against{Verifier: ledgertest.Verifier(ledgertest.Root)}, ledgertest.Public(ledgertest.Root), true)
	if err != nil || len(stolen.Rejected) != 1 || stolen.Rejected[0] != thief.ID {
		t.Errorf("judged of the root: %+v, %v", stolen, err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := b.Store().Backup(ctx, copied); err != nil {
		t.Fatal(err)
	}
	anna := ledger.RevokedKey{Name: "anna", Public: ledgertest.Public(ledgertest.Staff).Bytes()}
	other := ledgertest.Open(t, copied)
	// What is recorded after the judgement is not kept either, as nobody has looked at it.
	ledgertest.Sold(t, other, func(e *ledger.Entitlement) { e.Invoice = "LATE" })
	ledgertest.Signed(t, other, site(77, "LATE"))
	judgement := &book.Judgement{Events: judged.Report.Events, Refused: judged.Rejected}
	if kept, late, err := other.RevokeKey(ctx, ledgertest.Because("stolen"), anna, judgement); kept != 1 || late != 1 || err != nil {
		t.Errorf("%d licenses are kept and %d late, %v", kept, late, err)
	}
	if r := audited(t, other, nil); len(r.Findings) != 1 { // the thief's license alone
		t.Errorf("found: %v", r.Findings)
	}
	// Where it is kept all the same, the audit says so.
	if _, _, err := b.RevokeKey(ctx, ledgertest.Because("stolen"), anna, nil); err != nil {
		t.Fatal(err)
	}
	wantEvent(t, audited(t, b, nil), 5, "remain valid 1 licenses")
}
