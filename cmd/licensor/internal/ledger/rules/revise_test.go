package rules_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
)

func amendment(changes ...func(*ledger.Entitlement)) rules.Revision {
	return rules.NewAmendment(func(e *ledger.Entitlement) error {
		for _, change := range changes {
			change(e)
		}
		return nil
	})
}

// revision asks what a revision would do.
func (r *record) revision(op *ledger.Operation, invoice string, revision rules.Revision) (*rules.Revised, error) {
	f := r.facts()
	var active []*rules.Activation
	for _, a := range r.activations {
		if a.Invoice == invoice && a.State == ledger.StateActive {
			active = append(active, f.Activations[a.ID])
		}
	}
	return rules.Revise(f, op, invoice, revision, active)
}

// revise revises an entitlement, and returns the new licenses, or where nothing is
// different those that there are.
func (r *record) revise(op *ledger.Operation, invoice string, revision rules.Revision) ([]*ledger.License, error) {
	r.Helper()
	revised, err := ask(r, op, func(*rules.Facts) (*rules.Revised, []*rules.Step, error) {
		revised, err := r.revision(op, invoice, revision)
		if err != nil {
			return nil, nil, err
		}
		return revised, revised.Steps, nil
	})
	if err != nil {
		return nil, err
	}
	licenses := revised.Current
	for _, s := range revised.Steps {
		if s.Grant != nil {
			licenses = append(licenses, s.License())
		}
	}
	return licenses, nil
}

func (r *record) amend(op *ledger.Operation, changes ...func(*ledger.Entitlement)) ([]*ledger.License, error) {
	r.Helper()
	return r.revise(op, inv, amendment(changes...))
}

func (r *record) renew(op *ledger.Operation, to rules.Renewal) ([]*ledger.License, error) {
	r.Helper()
	return r.revise(op, inv, rules.NewRenewal(to))
}

func TestRenewWithoutANewRequest(t *testing.T) {
	r := newRecord(t, entitlement(seats(4), func(e *ledger.Entitlement) { e.GraceDays = 14 }))
	first := r.signed(request(t, 1))
	r.signed(request(t, 2))
	r.released(r.signed(request(t, 3)), 3)
	newer := request(t, 2, later)
	second := r.signed(newer)
	moves := r.signed(request(t, 4))
	if _, err := r.move(because("new hardware"), moves.Activation, day, request(t, 5)); err != nil {
		t.Fatal(err)
	}

	ends := entitlement().Expires.Add(365 * day)
	renewed, err := r.renew(by(), rules.Renewal{Expires: ledger.EndAt(ends)})
	if err != nil || len(renewed) != 3 {
		t.Fatalf("%d licenses, %v, want one for each active site, and none for the bridge", len(renewed), err)
	}
	for i, before := range []*ledger.License{first, second, moves} { // the oldest first
		got := r.says(renewed[i])
		if got.Activation != before.Activation || got.Epoch != before.Epoch+1 || !got.Expires.Equal(ends) || !got.HardEnd.Equal(ends.Add(14*day)) || !bytes.Equal(renewed[i].Request, before.Request) {
			t.Errorf("after epoch %d of %s: %+v", before.Epoch, before.Activation, got)
		}
	}
	if e := r.events[len(r.events)-4]; e.Action != ledger.ActionRenew || e.Invoice != inv || !e.Detail.(*ledger.Entitlement).Expires.Equal(ends) {
		t.Errorf("on record: %+v", e)
	}
	// The request that is sent again gets the renewed license.
	if again := r.signed(newer); again.ID != renewed[1].ID {
		t.Errorf("the newest request gets a license until %s", again.HardEnd)
	}
	r.unchanged(func() {
		again, err := r.renew(by(), rules.Renewal{Expires: ledger.EndAt(ends)})
		if err != nil || len(again) != 3 || again[0].ID != renewed[0].ID {
			t.Errorf("the same renewal again: %v, %v", again, err)
		}
		for _, to := range []rules.Renewal{{}, {Expires: ledger.EndAt(ends.Add(-day))}, {Expires: ledger.EndAt(ends), Perpetual: true}} {
			_, err := r.renew(by(), to)
			wantHint(t, err)
		}
		_, err = r.revise(by(), "NONE", rules.NewRenewal(rules.Renewal{Expires: ledger.EndAt(ends)}))
		wantHint(t, err, "licensor list")
	})
}

