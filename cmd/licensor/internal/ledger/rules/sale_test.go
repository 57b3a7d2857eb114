package rules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
)

// sell tries to record an entitlement that differs from the usual one.
func (r *record) sell(op *ledger.Operation, changes ...func(*ledger.Entitlement)) error {
	r.Helper()
	_, err := r.importing(op, entitlement(changes...))
	return err[0]
}

// importing tries to record many sales at once, as an import does, and returns what
// became of each. All that can be recorded is.
func (r *record) importing(op *ledger.Operation, sales ...*ledger.Entitlement) (recorded []*ledger.Entitlement, errs []error) {
	r.Helper()
	errs, _ = ask(r, op, func(f *rules.Facts) (errs []error, steps []*rules.Step, _ error) {
		for _, e := range sales {
			if e.Type == ledger.TypeProduction && len(sales) > 1 {
				f.AssumeProduction(e)
			}
		}
		for _, e := range sales {
			step, err := rules.Entitle(f, op, e)
			if errs = append(errs, err); err == nil {
				steps = append(steps, step)
			}
		}
		return errs, steps, nil
	})
	for i, e := range sales {
		if recorded = append(recorded, nil); errs[i] == nil {
			recorded[i] = r.sales[e.Invoice]
		}
	}
	return recorded, errs
}

func (r *record) sold(changes ...func(*ledger.Entitlement)) {
	r.Helper()
	if err := r.sell(by(), changes...); err != nil {
		r.Fatal(err)
	}
}

func (r *record) partner(name string, is bool) {
	r.Helper()
	_, err := ask(r, by(), func(*rules.Facts) (struct{}, []*rules.Step, error) {
		step, err := rules.SetCustomer(ledger.Customer{Name: name, Partner: is})
		return struct{}{}, []*rules.Step{step}, err
	})
	if err != nil {
		r.Fatal(err)
	}
}

func TestSetCustomer(t *testing.T) {
	for name, want := range map[string]string{
		"Site Ltd": "Site Ltd", " Site \t Ltd\n": "Site Ltd", "Übersetzer GmbH": "Übersetzer GmbH",
		"": "", "  ": "", "\x1b[2J": "", strings.Repeat("x", 129): "",
	} {
		step, err := rules.SetCustomer(ledger.Customer{Name: name, Partner: true})
		if want == "" {
			if wantHint(t, err, "name the customer"); step != nil {
				t.Errorf("%q is recorded", name)
			}
			continue
		}
		if got, ok := step.Event.Detail.(ledger.Customer); err != nil || !ok || got.Name != want || !got.Partner || step.Event.Action != ledger.ActionCustomer {
			t.Errorf("%q is recorded as %+v, %v", name, step, err)
		}
	}
}

// What is sold is recorded as it is, and an invoice once.
func TestEntitle(t *testing.T) {
	r := newRecord(t)
	e := entitlement()
	if err := r.sell(by()); err != nil {
		t.Fatal(err)
	}
	if !ledger.Same(r.sales[inv], e) || r.last().Action != ledger.ActionEntitle || r.last().Invoice != inv {
		t.Errorf("on record: %+v", r.last())
	}
	r.unchanged(func() {
		wantHint(t, r.sell(override("please"), seats(5)), `"licensor list --invoice `+inv+`"`, inv+"-2")
	})
	// Twice in one batch, too.
	_, errs := newRecord(t).importing(by(), entitlement(), entitlement())
	if errs[0] != nil || errs[1] == nil {
		t.Errorf("the same invoice twice: %v", errs)
	}
}

func TestNFROnlyForPartners(t *testing.T) {
	nfr := func(e *ledger.Entitlement) { e.Type = "nfr" }
	r := newRecord(t)
	wantRefusal(t, r.sell(by(), nfr), ledger.RulePartner, "Site Ltd")
	wantRefusal(t, r.sell(override("they are nice"), nfr), ledger.RulePartner)
	r.partner(" site  LTD", true)
	r.sold(nfr)
	r.signed(request(t, 1, asks(inv, "nfr")))
	r.partner("Site Ltd", false)
	r.refused(request(t, 2, asks(inv, "nfr")), ledger.RulePartner)
	_, err := r.amend(by(), seats(2))
	wantRefusal(t, err, ledger.RulePartner)
}

func evaluation(invoice, customer, product, email string) func(*ledger.Entitlement) {
	return func(e *ledger.Entitlement) {
		e.Type, e.Invoice, e.Customer, e.Product, e.Email = "evaluation", invoice, customer, product, email
	}
}

