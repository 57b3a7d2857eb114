package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/verify"
)

var ctx = context.Background()

func partner(t testing.TB, l *ledger.Ledger, name string, is bool) {
	t.Helper()
	if err := l.SetCustomer(ctx, operation(), ledger.Customer{Name: name, Partner: is}); err != nil {
		t.Fatal(err)
	}
}

// sell tries to record an entitlement that differs from the usual one.
func sell(l *ledger.Ledger, by ledger.Operation, change func(e *ledger.Entitlement)) error {
	e := entitlement()
	change(&e)
	return l.Entitle(ctx, by, e)
}

func TestNFROnlyForPartners(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		nfr := func(e *ledger.Entitlement) { e.Type = "nfr" }
		wantRefusal(t, sell(l, operation(), nfr), ledger.RulePartner, "Site Ltd")
		wantRefusal(t, sell(l, override("they are nice"), nfr), ledger.RulePartner)
		partner(t, l, " site  LTD", true)
		if err := sell(l, operation(), nfr); err != nil {
			t.Fatal(err)
		}
		q := request(t, 1, asks("INV0042-1", "nfr"))
		signed(t, l, q)
		partner(t, l, "Site Ltd", false)
		_, err := sign(t, l, request(t, 2, asks("INV0042-1", "nfr")))
		wantRefusal(t, err, ledger.RulePartner)
	})
}

func TestEvaluationIsAlwaysDated(t *testing.T) { testAlwaysDated(t, "evaluation") }
func TestCommunityAlwaysHasAnEnd(t *testing.T) { testAlwaysDated(t, "community") }
func testAlwaysDated(t *testing.T, kind string) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		endless := func(e *ledger.Entitlement) { e.Type, e.Expires = kind, time.Time{} }
		wantRefusal(t, sell(l, operation(), endless), ledger.RuleDated, kind)
		wantRefusal(t, sell(l, override("please"), endless), ledger.RuleDated)
		sold(t, l, func(e *ledger.Entitlement) { e.Type = kind })
		_, err := l.Amend(ctx, operation(), "INV0042-1", func(e *ledger.Entitlement) error {
			e.Expires = time.Time{}
			return nil
		}, issue(t, now))
		wantRefusal(t, err, ledger.RuleDated)
		_, err = l.Renew(ctx, override("please"), "INV0042-1", ledger.Renewal{Perpetual: true}, issue(t, now))
		wantRefusal(t, err, ledger.RuleDated)
	})
}

func TestEvaluationOncePerCustomerAndProduct(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		evaluation := func(invoice, customer, product string) func(*ledger.Entitlement) {
			return func(e *ledger.Entitlement) {
				e.Type, e.Invoice, e.Customer, e.Product = "evaluation", invoice, customer, product
			}
		}
		sold(t, l, evaluation("EV-1", "Site Ltd", "evoq"))
		wantRefusal(t, sell(l, operation(), evaluation("EV-2", "SITE  ltd", "evoq")), ledger.RuleOnce, "EV-1")
		sold(t, l, evaluation("EV-3", "Site Ltd", "liquid"))
		wantRefusal(t, sell(l, operation(), evaluation("EV-4", "Other Ltd", "evoq")), ledger.RuleOnce, "ops@site.example", "EV-1")
		sold(t, l, func(e *ledger.Entitlement) {
			evaluation("EV-4", "Other Ltd", "evoq")(e)
			e.Email = "ops@other.example"
		})
		wantRefusal(t, sell(l, ledger.Operation{Operator: "anna", Now: now, Override: true}, evaluation("EV-5", "Site Ltd", "evoq")), ledger.RuleReason)
		if err := sell(l, override("new staff at the customer's"), evaluation("EV-5", "Site Ltd", "evoq")); err != nil {
			t.Fatal(err)
		}
		// A longer evaluation is a second one.
		later := ledger.Renewal{Expires: entitlement().Expires.Add(30 * day)}
		_, err := l.Renew(ctx, operation(), "EV-1", later, issue(t, now))
		wantRefusal(t, err, ledger.RuleOnce)
		_, err = l.Amend(ctx, operation(), "EV-1", func(e *ledger.Entitlement) error { e.Expires = later.Expires; return nil }, issue(t, now))
		wantRefusal(t, err, ledger.RuleOnce)
		if _, err := l.Renew(ctx, override("the demo was ill"), "EV-1", later, issue(t, now)); err != nil {
			t.Error(err)
		}
	})
}