// A renewal is by the second, as all times on record.
func TestRenewIsRecordedInWholeSeconds(t *testing.T) {
	r := newRecord(t, entitlement())
	ends := entitlement().Expires.Add(day).In(time.FixedZone("", 3600))
	if _, err := r.renew(by(), rules.Renewal{Expires: ledger.EndAt(ends.Add(time.Millisecond))}); err != nil || r.sales[inv].Expires != ends.UTC() {
		t.Errorf("renewed until %s, %v", r.sales[inv].Expires, err)
	}
}

// When a subscription becomes perpetual, the customer keeps what they have.
func TestRenewToPerpetual(t *testing.T) {
	r := newRecord(t, entitlement(func(e *ledger.Entitlement) { e.GraceDays = 14 }))
	r.signed(request(t, 1))
	until := now.Add(365 * day)
	renewed, err := r.renew(by(), rules.Renewal{Perpetual: true, Updates: ledger.EndAt(ledger.EndOfUpdates(until))})
	if err != nil || len(renewed) != 1 {
		t.Fatal(renewed, err)
	}
	if got := r.says(renewed[0]); !got.Expires.IsZero() || !got.HardEnd.IsZero() || !got.UpdatesUntil.Equal(until) {
		t.Errorf("the license says %+v", got)
	}
	_, err = r.renew(by(), rules.Renewal{Expires: ledger.EndAt(now.Add(9999 * day))})
	wantHint(t, err, "licensor amend")
}

// A renewal takes no builds away that were covered.
func TestRenewKeepsUpdates(t *testing.T) {
	ends := entitlement().Expires
	afterwards := ends.Add(365 * day)
	for name, test := range map[string]struct {
		until, expires time.Time // as sold
		to             rules.Renewal
		refused        bool
	}{
		"earlier":                            {ends, ends, rules.Renewal{Expires: ledger.EndAt(afterwards), Updates: ledger.EndAt(ledger.EndOfUpdates(ends.Add(-day)))}, true},
		"the same":                           {ends, ends, rules.Renewal{Expires: ledger.EndAt(afterwards), Updates: ledger.EndAt(ledger.EndOfUpdates(ends))}, false},
		"later":                              {ends, ends, rules.Renewal{Expires: ledger.EndAt(afterwards), Updates: ledger.EndAt(ledger.EndOfUpdates(afterwards))}, false},
		"as it is":                           {ends, ends, rules.Renewal{Expires: ledger.EndAt(afterwards)}, false},
		"all, to the subscription's end":     {time.Time{}, ends, rules.Renewal{Expires: ledger.EndAt(afterwards), Updates: ledger.EndAt(ledger.EndOfUpdates(ends))}, false},
		"all, to less than the subscription": {time.Time{}, ends, rules.Renewal{Expires: ledger.EndAt(afterwards), Updates: ledger.EndAt(ledger.EndOfUpdates(ends.Add(-day)))}, true},
		"all for ever":                       {time.Time{}, time.Time{}, rules.Renewal{Perpetual: true, Updates: ledger.EndAt(ledger.EndOfUpdates(afterwards))}, true},
		"perpetual with maintenance":         {time.Time{}, ends, rules.Renewal{Perpetual: true, Updates: ledger.EndAt(ledger.EndOfUpdates(ends.Add(-day)))}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t, entitlement(func(e *ledger.Entitlement) { e.UpdatesUntil, e.Expires = test.until, test.expires }))
			_, err := r.renew(by(), test.to)
			if test.refused {
				if wantHint(t, err, "licensor amend"); len(r.events) > 0 {
					t.Error("it is recorded")
				}
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// The maintenance of a license is renewed alone: the license ends when it did, or never.
func TestRenewUpdatesAlone(t *testing.T) {
	ends := entitlement().Expires
	for name, expires := range map[string]time.Time{"perpetual": {}, "with an end": ends} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t, entitlement(func(e *ledger.Entitlement) { e.Expires, e.UpdatesUntil = expires, ends.Add(-time.Second) }))
			r.signed(request(t, 1))
			renewed, err := r.renew(by(), rules.Renewal{Updates: ledger.EndAt(ends.Add(365 * day))})
			if err != nil || len(renewed) != 1 {
				t.Fatal(renewed, err)
			}
			if got := r.says(renewed[0]); !got.Expires.Equal(expires) || !got.UpdatesUntil.Equal(ends.Add(365*day-time.Second)) {
				t.Errorf("the license says %+v", got)
			}
			_, err = r.renew(by(), rules.Renewal{Updates: ledger.EndAt(ends)})
			wantHint(t, err, "licensor amend")
		})
	}
	r := newRecord(t, entitlement(func(e *ledger.Entitlement) { e.Expires, e.UpdatesUntil = time.Time{}, time.Time{} }))
	_, err := r.renew(by(), rules.Renewal{Updates: ledger.EndAt(ends)})
	wantHint(t, err, "licensor amend")
}

