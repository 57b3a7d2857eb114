package rules_test

import (
	"slices"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
)

// correct corrects the entitlement inv.
func (r *record) correct(op *ledger.Operation, changes ...func(*ledger.Entitlement)) (*rules.Revised, error) {
	r.Helper()
	return r.correctAs(op, inv, changes...)
}

func (r *record) correctAs(op *ledger.Operation, invoice string, changes ...func(*ledger.Entitlement)) (*rules.Revised, error) {
	r.Helper()
	return ask(r, op, func(f *rules.Facts) (*rules.Revised, []*rules.Step, error) {
		if s := f.Sales[invoice]; s != nil && len(r.sales) == 1 { // its own production is none that it requires
			clear(f.Production)
		}
		revised, err := rules.Correct(f, op, invoice, rules.NewCorrection(func(e *ledger.Entitlement) error {
			for _, change := range changes {
				change(e)
			}
			return nil
		}).Salted([]byte("salt")))
		if err != nil {
			return nil, nil, err
		}
		return revised, revised.Steps, nil
	})
}

// Before anybody is active, a sale becomes whatever was meant.
func TestCorrect(t *testing.T) {
	r := newRecord(t, entitlement())
	revised, err := r.correct(because("typed wrong"), func(e *ledger.Entitlement) {
		e.Invoice, e.Product, e.Edition, e.Customer, e.Email = "INV0043", "liquid", "", "Other Ltd", "it@other.example"
		e.Type, e.Seats = ledger.TypeCommunity, 7
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(revised.Steps) != 2 || r.sales[inv] != nil {
		t.Fatalf("%d steps, and under the number before: %v", len(revised.Steps), r.sales[inv])
	}
	got := r.sales["INV0043"]
	if got.Product != "liquid" || got.Type != ledger.TypeCommunity || got.Seats != 7 || got.Customer != "Other Ltd" || string(got.Account) != string(ledger.Commitment([]byte("salt"), "it@other.example")) {
		t.Errorf("it is %+v", got)
	}
	r.unchanged(func() {
		r.refused(request(t, 1), ledger.RuleClaim) // by the number before
		if revised, err := r.correctAs(because("x"), "INV0043", func(e *ledger.Entitlement) { e.Seats = 7 }); err != nil || len(revised.Steps) > 0 {
			t.Errorf("the same again: %+v, %v", revised, err)
		}
		if _, err := r.correctAs(because("x"), inv); err == nil {
			t.Error("there is a sale under the number before")
		}
	})
	// The number before is free for the sale that has it.
	f := r.facts()
	if _, err := rules.Entitle(f, by(), entitlement()); err != nil {
		t.Errorf("the number before: %v", err)
	}
}

// What a license says stays while somebody has one; what none says does not.
func TestCorrectWhileActive(t *testing.T) {
	r := newRecord(t, entitlement(seats(2)), entitlement(sold("P-2", ledger.TypeProduction)))
	license := r.signed(request(t, 1))
	r.unchanged(func() {
		for name, change := range map[string]func(*ledger.Entitlement){
			"product":  func(e *ledger.Entitlement) { e.Product = "liquid" },
			"type":     func(e *ledger.Entitlement) { e.Type = ledger.TypeTest },
			"customer": func(e *ledger.Entitlement) { e.Customer = "Site Limited" },
			"invoice":  func(e *ledger.Entitlement) { e.Invoice = "INV0043" },
			"seats":    seats(3),
			"binding":  func(e *ledger.Entitlement) { e.Binding = "any" },
		} {
			_, err := r.correct(override("typed wrong"), change)
			t.Log(name)
			wantRefusal(t, err, ledger.RuleSigned)
		}
		_, err := r.correct(by(), func(e *ledger.Entitlement) { e.Email = "it@site.example" })
		wantRefusal(t, err, ledger.RuleReason)
		if _, err := r.correct(because("x"), func(e *ledger.Entitlement) { e.Invoice = "P-2" }); err == nil {
			t.Error("two sales have one number")
		}
	})
	if _, err := r.correct(because("typed wrong"), func(e *ledger.Entitlement) { e.Email = "it@site.example" }); err != nil {
		t.Error(err)
	}
	if again := r.signed(request(t, 1)); again.ID != license.ID {
		t.Error("a request on record gets another license")
	}
	r.refused(request(t, 2), ledger.RuleClaim)
	// Nobody is active any more, but the license that was signed names the number.
	r.released(license, 1)
	if _, err := r.correct(because("typed wrong"), func(e *ledger.Entitlement) { e.Product = "liquid" }); err != nil {
		t.Error(err)
	}
	_, err := r.correct(because("typed wrong"), func(e *ledger.Entitlement) { e.Invoice = "INV0043" })
	wantRefusal(t, err, ledger.RuleSigned)
}

// The rules of a sale hold for what it is corrected to.
func TestCorrectToWhatIsNotSold(t *testing.T) {
	for rule, change := range map[ledger.Rule]func(*ledger.Entitlement){
		ledger.RulePartner:    func(e *ledger.Entitlement) { e.Type = ledger.TypeNFR },
		ledger.RuleProduction: func(e *ledger.Entitlement) { e.Type = ledger.TypeStaging }, // it would be its own production
		ledger.RuleDated:      func(e *ledger.Entitlement) { e.Type, e.Expires = ledger.TypeCommunity, time.Time{} },
	} {
		r := newRecord(t, entitlement())
		_, err := r.correct(because("typed wrong"), change)
		wantRefusal(t, err, rule)
	}
	r := newRecord(t, entitlement())
	if _, err := r.correct(override("they test alone"), func(e *ledger.Entitlement) { e.Type = ledger.TypeStaging }); err != nil || !r.sales[inv].Waived {
		t.Errorf("with --override: %+v, %v", r.sales[inv], err)
	}
	// What was waived for one buyer is not for another.
	_, err := r.correct(because("typed wrong"), func(e *ledger.Entitlement) { e.Customer = "Other Ltd" })
	wantRefusal(t, err, ledger.RuleProduction)
	if _, err := r.correct(because("typed wrong"), seats(3)); err != nil || !r.sales[inv].Waived {
		t.Errorf("of the same buyer: %+v, %v", r.sales[inv], err)
	}
}

// One evaluation a customer, whatever it was typed as first.
func TestCorrectToASecondEvaluation(t *testing.T) {
	r := newRecord(t, entitlement(sold("E-1", ledger.TypeEvaluation)), entitlement())
	evaluation := func(e *ledger.Entitlement) { e.Type = ledger.TypeEvaluation }
	_, err := r.correct(because("typed wrong"), evaluation)
	wantRefusal(t, err, ledger.RuleOnce)
	_, err = r.correct(because("typed wrong"), evaluation, func(e *ledger.Entitlement) { e.Customer = "Other Ltd" })
	wantRefusal(t, err, ledger.RuleOnce) // it has the address still
	if _, err = r.correct(because("typed wrong"), evaluation, func(e *ledger.Entitlement) { e.Customer, e.Email = "Other Ltd", "it@other.example" }); err != nil {
		t.Error(err)
	}
	if _, err = r.correctAs(because("typed wrong"), "E-1", func(e *ledger.Entitlement) { e.Invoice = "E-3" }); err != nil {
		t.Errorf("its own number: %v", err)
	}
	// One that was used is not made longer without somebody who may.
	license := r.signed(request(t, 1, asks("E-3", ledger.TypeEvaluation)))
	r.released(license, 1)
	longer := func(e *ledger.Entitlement) { e.Expires = e.Expires.Add(day) }
	_, err = r.correctAs(because("typed wrong"), "E-3", longer)
	wantRefusal(t, err, ledger.RuleOnce)
	if _, err = r.correctAs(override("they were ill"), "E-3", longer); err != nil {
		t.Error(err)
	}
}

// A transfer names the new customer in all licenses, by the rules for whom it has.
func TestTransfer(t *testing.T) {
	r := newRecord(t, entitlement(), entitlement(sold("S-1", ledger.TypeStaging)))
	stage := r.signed(request(t, 1, asks("S-1", ledger.TypeStaging)))
	to := rules.NewTransfer("Other Ltd", "it@other.example")
	_, err := r.revise(by(), inv, to.Salted([]byte("salt")))
	wantRefusal(t, err, ledger.RuleReason)
	_, err = r.revise(because("sold to them"), "S-1", to.Salted([]byte("salt")))
	wantRefusal(t, err, ledger.RuleProduction)
	r.signed(request(t, 2))
	got, err := r.revise(because("sold to them"), inv, to.Salted([]byte("salt")))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || r.says(got[0]).Customer != "Other Ltd" {
		t.Errorf("licenses: %v", got)
	}
	r.refused(request(t, 3, asks("S-1", ledger.TypeStaging)), ledger.RuleProduction) // what it had is another's now
	if _, err = r.revise(because("sold to them"), "S-1", to.Salted([]byte("salt"))); err != nil {
		t.Error(err)
	}
	if again := r.signed(request(t, 1, asks("S-1", ledger.TypeStaging))); again.ID == stage.ID {
		t.Error("the license names the customer before")
	}
}

// A new name is that of all that was sold; the mark of a partner goes with it, unless the
// name is another customer's.
func TestRename(t *testing.T) {
	rename := func(r *record, op *ledger.Operation, from, to string) error {
		_, err := ask(r, op, func(f *rules.Facts) (int, []*rules.Step, error) {
			steps, err := rules.Rename(f, op, from, to)
			return len(steps), steps, err
		})
		return err
	}
	named := func(invoice, customer string) *ledger.Entitlement {
		return entitlement(func(e *ledger.Entitlement) { e.Invoice, e.Customer = invoice, customer })
	}
	r := newRecord(t, named("A", "Site Ltd"), named("B", "SITE  ltd"), named("C", "Other Ltd"))
	r.partners[ledger.CustomerKey("Site Ltd")] = true
	wantRefusal(t, rename(r, by(), "Site Ltd", "Site Limited"), ledger.RuleReason)
	for _, wrong := range [][2]string{{"Nobody", "Site Limited"}, {"Site Ltd", " "}, {"Site Ltd", "a\x00b"}} {
		if err := rename(r, because("x"), wrong[0], wrong[1]); err == nil {
			t.Errorf("%q is renamed", wrong)
		}
	}
	if err := rename(r, because("they say so"), "site ltd", " Site  Limited"); err != nil {
		t.Fatal(err)
	}
	if r.sales["A"].Customer != "Site Limited" || r.sales["B"].Customer != "Site Limited" || r.sales["C"].Customer != "Other Ltd" {
		t.Errorf("the sales are those of %q, %q, %q", r.sales["A"].Customer, r.sales["B"].Customer, r.sales["C"].Customer)
	}
	if !r.partners["site limited"] || r.partners["site ltd"] {
		t.Errorf("partners: %v", r.partners)
	}
	r.unchanged(func() {
		if err := rename(r, because("again"), "Site Limited", "Site Limited"); err != nil {
			t.Error(err)
		}
	})
	if err := rename(r, because("they are one"), "Site Limited", "Other Ltd"); err != nil {
		t.Fatal(err)
	}
	if r.partners["other ltd"] || slices.ContainsFunc([]string{"A", "B", "C"}, func(i string) bool { return r.sales[i].Customer != "Other Ltd" }) {
		t.Errorf("as one: %v, %v", r.sales["A"], r.partners)
	}
}