// A respelled name is no new customer: the account is the same, however it is typed.
func TestEvaluationOncePerAccount(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		evaluation := func(invoice, customer, email string) func(*ledger.Entitlement) {
			return func(e *ledger.Entitlement) {
				e.Type, e.Invoice, e.Customer, e.Email = "evaluation", invoice, customer, email
			}
		}
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.Customer = "P-1", "Sight Ltd" }) // no evaluation
		sold(t, l, evaluation("EV-1", "Site Ltd", "Ops@Site.example"))
		for _, email := range []string{"Ops@Site.example", "ops@site.example", " OPS@SITE.EXAMPLE "} {
			wantRefusal(t, sell(l, operation(), evaluation("EV-2", "Site Limited", email)), ledger.RuleOnce, "Site Ltd", strings.TrimSpace(email), "EV-1")
		}
		err := l.Import(ctx, operation(), []ledger.ImportRow{
			{Line: 2, Entitlement: evaluated(evaluation("EV-2", "Site Limited", "ops@SITE.example"))},
			{Line: 3, Entitlement: evaluated(evaluation("EV-3", "New Ltd", "new@site.example"))},
			{Line: 4, Entitlement: evaluated(evaluation("EV-4", "Now Ltd", "NEW@site.example"))},
		}, nil)
		if got := wrongLines(t, err); got != "2 3 4" {
			t.Errorf("wrong lines: %s", got)
		}
		sold(t, l, evaluation("EV-5", "Other Ltd", "ops@other.example"))
		_, err = l.Amend(ctx, because("they merged"), "EV-5", func(e *ledger.Entitlement) error { e.Email = "ops@site.EXAMPLE"; return nil }, issue(t, now))
		wantRefusal(t, err, ledger.RuleOnce, "EV-1")
		if err := sell(l, override("new staff at the customer's"), evaluation("EV-2", "Site Limited", "ops@site.example")); err != nil {
			t.Error(err)
		}
		if _, err := l.Amend(ctx, because("they need less"), "EV-2", func(e *ledger.Entitlement) error { e.Edition = "small"; return nil }, issue(t, now)); err != nil {
			t.Errorf("the second one, which was allowed, is amended: %v", err)
		}
		wantClean(t, l, nil)
	})
}

func evaluated(change func(*ledger.Entitlement)) ledger.Entitlement {
	e := entitlement()
	change(&e)
	return e
}

// What makes an evaluation more than it was has its reason on record. To make it longer
// is a second one, by its end as by its grace.
func TestEvaluationIsWidenedWithAReason(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Type, e.Seats, e.Limits["users"] = "evaluation", 2, 5 })
		amend := func(by ledger.Operation, change func(e *ledger.Entitlement)) error {
			_, err := l.Amend(ctx, by, "INV0042-1", func(e *ledger.Entitlement) error { change(e); return nil }, issue(t, now))
			return err
		}
		for name, change := range map[string]func(e *ledger.Entitlement){
			"seats":         func(e *ledger.Entitlement) { e.Seats++ },
			"limit":         func(e *ledger.Entitlement) { e.Limits["cores"]++ },
			"no limit":      func(e *ledger.Entitlement) { delete(e.Limits, "users") },
			"any machine":   func(e *ledger.Entitlement) { e.Unbound = true },
			"feature":       func(e *ledger.Entitlement) { e.Features = append(e.Features, "cdn") },
			"other edition": func(e *ledger.Entitlement) { e.Edition = "premier" },
			"other account": func(e *ledger.Entitlement) { e.Email = "me@site.example" },
		} {
			if err := amend(operation(), change); err == nil {
				t.Errorf("%s: amended without a reason", name)
			} else {
				wantRefusal(t, err, ledger.RuleReason)
			}
			if err := amend(because("the trial has grown"), change); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, longer := range map[string]func(e *ledger.Entitlement){
			"end":   func(e *ledger.Entitlement) { e.Expires = e.Expires.Add(day) },
			"grace": func(e *ledger.Entitlement) { e.GraceDays = 14 },
		} {
			if err := amend(because("they were ill"), longer); err == nil {
				t.Errorf("%s: made longer without --override", name)
			} else {
				wantRefusal(t, err, ledger.RuleOnce)
			}
			if err := amend(override("they were ill"), longer); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		narrower := func(e *ledger.Entitlement) {
			e.Seats, e.Expires, e.Limits["users"], e.Features, e.MaxVersion = 1, e.Expires.Add(-30*day), 5, nil, "9.x"
		}
		if err := amend(operation(), narrower); err != nil {
			t.Errorf("narrower: %v", err)
		}
		wantRefusal(t, amend(operation(), func(e *ledger.Entitlement) { e.MaxVersion = "" }), ledger.RuleReason)
	})
}