// A customer is known by the name and by the account, however either was typed.
func TestEvaluationOnce(t *testing.T) {
	const ops = "ops@site.example"
	for name, test := range map[string]struct {
		customer, product, email string
		refused                  bool
	}{
		"the same":                     {"Site Ltd", "evoq", ops, true},
		"the name in other letters":    {"SITE  ltd", "evoq", "me@site.example", true},
		"another name, the account":    {"Site Limited", "evoq", ops, true},
		"the account in other letters": {"Site Limited", "evoq", " OPS@SITE.EXAMPLE ", true},
		"another product":              {"Site Ltd", "liquid", ops, false},
		"somebody else":                {"Other Ltd", "evoq", "ops@other.example", false},
	} {
		t.Run(name, func(t *testing.T) {
			second := evaluation("EV-2", test.customer, test.product, test.email)
			for how, r := range map[string]*record{"one by one": newRecord(t), "in one import": newRecord(t)} {
				var err error
				if how == "one by one" {
					r.sold(sold("P-1", "production")) // no evaluation
					r.sold(evaluation("EV-1", "Site Ltd", "evoq", "Ops@Site.example"))
					err = r.sell(by(), second)
				} else {
					_, errs := r.importing(by(), entitlement(sold("P-1", "production")), entitlement(evaluation("EV-1", "Site Ltd", "evoq", "Ops@Site.example")), entitlement(second))
					if errs[0] != nil || errs[1] != nil {
						t.Fatalf("%s: %v", how, errs)
					}
					err = errs[2]
				}
				if !test.refused {
					if err != nil {
						t.Errorf("%s: %v", how, err)
					}
					continue
				}
				wantRefusal(t, err, ledger.RuleOnce, "EV-1", "evoq")
				wantHint(t, err, ledger.LiftOverride)
				if err := r.sell(override("new staff at the customer's"), second); err != nil {
					t.Errorf("%s, with a reason: %v", how, err)
				}
			}
		})
	}
}

// Who had it is named as that one is called, where it is known by the account.
func TestEvaluationNamesWhoHadIt(t *testing.T) {
	r := newRecord(t)
	r.sold(evaluation("EV-1", "Site Ltd", "evoq", "ops@site.example"))
	wantRefusal(t, r.sell(by(), evaluation("EV-2", "Site Limited", "evoq", "OPS@site.example")), ledger.RuleOnce, `"Site Ltd", with the e-mail address OPS@site.example,`)
	wantRefusal(t, r.sell(by(), evaluation("EV-2", "SITE LTD", "evoq", "me@site.example")), ledger.RuleOnce, `"SITE LTD" has had`)
}

// free are the types that require production.
var free = []string{"staging", "test", "development", "failover"}

func TestProductionRequired(t *testing.T) {
	ends := now.Add(15 * day)
	for _, kind := range free {
		t.Run(kind, func(t *testing.T) {
			besides := func(e *ledger.Entitlement) { sold("X-1", kind)(e); e.Seats = 3 }
			r := newRecord(t)
			refused := func(what string) {
				t.Helper()
				t.Log(what)
				wantRefusal(t, r.sell(by(), besides), ledger.RuleProduction, kind, "Site Ltd", "evoq")
			}
			refused("nothing was bought")
			r.sold(sold("P-1", "production"), func(e *ledger.Entitlement) { e.Customer = "Other Ltd" })
			refused("another customer's production")
			r.sold(sold("P-2", "production"), func(e *ledger.Entitlement) { e.Product = "liquid" })
			refused("production of another product")
			r.sold(sold("C-1", "community"))
			r.sold(sold("E-1", "evaluation"))
			r.partner("Site Ltd", true)
			r.sold(sold("P-3", "nfr"))
			r.partner("Site Ltd", false)
			refused("licenses that nobody paid for")

			r.sold(sold("P-4", "production"), func(e *ledger.Entitlement) { e.Expires, e.GraceDays = ends.Add(-5*day), 5 })
			r.sold(besides)
			if _, err := r.signAs(byAt(ends.Add(-time.Second)), request(t, 1, asks("X-1", kind))); err != nil {
				t.Errorf("in the grace of production: %v", err)
			}
			after := ends
			q := request(t, 2, asks("X-1", kind))
			_, err := r.signAs(byAt(after), q)
			wantRefusal(t, err, ledger.RuleProduction)
			wantHint(t, err, ledger.LiftOverride, "partners need none")
			op := overrideAt(after, "the renewal is in the mail")
			if _, err := rules.Judge(r.facts(), op, q); err != nil {
				t.Errorf("preview with --override: %v", err)
			}
			if _, err := r.signAs(op, q); err != nil {
				t.Errorf("with --override: %v", err)
			}
			// What has its license keeps it.
			if _, err := r.signAs(byAt(after), q); err != nil {
				t.Errorf("the same request again: %v", err)
			}
			// A perpetual one is enough, whatever else ends.
			r.sold(sold("P-5", "production"), func(e *ledger.Entitlement) { e.Expires = time.Time{} })
			if _, err := r.signAs(byAt(after), request(t, 3, asks("X-1", kind))); err != nil {
				t.Errorf("with a perpetual one: %v", err)
			}
		})
	}
}