func TestAmend(t *testing.T) {
	r := newRecord(t, entitlement(seats(2)))
	r.signed(request(t, 1))
	r.signed(request(t, 2))
	licenses, err := r.amend(by(), func(e *ledger.Entitlement) {
		e.Seats, e.Limits["cores"], e.Edition, e.MaxVersion, e.Customer = 3, 64, "plus", "9.x", "SITE Ltd"
	})
	if err != nil || len(licenses) != 2 {
		t.Fatalf("%d licenses, %v", len(licenses), err)
	}
	for _, license := range licenses {
		if got := r.says(license); got.Limits["cores"] != 64 || got.Seats != 3 || got.Edition != "plus" || got.MaxVersion != "9.x" || got.Epoch != 2 || got.Customer != "SITE Ltd" {
			t.Errorf("the license says %+v", got)
		}
	}
	r.signed(request(t, 3))
	_, err = r.amend(by(), seats(2))
	wantRefusal(t, err, ledger.RuleSeats, "3 seats")
	for name, change := range map[string]func(e *ledger.Entitlement){
		"invoice":  func(e *ledger.Entitlement) { e.Invoice = "X" },
		"customer": func(e *ledger.Entitlement) { e.Customer = "X" },
		"product":  func(e *ledger.Entitlement) { e.Product = "x" },
		"type":     func(e *ledger.Entitlement) { e.Type = "test" },
	} {
		_, err := r.amend(override("please"), change)
		if err == nil {
			t.Fatalf("the %s was amended", name)
		}
		wantHint(t, err, "licensor correct")
	}
	_, err = r.amend(by(), func(e *ledger.Entitlement) { e.Allowance = 3 })
	wantHint(t, err)
	_, err = r.revise(by(), "NONE", amendment(seats(3)))
	wantHint(t, err, "licensor list")
}

// What the change itself refuses is not recorded.
func TestAmendmentThatFails(t *testing.T) {
	r := newRecord(t, entitlement())
	want := errors.New("seats: got many")
	_, err := r.revise(by(), inv, rules.NewAmendment(func(e *ledger.Entitlement) error { e.Seats = 9; return want }))
	if err != want || r.sales[inv].Seats != 1 {
		t.Errorf("got %v, and %d seats", err, r.sales[inv].Seats)
	}
}

func TestAlwaysDated(t *testing.T) {
	for _, kind := range []string{"evaluation", "community"} {
		r := newRecord(t, entitlement(sold(inv, kind)))
		_, err := r.amend(override("please"), func(e *ledger.Entitlement) { e.Expires = time.Time{} })
		wantRefusal(t, err, ledger.RuleDated, kind)
		_, err = r.renew(override("please"), rules.Renewal{Perpetual: true})
		wantRefusal(t, err, ledger.RuleDated)
	}
}

// Staff whose customer is revoked renew the rest.
func TestReviseLeavesOutWhatWasRevoked(t *testing.T) {
	r := newRecord(t, entitlement(seats(3)))
	first := r.signed(request(t, 1))
	older, newest := r.signed(request(t, 2)), r.signed(request(t, 2, later))
	r.mustRevoke(first)
	r.mustRevoke(older) // an older one leaves its activation alone
	ends := entitlement().Expires.Add(day)
	for _, again := range []bool{false, true} {
		renewed, err := r.renew(by(), rules.Renewal{Expires: ledger.EndAt(ends)})
		if err != nil || len(renewed) != 1 || renewed[0].Activation != newest.Activation {
			t.Errorf("renewed (again: %v): %v, %v", again, renewed, err)
		}
	}
}