func TestProductionNeededBeside(t *testing.T) {
	for _, kind := range []string{"staging", "test", "development", "failover"} {
		t.Run(kind, func(t *testing.T) {
			everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
				beside := func(invoice string) func(e *ledger.Entitlement) {
					return func(e *ledger.Entitlement) {
						e.Invoice, e.Type, e.Seats = invoice, kind, 2
						if kind == "failover" {
							e.EmergencyDays = 30
						}
					}
				}
				refused := func(what string) {
					t.Helper()
					err := sell(l, operation(), beside("X-1"))
					wantRefusal(t, err, ledger.RuleProduction, kind, "Site Ltd", "evoq")
					if t.Failed() {
						t.Fatal(what)
					}
				}
				refused("nothing was bought")
				sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.Customer = "P-1", "Other Ltd" })
				refused("another customer's production")
				sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.Product = "P-2", "liquid" })
				refused("production of another product")
				partner(t, l, "Site Ltd", true)
				sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.Type = "P-3", "nfr" })
				partner(t, l, "Site Ltd", false)
				refused("a license that nobody paid for")

				sold(t, l, func(e *ledger.Entitlement) {
					e.Invoice, e.Expires, e.GraceDays = "P-4", now.Add(10*day), 5
				})
				sold(t, l, beside("X-1"))
				ends := now.Add(15 * day)
				if _, err := signAt(t, l, request(t, 1, asks("X-1", kind)), ends); err != nil {
					t.Errorf("in the grace of production: %v", err)
				}
				_, err := signAt(t, l, request(t, 2, asks("X-1", kind)), ends.Add(time.Second))
				wantRefusal(t, err, ledger.RuleProduction)
				by := override("the renewal is in the mail")
				by.Now = ends.Add(time.Second)
				wantLifted(t, l, by, request(t, 3, asks("X-1", kind)))
			})
		})
	}
}

func wantLifted(t *testing.T, l *ledger.Ledger, by ledger.Operation, q *verify.Request) {
	t.Helper()
	if _, err := l.PreviewAs(ctx, by, q); err != nil {
		t.Errorf("preview with --override: %v", err)
	}
	if _, err := l.Sign(ctx, by, q, issue(t, by.Now)); err != nil {
		t.Errorf("with --override: %v", err)
	}
}

func TestProductionNotNeededByPartners(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		partner(t, l, "Site Ltd", true)
		sold(t, l, func(e *ledger.Entitlement) { e.Type = "staging" })
		signed(t, l, request(t, 1, asks("INV0042-1", "staging")))
	})
}

// Staff may override, with a reason that stays on record, and then for good.
func TestProductionNeededUnlessOverridden(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		stage := func(e *ledger.Entitlement) { e.Type = "staging" }
		wantRefusal(t, sell(l, ledger.Operation{Operator: "anna", Now: now, Override: true, Why: "  "}, stage), ledger.RuleReason)
		if err := sell(l, override("production is on order"), stage); err != nil {
			t.Fatal(err)
		}
		signed(t, l, request(t, 1, asks("INV0042-1", "staging")))
		events, err := l.History(ctx, "INV0042-1")
		if err != nil || events[0].Why != "production is on order" || !events[0].Detail.(*ledger.Entitlement).Excused {
			t.Errorf("on record: %+v, %v", events, err)
		}
	})
}

