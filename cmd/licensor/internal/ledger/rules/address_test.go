package rules_test

import (
	"fmt"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
)

func (r *record) address(op *ledger.Operation, email string, off bool) error {
	r.Helper()
	_, err := ask(r, op, func(f *rules.Facts) (bool, []*rules.Step, error) {
		a := ledger.Addressed{Email: email, Off: off}
		if !off {
			a.Salt, a.Account = []byte("salt"), ledger.Commitment([]byte("salt"), email)
		}
		step, err := rules.SetAddress(f, op, inv, a)
		if step == nil {
			return false, nil, err
		}
		return true, []*rules.Step{step}, err
	})
	return err
}

// A sale is claimed by each of its addresses, as long as it has them.
func TestAddresses(t *testing.T) {
	r := newRecord(t, entitlement(seats(5)))
	by2 := func(email string) func(*format.Request) {
		return func(q *format.Request) { q.Account = format.AccountHash(inv, email) }
	}
	r.refused(request(t, 2, by2("it@site.example")), ledger.RuleClaim)
	wantRefusal(t, r.address(by(), "it@site.example", false), ledger.RuleReason)
	if err := r.address(because("a second person"), "it@site.example", false); err != nil {
		t.Fatal(err)
	}
	r.signed(request(t, 1))
	second := r.signed(request(t, 2, by2("IT@site.example")))
	r.unchanged(func() {
		for _, same := range []string{"It@Site.example", "ops@site.example"} {
			if err := r.address(because("again"), same, false); err != nil {
				t.Errorf("%s again: %v", same, err)
			}
		}
		if r.address(because("x"), "nobody", false) == nil || r.address(because("x"), "ops@site.example", true) == nil {
			t.Error("it takes what is no address, or takes its own one off")
		}
		if err := r.address(because("x"), "other@site.example", true); err != nil {
			t.Error(err)
		}
		r.refused(request(t, 3, by2("other@site.example")), ledger.RuleClaim)
	})
	if err := r.address(because("they left"), "it@site.example", true); err != nil {
		t.Fatal(err)
	}
	r.refused(request(t, 3, by2("it@site.example")), ledger.RuleClaim)
	if again := r.signed(request(t, 2, by2("IT@site.example"))); again.ID != second.ID {
		t.Error("a request on record made its claim")
	}
	for n := range 16 {
		if err := r.address(because("more"), fmt.Sprintf("n%d@site.example", n), false); err != nil {
			t.Fatal(err)
		}
	}
	if r.address(because("more"), "n17@site.example", false) == nil {
		t.Error("a sale has any number of addresses")
	}
	r.stands(ledger.StandingCanceled)
	wantRefusal(t, r.address(because("more"), "n0@site.example", true), ledger.RuleStanding)

	// By another address an evaluation would be a second one.
	r = newRecord(t, entitlement(func(e *ledger.Entitlement) { e.Type = ledger.TypeEvaluation }))
	wantRefusal(t, r.address(override("please"), "it@site.example", false), ledger.RuleOnce)
}
