package rules_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
)

// Each rule once: what it refuses and what it lets pass, who may lift it, and the way out
// that its hint names. The other files look into each of them.
func TestEachRule(t *testing.T) {
	endless := func(e *ledger.Entitlement) { e.Type, e.Expires = "evaluation", time.Time{} }
	only := func(_ any, err error) error { return err }
	table := map[ledger.Rule]struct {
		lift, next      string
		refused, passed func(r *record, op *ledger.Operation) error
	}{
		ledger.RuleClaim: {ledger.LiftNobody, `"licensor show ` + inv + `"`,
			func(r *record, op *ledger.Operation) error {
				return only(r.signAs(op, request(r, 1, func(q *format.Request) { q.Account[0] ^= 1 })))
			},
			func(r *record, op *ledger.Operation) error { return only(r.signAs(op, request(r, 1))) }},
		ledger.RuleProduct: {ledger.LiftSales, "--product evoq",
			func(r *record, op *ledger.Operation) error {
				return only(r.signAs(op, request(r, 1, func(q *format.Request) { q.Product = "liquid" })))
			},
			func(r *record, op *ledger.Operation) error { return only(r.signAs(op, request(r, 1))) }},
		ledger.RuleType: {ledger.LiftSales, "--type production",
			func(r *record, op *ledger.Operation) error {
				return only(r.signAs(op, request(r, 1, func(q *format.Request) { q.Type = "test" })))
			},
			func(r *record, op *ledger.Operation) error { return only(r.signAs(op, request(r, 1))) }},
		ledger.RuleNames: {ledger.LiftNew, `"licensor product show evoq"`,
			func(r *record, op *ledger.Operation) error { return r.sellNamed(op, "sssso") },
			func(r *record, op *ledger.Operation) error { return r.sellNamed(op, "sso") }},
		ledger.RuleTerm: {ledger.LiftSales, "licensor renew " + inv + " --expires DATE --out DIR",
			func(r *record, op *ledger.Operation) error {
				op.Now = entitlement().Expires.Add(day)
				return only(r.signAs(op, request(r, 1)))
			},
			func(r *record, op *ledger.Operation) error { return only(r.signAs(op, request(r, 1))) }},
		ledger.RuleSeats: {"sales: licensor amend " + inv + " --seats 2 --out DIR", "licensor deactivate " + inv + " --activation ID --why TEXT",
			func(r *record, op *ledger.Operation) error {
				r.signed(request(r, 1))
				return only(r.signAs(op, request(r, 2)))
			},
			func(r *record, op *ledger.Operation) error { return only(r.signAs(op, request(r, 2))) }},
		ledger.RuleAllowance: {"sales: licensor amend D-1 --allowance 2 --out DIR", "raise the allowance",
			func(r *record, op *ledger.Operation) error {
				r.sold(sold("D-1", "development"), func(e *ledger.Entitlement) { e.Allowance = 1 })
				r.signed(request(r, 1, asks("D-1", "development")))
				return only(r.signAs(op, request(r, 2, asks("D-1", "development"))))
			},
			func(r *record, op *ledger.Operation) error {
				r.sold(sold("D-1", "development"), func(e *ledger.Entitlement) { e.Allowance = 1 })
				return only(r.signAs(op, request(r, 1, asks("D-1", "development"))))
			}},
		ledger.RulePartner: {"who decides about partners, by marking the customer as one", `licensor customer "Site Ltd" --partner`,
			func(r *record, op *ledger.Operation) error { return r.sell(op, sold("N-1", "nfr")) },
			func(r *record, op *ledger.Operation) error {
				r.partner("Site Ltd", true)
				return r.sell(op, sold("N-1", "nfr"))
			}},
		ledger.RuleDated: {ledger.LiftNobody, "--expires",
			func(r *record, op *ledger.Operation) error {
				return entitlement(endless).Check(vendor, op.Now)
			},
			func(r *record, op *ledger.Operation) error {
				return entitlement(sold("E-1", "evaluation")).Check(vendor, op.Now)
			}},
		ledger.RuleOnce: {ledger.LiftOverride, "sell the product",
			func(r *record, op *ledger.Operation) error {
				r.sold(sold("E-1", "evaluation"))
				return r.sell(op, sold("E-2", "evaluation"))
			},
			func(r *record, op *ledger.Operation) error { return r.sell(op, sold("E-2", "evaluation")) }},
		ledger.RuleProduction: {ledger.LiftOverride + "; partners need none", "licensor renew INVOICE --expires DATE --out DIR",
			func(r *record, op *ledger.Operation) error {
				return r.sell(op, sold("T-1", "test"), func(e *ledger.Entitlement) { e.Customer = "Other Ltd" })
			},
			func(r *record, op *ledger.Operation) error { return r.sell(op, sold("T-1", "test")) }},
		ledger.RuleBinding: {"sales: licensor amend " + inv + " --binding any --out DIR", "make a request",
			func(r *record, op *ledger.Operation) error { return only(r.unbound("")) },
			func(r *record, op *ledger.Operation) error {
				if _, err := r.amend(op, func(e *ledger.Entitlement) { e.Binding = "any" }); err != nil {
					return err
				}
				return only(r.unbound(""))
			}},
		ledger.RuleIdentity: {"sales: licensor amend " + inv + " --demand none --out DIR", "a new request made",
			func(r *record, op *ledger.Operation) error {
				r.sales[inv] = entitlement(demanding)
				return only(r.signAs(op, request(r, 1, on("m1 u1 r1"), hiding(format.LabelProductUUID))))
			},
			func(r *record, op *ledger.Operation) error {
				r.sales[inv] = entitlement(demanding)
				return only(r.signAs(op, request(r, 1, on("m1 u1 r1"))))
			}},
		ledger.RuleMachine: {ledger.LiftOverride, `"offlicense request"`,
			func(r *record, op *ledger.Operation) error {
				r.signed(request(r, 1, on("m1 u1 r1")))
				return only(r.signAs(op, request(r, 1, on("m2 u2 r2"))))
			},
			func(r *record, op *ledger.Operation) error {
				first := r.signed(request(r, 1, on("m1 u1 r1")))
				return only(r.signAs(op, signing(r, 1, on("m2 u2 r2"), replacing(first))))
			}},
		ledger.RuleMoves: {ledger.LiftOverride, "--moves N --out DIR",
			func(r *record, op *ledger.Operation) error {
				r.sales[inv] = entitlement(movesSold(0))
				r.released(r.signed(request(r, 1)), 1)
				return only(r.signAs(op, request(r, 2)))
			},
			func(r *record, op *ledger.Operation) error {
				r.released(r.signed(request(r, 1)), 1)
				return only(r.signAs(op, request(r, 2)))
			}},
		ledger.RuleClock: {ledger.LiftOverride, "set the clock",
			func(r *record, op *ledger.Operation) error {
				return only(rules.CheckClock(op.Now.Add(2*time.Hour), op))
			},
			func(r *record, op *ledger.Operation) error { return only(rules.CheckClock(op.Now.Add(time.Hour), op)) }},
		ledger.RuleFrozen: {ledger.LiftNobody, "--ledger",
			func(_ *record, op *ledger.Operation) error {
				return rules.CheckFrozen(&rules.Facts{Frozen: &ledger.Frozen{Move: 1, Target: "there"}})
			},
			func(_ *record, op *ledger.Operation) error { return rules.CheckFrozen(&rules.Facts{}) }},
		ledger.RuleReason: {ledger.LiftNobody, "--why",
			func(r *record, op *ledger.Operation) error {
				return only(r.deactivate(by(), inv, r.signed(request(r, 1)).Activation))
			},
			func(r *record, op *ledger.Operation) error {
				return only(r.deactivate(because("it died"), inv, r.signed(request(r, 1)).Activation))
			}},
		ledger.RuleActive: {ledger.LiftNobody, `"licensor history`,
			func(r *record, op *ledger.Operation) error {
				license := r.signed(request(r, 1))
				r.released(license, 1)
				op.Why = "it died"
				return only(r.deactivate(op, inv, license.Activation))
			},
			func(r *record, op *ledger.Operation) error {
				return only(r.deactivate(because("it died"), inv, r.signed(request(r, 1)).Activation))
			}},
		ledger.RuleRequest: {ledger.LiftNobody, "make a new request",
			func(r *record, op *ledger.Operation) error {
				r.released(r.signed(request(r, 1)), 1)
				return only(r.signAs(op, request(r, 1)))
			},
			func(r *record, op *ledger.Operation) error {
				r.released(r.signed(request(r, 1)), 1)
				return only(r.signAs(op, request(r, 1, later)))
			}},
		ledger.RuleRelease: {ledger.LiftNobody, "the server itself wrote",
			func(r *record, op *ledger.Operation) error { return only(r.release(op, r.signed(request(r, 1)), 2, 0)) },
			func(r *record, op *ledger.Operation) error { return only(r.release(op, r.signed(request(r, 1)), 1, 0)) }},
		ledger.RuleMove: {ledger.LiftNobody, "licensor deactivate",
			func(r *record, op *ledger.Operation) error {
				old, _, _ := r.moving()
				op.Why = "once more"
				return only(r.move(op, old.Activation, day, request(r, 3)))
			},
			func(r *record, op *ledger.Operation) error {
				return only(r.move(because("new hardware"), r.signed(request(r, 1)).Activation, day, request(r, 3)))
			}},
		ledger.RuleRevoked: {ledger.LiftNobody, `"licensor history`,
			func(r *record, op *ledger.Operation) error {
				r.mustRevoke(r.signed(request(r, 1)))
				return only(r.signAs(op, request(r, 1, later)))
			},
			func(r *record, op *ledger.Operation) error {
				r.signed(request(r, 1))
				return only(r.signAs(op, request(r, 1, later)))
			}},
		ledger.RuleSigned: {ledger.LiftNobody, "cancel it",
			func(r *record, op *ledger.Operation) error {
				r.released(r.signed(request(r, 1)), 1)
				op.Why = "typed wrong"
				return only(r.correct(op, func(e *ledger.Entitlement) { e.Invoice = "INV0043" }))
			},
			func(r *record, op *ledger.Operation) error {
				return only(r.correct(because("typed wrong"), func(e *ledger.Entitlement) { e.Invoice = "INV0043" }))
			}},
		ledger.RuleStanding: {"staff: licensor resume INV0042-1 --why TEXT", "says why it is",
			func(r *record, op *ledger.Operation) error {
				r.stands(ledger.StandingSuspended)
				return only(r.signAs(op, request(r, 1)))
			},
			func(r *record, op *ledger.Operation) error {
				r.stands(ledger.StandingSuspended)
				r.stands("")
				return only(r.signAs(op, request(r, 1)))
			}},
	}
	for _, rule := range allRules(t) {
		test, found := table[rule]
		if !found {
			t.Errorf("rule %s is not tried", rule)
			continue
		}
		t.Run(string(rule), func(t *testing.T) {
			if err := test.passed(newRecord(t, entitlement()), by()); err != nil {
				t.Errorf("it refuses what is right: %v", err)
			}
			err := test.refused(newRecord(t, entitlement()), by())
			wantRefusal(t, err, rule)
			refusal := new(ledger.Refusal)
			if errors.As(err, &refusal); refusal.Lift != test.lift {
				t.Errorf("%q is lifted by %q, want %q", refusal, refusal.Lift, test.lift)
			}
			wantHint(t, err, test.next)
			// Customers are told what they may know: not by whom and with which commands.
			if told := refusal.ForCustomers(); told == "" || strings.Contains(told, "Site Ltd") || strings.Contains(told, inv) || strings.Contains(told, "licensor") {
				t.Errorf("customers are told %q", told)
			}
			// Nobody else lifts it: an override is for those rules alone that say so.
			err = test.refused(newRecord(t, entitlement()), override("please"))
			if strings.HasPrefix(test.lift, ledger.LiftOverride) {
				if err != nil {
					t.Errorf("with --override: %v", err)
				}
			} else {
				wantRefusal(t, err, rule)
			}
		})
	}
}

// allRules returns the rules that the source names.
func allRules(t *testing.T) []ledger.Rule {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../refusal.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []ledger.Rule
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
			if of, ok := v.Type.(*ast.Ident); ok && of.Name == "Rule" {
				name, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, ledger.Rule(name))
			}
		}
		return true
	})
	if len(all) < 20 {
		t.Fatalf("%d rules", len(all))
	}
	return all
}