// What staff lift another rule for, while production runs, still goes with production.
func TestProductionIsLiftedOnlyWhereItRefuses(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		ends := now.Add(30 * day)
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.Expires = "P-1", ends })
		tests := func(invoice string) func(e *ledger.Entitlement) {
			return func(e *ledger.Entitlement) { e.Invoice, e.Type, e.Seats = invoice, "test", 2 }
		}
		amend := func(by ledger.Operation, invoice string) {
			t.Helper()
			if _, err := l.Amend(ctx, by, invoice, func(e *ledger.Entitlement) error { e.Seats++; return nil }, issue(t, by.Now)); err != nil {
				t.Fatal(err)
			}
		}
		wantExcused := func(invoice string, want bool) {
			t.Helper()
			if got := holding(t, l, invoice).Excused; got != want {
				t.Errorf("%s is excused: %v, want %v", invoice, got, want)
			}
		}
		why := override("the clock was wrong")
		if err := sell(l, why, tests("T-1")); err != nil {
			t.Fatal(err)
		}
		wantExcused("T-1", false)
		amend(why, "T-1")
		wantExcused("T-1", false)

		// In an import, with all rows in place.
		rows := orders(4)
		rows[0].Type, rows[0].Product = "staging", "liquid" // its production is the next row
		rows[1].Product = "liquid"
		rows[2].Type = "staging"                          // its production is P-1
		rows[3].Type, rows[3].Product = "staging", "gone" // and this one has none
		rows[0].Excused = true                            // nobody says so but staff
		if err := l.Import(ctx, why, rows, nil); err != nil {
			t.Fatal(err)
		}
		for i, want := range []bool{false, false, false, true} {
			if wantExcused(rows[i].Invoice, want); rows[i].Excused != want {
				t.Errorf("row %d is told as excused: %v", i, rows[i].Excused)
			}
		}

		late := ends.Add(time.Second)
		_, err := signAt(t, l, request(t, 1, asks("T-1", "test")), late)
		wantRefusal(t, err, ledger.RuleProduction)
		why.Now = late
		amend(why, "T-1")
		wantExcused("T-1", true)
		if _, err := signAt(t, l, request(t, 1, asks("T-1", "test")), late); err != nil {
			t.Errorf("excused: %v", err)
		}
		amend(operationAt(late), "T-1")
		wantExcused("T-1", true) // for good
		wantClean(t, l, nil)
	})
}

func TestDevelopmentAsManyAsNeeded(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice = "P-1" })
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.Type, e.Seats = "D-1", "development", 1 })
		for seed := byte(1); seed <= 5; seed++ {
			signed(t, l, request(t, seed, asks("D-1", "development")))
		}
		if h := holding(t, l, "D-1"); h.Usage.Seats != 5 {
			t.Errorf("%d activations are counted, want 5", h.Usage.Seats)
		}
	})
}

func TestDevelopmentAllowanceIsRaisedWithAmend(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice = "P-1" })
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.Type, e.Allowance = "D-1", "development", 2 })
		signed(t, l, request(t, 1, asks("D-1", "development")))
		signed(t, l, request(t, 2, asks("D-1", "development")))
		_, err := sign(t, l, request(t, 3, asks("D-1", "development")))
		wantRefusal(t, err, ledger.RuleAllowance, "D-1")
		allow := func(n uint64) error {
			_, err := l.Amend(ctx, operation(), "D-1", func(e *ledger.Entitlement) error { e.Allowance = n; return nil }, issue(t, now))
			return err
		}
		wantRefusal(t, allow(1), ledger.RuleAllowance)
		if err := allow(3); err != nil {
			t.Fatal(err)
		}
		signed(t, l, request(t, 3, asks("D-1", "development")))
	})
}