func TestProductionNotRequired(t *testing.T) {
	for _, kind := range []string{"production", "evaluation", "community"} {
		r := newRecord(t)
		r.sold(sold(inv, kind))
		r.signed(request(t, 1, asks(inv, kind)))
	}
	for _, kind := range append(free, "nfr") { // of partners
		r := newRecord(t)
		r.partner("Site Ltd", true)
		r.sold(sold(inv, kind))
		r.signed(request(t, 1, asks(inv, kind)))
		if r.sales[inv].Waived {
			t.Errorf("%s: nothing was lifted, and it is waived", kind)
		}
	}
}

// Staff may lift the rule, with a reason that stays on record, and then for good.
func TestProductionWaived(t *testing.T) {
	stage := func(e *ledger.Entitlement) { e.Type, e.Seats = "staging", 2 }
	r := newRecord(t)
	if err := r.sell(override("production is on order"), stage); err != nil {
		t.Fatal(err)
	}
	if e := r.last(); e.Why != "production is on order" || !e.Detail.(*ledger.Entitlement).Waived {
		t.Errorf("on record: %+v", e)
	}
	r.signed(request(t, 1, asks(inv, "staging")))
	if _, err := r.amend(by(), func(e *ledger.Entitlement) { e.Seats, e.Waived = 3, false }); err != nil || !r.sales[inv].Waived {
		t.Errorf("amended: %v, waived: %v", err, r.sales[inv].Waived)
	}
	// Nobody says so but staff: not who writes the order, nor who amends it.
	r = newRecord(t)
	wantRefusal(t, r.sell(by(), stage, func(e *ledger.Entitlement) { e.Waived = true }), ledger.RuleProduction)
	r.sold(sold("P-1", "production"))
	r.sold(stage, func(e *ledger.Entitlement) { e.Waived = true })
	if _, err := r.amend(by(), func(e *ledger.Entitlement) { e.Waived, e.Seats = true, 5 }); err != nil || r.sales[inv].Waived {
		t.Errorf("an order that says so is waived: %v", err)
	}
}

// What staff lift another rule for, while production runs, still requires production.
func TestProductionIsWaivedOnlyWhereItRefuses(t *testing.T) {
	ends := now.Add(30 * day)
	r := newRecord(t)
	r.sold(sold("P-1", "production"), func(e *ledger.Entitlement) { e.Expires = ends })
	op := override("the clock was wrong")
	if err := r.sell(op, sold("T-1", "test"), seats(2)); err != nil {
		t.Fatal(err)
	}
	more := func(op *ledger.Operation) {
		t.Helper()
		if _, err := r.revise(op, "T-1", amendment(func(e *ledger.Entitlement) { e.Seats++ })); err != nil {
			t.Fatal(err)
		}
	}
	wantWaived := func(want bool) {
		t.Helper()
		if got := r.sales["T-1"].Waived; got != want {
			t.Errorf("it is waived: %v, want %v", got, want)
		}
	}
	wantWaived(false)
	more(op)
	wantWaived(false)
	late := ends.Add(time.Second)
	_, err := r.signAs(byAt(late), request(t, 1, asks("T-1", "test")))
	wantRefusal(t, err, ledger.RuleProduction)
	_, err = r.revise(byAt(late), "T-1", amendment(func(e *ledger.Entitlement) { e.Seats++ }))
	wantRefusal(t, err, ledger.RuleProduction)
	more(overrideAt(late, "the renewal is in the mail"))
	wantWaived(true)
	if _, err := r.signAs(byAt(late), request(t, 1, asks("T-1", "test"))); err != nil {
		t.Errorf("waived: %v", err)
	}
	more(byAt(late))
	wantWaived(true) // for good
}

// In one import production counts wherever it is in the file, and one that is refused
// itself is no reason to refuse what requires it.
func TestProductionWithinOneImport(t *testing.T) {
	order := func(invoice, kind, product string) *ledger.Entitlement {
		return entitlement(sold(invoice, kind), func(e *ledger.Entitlement) { e.Product = product })
	}
	r := newRecord(t, order("OLD", "production", "solid"))
	recorded, errs := r.importing(by(),
		order("A", "staging", "evoq"), order("B", "production", "evoq"), // its production comes later
		order("C", "test", "gone"),                                       // has none
		order("D", "test", "solid"), order("OLD", "production", "solid")) // in the ledger already
	for i, refused := range []bool{false, false, true, false, true} {
		if (errs[i] != nil) != refused {
			t.Errorf("order %d: %v", i, errs[i])
		}
	}
	wantRefusal(t, errs[2], ledger.RuleProduction, "gone")
	if recorded[0].Waived {
		t.Error("production is in the file, and is waived")
	}
	// Staff may lift it, and it is waived where it refused alone.
	recorded, errs = newRecord(t).importing(override("on order"), order("A", "staging", "evoq"), order("B", "production", "evoq"), order("C", "test", "gone"))
	for i, want := range []bool{false, false, true} {
		if errs[i] != nil || recorded[i].Waived != want {
			t.Errorf("order %d: %v, waived: %v", i, errs[i], recorded[i].Waived)
		}
	}
}