// The preview says what is recorded: the same again, with whatever lifts rules, is
// nothing.
func TestRevision(t *testing.T) {
	r := newRecord(t, entitlement(sold("P-1", "production")), entitlement(sold(inv, "test"), seats(3), func(e *ledger.Entitlement) { e.MaxVersion = "9.x" }))
	r.signed(request(t, 1, asks(inv, "test")))
	r.signed(request(t, 2, asks(inv, "test")))
	ends := entitlement().Expires
	for name, test := range map[string]struct {
		revision         rules.Revision
		changes, narrows bool
	}{
		"the same end": {rules.NewRenewal(rules.Renewal{Expires: ledger.EndAt(ends)}), false, false},
		"a later end":  {rules.NewRenewal(rules.Renewal{Expires: ledger.EndAt(ends.Add(day))}), true, false},
		"no change": {amendment(func(e *ledger.Entitlement) {
			e.Features, e.Email, e.Waived = slices.Clone(e.Features), " "+e.Email, true
		}), false, false},
		"fewer seats":                   {amendment(seats(2)), true, false},
		"an end before that of updates": {amendment(func(e *ledger.Entitlement) { e.Expires, e.UpdatesUntil = ends.Add(-day), ends }), true, true},
		"an earlier end":                {amendment(func(e *ledger.Entitlement) { e.Expires = ends.Add(-day) }), true, true},
		"grace":                         {amendment(func(e *ledger.Entitlement) { e.GraceDays = 7 }), true, false},
		"no feature":                    {amendment(func(e *ledger.Entitlement) { e.Features = nil }), true, true},
		"another feature":               {amendment(func(e *ledger.Entitlement) { e.Features = append(e.Features, "cdn") }), true, false},
		"a lower limit":                 {amendment(func(e *ledger.Entitlement) { e.Limits["cores"]-- }), true, true},
		"a new limit":                   {amendment(func(e *ledger.Entitlement) { e.Limits["users"] = 9 }), true, true},
		"a higher limit":                {amendment(func(e *ledger.Entitlement) { e.Limits["cores"]++ }), true, false},
		"no limit":                      {amendment(func(e *ledger.Entitlement) { e.Limits = nil }), true, false},
		"another edition":               {amendment(func(e *ledger.Entitlement) { e.Edition = "premier" }), true, true},
		"a higher version":              {amendment(func(e *ledger.Entitlement) { e.MaxVersion = "10.x" }), true, false},
		"a lower version":               {amendment(func(e *ledger.Entitlement) { e.MaxVersion = "8" }), true, true},
		"fewer of the version":          {amendment(func(e *ledger.Entitlement) { e.MaxVersion = "9.2" }), true, true},
		"the version written otherwise": {amendment(func(e *ledger.Entitlement) { e.MaxVersion = "9" }), true, false},
		"a version not to be compared":  {amendment(func(e *ledger.Entitlement) { e.MaxVersion = "v10" }), true, true},
		"any version":                   {amendment(func(e *ledger.Entitlement) { e.MaxVersion = "" }), true, false},
		"updates that end":              {amendment(func(e *ledger.Entitlement) { e.UpdatesUntil = ends.Add(-day) }), true, true},
		"updates as before":             {amendment(func(e *ledger.Entitlement) { e.UpdatesUntil = ends }), true, false},
	} {
		licenses := 0
		if test.changes {
			licenses = 2
		}
		got, err := r.revision(override("they are nice"), inv, test.revision)
		if err != nil || (len(got.Steps) > 0) != test.changes || max(len(got.Steps)-1, 0) != licenses || got.Narrows() != test.narrows || (len(got.Current) == 2) == test.changes {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if !ledger.Same(got.Before, r.sales[inv]) {
			t.Errorf("%s: before it was %+v", name, got.Before)
		}
	}
	r.unchanged(func() {
		again, err := r.revise(override("they are nice"), inv, rules.NewRenewal(rules.Renewal{Expires: ledger.EndAt(ends)}))
		if err != nil || len(again) != 2 || again[0].Epoch != 1 {
			t.Errorf("the same again: %v, %v", again, err)
		}
	})
}

func TestFewerEmergencyDaysNarrow(t *testing.T) {
	r := newRecord(t, entitlement(sold("P-1", "production")), entitlement(sold(inv, "failover")))
	for days, narrows := range map[uint64]bool{29: true, 31: false} {
		got, err := r.revision(by(), inv, amendment(func(e *ledger.Entitlement) { e.EmergencyDays = days }))
		if err != nil || got.Narrows() != narrows {
			t.Errorf("%d days for 30 narrow: %v, %v", days, got.Narrows(), err)
		}
	}
}

// What makes an evaluation more than it was has its reason on record. To make it longer
// is a second one, by its end as by its grace.
func TestEvaluationIsWidenedWithAReason(t *testing.T) {
	r := newRecord(t, entitlement(sold(inv, "evaluation"), seats(2), func(e *ledger.Entitlement) { e.Limits["users"] = 5 }))
	for name, change := range map[string]func(e *ledger.Entitlement){
		"seats":         func(e *ledger.Entitlement) { e.Seats++ },
		"limit":         func(e *ledger.Entitlement) { e.Limits["cores"]++ },
		"no limit":      func(e *ledger.Entitlement) { delete(e.Limits, "users") },
		"any machine":   func(e *ledger.Entitlement) { e.Binding = "any" },
		"feature":       func(e *ledger.Entitlement) { e.Features = append(e.Features, "cdn") },
		"other edition": func(e *ledger.Entitlement) { e.Edition = "premier" },
		"other account": func(e *ledger.Entitlement) { e.Email = "me@site.example" },
	} {
		_, err := r.amend(by(), change)
		if err == nil {
			t.Fatalf("%s: amended without a reason", name)
		}
		wantRefusal(t, err, ledger.RuleReason)
		if _, err := r.amend(because("the trial has grown"), change); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, longer := range map[string]func(e *ledger.Entitlement){
		"end":   func(e *ledger.Entitlement) { e.Expires = e.Expires.Add(day) },
		"grace": func(e *ledger.Entitlement) { e.GraceDays = 14 },
	} {
		_, err := r.amend(because("they were ill"), longer)
		if err == nil {
			t.Fatalf("%s: made longer without --override", name)
		}
		wantRefusal(t, err, ledger.RuleOnce, inv)
		if _, err := r.amend(override("they were ill"), longer); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	narrower := func(e *ledger.Entitlement) {
		e.Seats, e.Expires, e.Limits["users"], e.Features, e.MaxVersion = 1, e.Expires.Add(-30*day), 5, nil, "9.x"
	}
	if _, err := r.amend(by(), narrower); err != nil {
		t.Errorf("narrower: %v", err)
	}
	_, err := r.amend(by(), func(e *ledger.Entitlement) { e.MaxVersion = "" })
	wantRefusal(t, err, ledger.RuleReason)
}

func TestEvaluationIsRenewedByStaffAlone(t *testing.T) {
	r := newRecord(t, entitlement(sold(inv, "evaluation")))
	to := rules.Renewal{Expires: ledger.EndAt(entitlement().Expires.Add(30 * day))}
	_, err := r.renew(because("please"), to)
	wantRefusal(t, err, ledger.RuleOnce, inv)
	wantHint(t, err, ledger.LiftOverride)
	if _, err := r.renew(override("the demo was ill"), to); err != nil {
		t.Error(err)
	}
}

// One that gets another account must not be that of somebody who had one; a second one
// that staff have allowed stays allowed.
func TestEvaluationThatGetsAnotherAccount(t *testing.T) {
	r := newRecord(t)
	r.sold(evaluation("EV-1", "Site Ltd", "evoq", "ops@site.example"))
	r.sold(evaluation("EV-2", "Other Ltd", "evoq", "ops@other.example"))
	merge := amendment(func(e *ledger.Entitlement) { e.Email = "ops@site.EXAMPLE" })
	_, err := r.revise(because("they merged"), "EV-2", merge)
	wantRefusal(t, err, ledger.RuleOnce, "EV-1")
	if _, err := r.revise(override("they merged"), "EV-2", merge); err != nil {
		t.Error(err)
	}
	if _, err := r.revise(because("they need less"), "EV-2", amendment(func(e *ledger.Entitlement) { e.Edition = "small" })); err != nil {
		t.Errorf("the second one, which was allowed, is amended: %v", err)
	}
	if _, err := r.revise(by(), "EV-2", amendment(func(e *ledger.Entitlement) { e.Email = "OPS@site.example" })); err != nil {
		t.Errorf("the same account in other letters: %v", err)
	}
}

// Who takes licenses for any machine away signs no other one: what is out is taken back
// first.
func TestUnboundIsTakenAwayWithItsLicenses(t *testing.T) {
	r := newRecord(t, entitlement(seats(2), func(e *ledger.Entitlement) { e.Binding = "any" }))
	r.signed(request(t, 1))
	license, err := r.unbound("Berlin")
	if err != nil {
		t.Fatal(err)
	}
	bind := func() ([]*ledger.License, error) {
		return r.amend(by(), func(e *ledger.Entitlement) { e.Binding = "" })
	}
	r.unchanged(func() {
		_, err = bind()
		wantRefusal(t, err, ledger.RuleBinding, license.Activation, "Berlin")
		wantHint(t, err, "licensor deactivate "+inv+" --activation "+license.Activation)
	})
	if _, err := r.deactivate(because("bound from now on"), inv, license.Activation); err != nil {
		t.Fatal(err)
	}
	if licenses, err := bind(); err != nil || len(licenses) != 0 { // the other one was bound before
		t.Errorf("bound: %d licenses, %v", len(licenses), err)
	}
}