func TestEntitlementsThatCannotBe(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		entitle(t, l, entitlement())
		for name, spoil := range map[string]func(*ledger.Entitlement){
			"invoice twice":            func(e *ledger.Entitlement) { e.Invoice = "INV0042-1" },
			"no e-mail address":        func(e *ledger.Entitlement) { e.Email = "ops" },
			"product in upper":         func(e *ledger.Entitlement) { e.Product = "Evoq" },
			"unknown type":             func(e *ledger.Entitlement) { e.Type = "prod" },
			"no seat":                  func(e *ledger.Entitlement) { e.Seats = 0 },
			"too many seats":           func(e *ledger.Entitlement) { e.Seats = 1 << 63 },
			"no customer":              func(e *ledger.Entitlement) { e.Customer = "" },
			"escape in customer":       func(e *ledger.Entitlement) { e.Customer = "\x1b[2J" },
			"ended already":            func(e *ledger.Entitlement) { e.Expires = now.Add(-time.Hour) },
			"grace without an end":     func(e *ledger.Entitlement) { e.Expires, e.GraceDays = time.Time{}, 14 },
			"long invoice":             func(e *ledger.Entitlement) { e.Invoice = strings.Repeat("I", 33) },
			"feature twice":            func(e *ledger.Entitlement) { e.Features = []string{"sso", "sso"} },
			"counted by core":          func(e *ledger.Entitlement) { e.CountBy = "core" },
			"allowance for production": func(e *ledger.Entitlement) { e.Allowance = 3 },
			"emergency in production":  func(e *ledger.Entitlement) { e.EmergencyDays = 3 },
		} {
			err := sell(l, operation(), func(e *ledger.Entitlement) { e.Invoice = "INV0042-2"; spoil(e) })
			var known *ledger.Error
			if !errors.As(err, &known) || known.Next == "" {
				t.Errorf("%s: got %v, want an error with a hint", name, err)
			}
		}
		if got := count(t, where, "entitlements"); got != 1 {
			t.Errorf("%d entitlements are recorded, want 1", got)
		}
	})
}

func orders(n int) []ledger.ImportRow {
	var rows []ledger.ImportRow
	for i := range n {
		e := entitlement()
		e.Invoice = fmt.Sprintf("IMP-%d", i)
		rows = append(rows, ledger.ImportRow{Line: i + 2, Entitlement: e})
	}
	return rows
}

func TestImport(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		rows := orders(2500)
		rows[0].Type = "staging" // its production comes later in the file
		told := 0
		if err := l.Import(ctx, operation(), rows, func(done int) { told = done }); err != nil {
			t.Fatal(err)
		}
		if told != len(rows) || len(list(t, l)) != len(rows) {
			t.Errorf("progress says %d and %d are listed, want %d", told, len(list(t, l)), len(rows))
		}
		signed(t, l, request(t, 1, asks("IMP-2499", "production")))
	})
}

func TestImportAllOrNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.Customer = "IMP-7", "Other Ltd" })
		events := count(t, where, "events")
		wrongly := func(rows []ledger.ImportRow) string {
			t.Helper()
			return wrongLines(t, l.Import(ctx, operation(), rows, nil))
		}
		rows := orders(10)
		rows[2].Type = "prod"
		rows[5].Invoice = "IMP-1"
		if got := wrongly(rows); got != "4 7 9" {
			t.Errorf("wrong lines: %s, want 4 (type), 7 (twice) and 9 (known)", got)
		}
		rows = orders(5)
		rows[1].Type, rows[3].Type = "evaluation", "evaluation"
		rows[4].Type, rows[4].Product = "staging", "liquid"
		if got := wrongly(rows); got != "3 5 6" {
			t.Errorf("lines against the rules: %s, want 3 and 5 (two evaluations) and 6 (no production)", got)
		}
		if got := count(t, where, "events"); got != events || count(t, where, "entitlements") != 1 || count(t, where, "log") != 2*events-1 {
			t.Errorf("a refused import left %d events", got-events)
		}
	})
}

