package rules_test

import (
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
)

// lasts sells a term that counts from the first activation.
func lasts(term ledger.Span) func(*ledger.Entitlement) {
	return func(e *ledger.Entitlement) { e.Expires, e.Term = time.Time{}, term }
}

var thirtyDays = ledger.Span{Days: 30}

// A term begins with the first license, once: not again with a request that is sent again,
// a released seat that is taken again, or a second seat.
func TestTermBeginsOnce(t *testing.T) {
	r := newRecord(t, entitlement(lasts(thirtyDays), seats(2), func(e *ledger.Entitlement) { e.GraceDays = 7 }))
	at := now.Add(100 * day)
	end := time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC) // the 1st of March, and 30 days
	first, err := r.signAs(byAt(at), request(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.events); n != 2 || r.events[0].Action != ledger.ActionBegin || r.events[1].Action != ledger.ActionSign {
		t.Fatalf("on record: %+v", r.events)
	}
	if begun := r.sales[inv]; !begun.Term.IsZero() || !begun.Expires.Equal(end) || !first.HardEnd.Equal(end.Add(7*day)) {
		t.Errorf("it ends %s, its license %s; want %s", begun.Expires, first.HardEnd, end)
	}
	for what, again := range map[string]func() (*ledger.License, error){
		"the same request":    func() (*ledger.License, error) { return r.signAs(byAt(at.Add(day)), request(t, 1)) },
		"another of the site": func() (*ledger.License, error) { return r.signAs(byAt(at.Add(2*day)), request(t, 1, later)) },
		"the other seat":      func() (*ledger.License, error) { return r.signAs(byAt(at.Add(3*day)), request(t, 2)) },
	} {
		if license, err := again(); err != nil || !license.HardEnd.Equal(first.HardEnd) {
			t.Errorf("%s: %v, %v", what, license, err)
		}
	}
	for _, e := range r.events[2:] {
		if e.Action == ledger.ActionBegin {
			t.Error("it began twice")
		}
	}
	_, err = r.signAs(byAt(end), request(t, 1, later, later))
	wantRefusal(t, err, ledger.RuleTerm, "2027-03-30")
	// Nor does an amendment let it count anew.
	_, err = r.amend(byAt(at.Add(4*day)), func(e *ledger.Entitlement) { e.Expires, e.Term = time.Time{}, thirtyDays })
	wantRefusal(t, err, ledger.RuleTerm, "has been activated")
}

func TestTermOfAnyMachine(t *testing.T) {
	r := newRecord(t, entitlement(lasts(ledger.Span{Months: 1}), func(e *ledger.Entitlement) { e.Binding = "any" }))
	license, err := r.unbound("Berlin")
	if end := time.Date(2026, 12, 21, 0, 0, 0, 0, time.UTC); err != nil || !license.HardEnd.Equal(end) || !r.sales[inv].Expires.Equal(end) {
		t.Errorf("it ends %v, %v", r.sales[inv].Expires, err)
	}
}

// The emergency days of a failover license count from when it begins, too.
func TestTermOfFailover(t *testing.T) {
	e := entitlement(lasts(thirtyDays), sold(inv, "failover"))
	if begun := e.Begun(now.Add(9 * day)); !begun.EmergencyFrom.Equal(now.Add(9 * day).Truncate(day)) {
		t.Errorf("they count from %s", begun.EmergencyFrom)
	}
}

// Before it begins, a term can be changed, and is not renewed.
func TestTermBeforeItBegins(t *testing.T) {
	r := newRecord(t, entitlement(lasts(thirtyDays)))
	_, err := r.renew(by(), rules.Renewal{Expires: ledger.EndAt(now.Add(99 * day))})
	wantHint(t, err, "licensor amend INV0042-1 --term TERM --out DIR")
	if _, err := r.amend(by(), func(e *ledger.Entitlement) { e.Term = ledger.Span{Days: 60} }); err != nil {
		t.Error(err)
	}
	_, err = r.amend(by(), func(e *ledger.Entitlement) { e.Expires = now.Add(99 * day) })
	if err == nil {
		t.Error("it has two ends")
	}
	if _, err := r.amend(by(), func(e *ledger.Entitlement) { e.Expires, e.Term = now.Add(99*day), ledger.Span{} }); err != nil {
		t.Error(err)
	}
}

// An evaluation whose term waits is not made longer without a word.
func TestTermOfEvaluation(t *testing.T) {
	r := newRecord(t, entitlement(lasts(thirtyDays), sold(inv, "evaluation")))
	_, err := r.amend(by(), func(e *ledger.Entitlement) { e.Term = ledger.Span{Days: 60} })
	wantRefusal(t, err, ledger.RuleOnce)
	if _, err := r.amend(by(), func(e *ledger.Entitlement) { e.Term = ledger.Span{Days: 14} }); err != nil {
		t.Error(err)
	}
}

// Where a renewal begins: at the old end without its grace, or where staff say.
func TestRenewBySpan(t *testing.T) {
	year := func(text string) ledger.End {
		end, err := ledger.ParseEnd(text)
		if err != nil {
			t.Fatal(err)
		}
		return end
	}
	ends := entitlement().Expires // midnight after 21 November 2027
	for name, test := range map[string]struct {
		to                  rules.Renewal
		expires, updates    string
		perpetual, refusing bool
	}{
		"at the old end":    {to: rules.Renewal{Expires: year("12m"), Updates: year("1y")}, expires: "2028-11-21", updates: "2028-11-20"},
		"from a date":       {to: rules.Renewal{Expires: year("1y"), From: ends.Add(30 * day)}, expires: "2028-12-21", updates: "2027-11-20"},
		"a date":            {to: rules.Renewal{Expires: year("2029-01-31"), From: ends}, expires: "2029-01-31", updates: "2027-11-20"},
		"too early a begin": {to: rules.Renewal{Expires: year("1m"), From: now}, refusing: true},
		"perpetual":         {to: rules.Renewal{Perpetual: true, Updates: year("12m")}, updates: "2028-11-20"},
		"no end to add to":  {to: rules.Renewal{Expires: year("12m")}, perpetual: true, refusing: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t, entitlement(func(e *ledger.Entitlement) {
				e.GraceDays, e.UpdatesUntil = 14, ledger.UpdatesUntil(ends.Add(-day))
				if test.perpetual {
					e.GraceDays, e.Expires = 0, time.Time{}
				}
			}))
			_, err := r.renew(by(), test.to)
			if test.refusing {
				wantHint(t, err, "licensor amend")
				return
			}
			if e := r.sales[inv]; err != nil || ledger.FormatEnd(e.Expires) != test.expires || ledger.FormatDate(e.UpdatesUntil) != test.updates {
				t.Errorf("until %q, updates until %q, %v", ledger.FormatEnd(e.Expires), ledger.FormatDate(e.UpdatesUntil), err)
			}
		})
	}
}