func wrongLines(t *testing.T, err error) string {
	t.Helper()
	var wrong *ledger.ImportError
	if !errors.As(err, &wrong) || wrong.Hint() == "" {
		t.Fatalf("got %v, want an import error", err)
	}
	var lines []string
	for _, line := range wrong.Lines {
		lines = append(lines, fmt.Sprint(line.Line))
		if !strings.Contains(err.Error(), line.Error()) {
			t.Errorf("%q does not say %q", err, line)
		}
	}
	return strings.Join(lines, " ")
}

// One run names what is wrong with the form and by the rules, in the order of the file.
func TestImportReportsAllMistakesTogether(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.Customer = "IMP-7", "Other Ltd" })
		events := count(t, where, "events")
		rows := orders(9)
		rows[0].Type = "nfr"                                                    // 2: no partner
		rows[1].Err = errors.New("seats does not take")                         // 3
		rows[2].Type, rows[2].Product = "staging", "liquid"                     // 4: no production
		rows[3].Invoice = "IMP-0"                                               // 5: twice
		rows[4].Type, rows[4].Product, rows[4].Seats = "production", "solid", 0 // 6: no seats
		rows[5].Type, rows[5].Product = "staging", "solid"                      // its production is in line 6
		rows[6].Type = "evaluation"
		rows[8].Type = "evaluation" // 8 and 10; line 9 is in the ledger
		if got := wrongLines(t, l.Import(ctx, operation(), rows, nil)); got != "2 3 4 5 6 8 9 10" {
			t.Errorf("wrong lines: %s", got)
		}
		if got := count(t, where, "events"); got != events {
			t.Errorf("a refused import left %d events", got-events)
		}
		// One line may have several mistakes.
		rows = orders(9)
		rows[2].Err, rows[2].Invoice = errors.New("seats does not take"), "IMP-1" // 4: twice, too
		rows[4].Invoice = "IMP-1"                                                 // 6
		rows[6].Seats, rows[6].Invoice = 0, "IMP-5"                               // 8: no seats, and twice
		rows[7].Err, rows[7].Invoice = errors.New("seats does not take"), "IMP-7" // 9: in the ledger, too
		rows[8].Err, rows[8].Invoice = errors.New("got 2 columns"), ""            // 10
		rows = append(rows, rows[8])
		if got := wrongLines(t, l.Import(ctx, operation(), rows, nil)); got != "4 4 6 8 8 9 9 10 10" {
			t.Errorf("wrong lines: %s", got)
		}
		// Of very many the first lines are named, whatever is wrong with them.
		rows = orders(400)
		for i := range rows {
			rows[i].Invoice = fmt.Sprintf("MANY-%d", i)
			if rows[i].Type = "nfr"; i >= 50 {
				rows[i].Err = errors.New("seats does not take")
			}
		}
		var wrong *ledger.ImportError
		err := l.Import(ctx, operation(), rows, nil)
		if !errors.As(err, &wrong) || len(wrong.Lines) != 100 || wrong.More != 300 || wrong.Lines[0].Line != 2 || wrong.Lines[99].Line != 101 {
			t.Errorf("got %v", err)
		}
	})
}

// A failover license without days of emergency would not be limited.
func TestFailoverNeedsEmergencyDays(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice = "P-1" })
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.Type, e.EmergencyDays = "F-1", "failover", 1 })
		events := count(t, where, "events")
		none := entitlement()
		none.Invoice, none.Type = "F-2", "failover"
		_, amended := l.Amend(ctx, operation(), "F-1", func(e *ledger.Entitlement) error { e.EmergencyDays = 0; return nil }, issue(t, now))
		for what, err := range map[string]error{
			"entitle": l.Entitle(ctx, operation(), none),
			"import":  l.Import(ctx, operation(), []ledger.ImportRow{{Line: 2, Entitlement: none}}, nil),
			"amend":   amended,
		} {
			if err == nil || !strings.Contains(err.Error(), "--emergency-days") {
				t.Errorf("%s without days of emergency: %v", what, err)
			}
		}
		if n := count(t, where, "events"); n != events {
			t.Errorf("%d events were recorded", n-events)
		}
	})
}
