package ledger_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

func TestOperation(t *testing.T) {
	for name, test := range map[string]struct {
		by   ledger.Operation
		hint string // empty: it is good
	}{
		"a name":               {ledger.Operation{Operator: "anna"}, ""},
		"with a reason":        {ledger.Operation{Operator: "anna", Why: " it died "}, ""},
		"a rule is lifted":     {ledger.Operation{Operator: "anna", Why: "it died", Override: true}, ""},
		"nobody":               {ledger.Operation{}, "--operator"},
		"an escape":            {ledger.Operation{Operator: "\x1b[2J"}, "--operator"},
		"a long name":          {ledger.Operation{Operator: strings.Repeat("a", 129)}, "--operator"},
		"a reason in lines":    {ledger.Operation{Operator: "anna", Why: "it\ndied"}, "one line"},
		"a long reason":        {ledger.Operation{Operator: "anna", Why: strings.Repeat("a", 1025)}, "one line"},
		"lifted without one":   {ledger.Operation{Operator: "anna", Override: true}, "--why"},
		"lifted for no reason": {ledger.Operation{Operator: "anna", Why: " \t ", Override: true}, "--why"},
	} {
		err := test.by.Check()
		if (err == nil) != (test.hint == "") || !strings.Contains(hint.Of(err), test.hint) {
			t.Errorf("%s: %v, hint %q", name, err, hint.Of(err))
		}
		if err == nil && test.by.Why != strings.TrimSpace(test.by.Why) {
			t.Errorf("%s: recorded as %q", name, test.by.Why)
		}
	}
}

func TestNeedWhy(t *testing.T) {
	for why, good := range map[string]bool{"": false, "  ": false, "it died": true} {
		err := (&ledger.Operation{Why: why}).NeedWhy("a move")
		var refusal *ledger.Refusal
		if good != (err == nil) || !good && (!errors.As(err, &refusal) || refusal.Rule != ledger.RuleReason || !strings.Contains(refusal.Message, "a move")) {
			t.Errorf("%q: %v", why, err)
		}
	}
}

// Who may lift a rule is said in the hint, where anybody may.
func TestRefusal(t *testing.T) {
	r := ledger.Refuse(ledger.RuleSeats, ledger.LiftOverride, "free one", "no seat of %q", "INV1")
	if r.Error() != `no seat of "INV1" (rule: seats)` || r.Hint() != "free one; override: staff, with --override and --why" {
		t.Errorf("%q, hint %q", r.Error(), r.Hint())
	}
	if r := ledger.Refuse(ledger.RuleClaim, ledger.LiftNobody, "ask again", "no"); r.Hint() != "ask again" {
		t.Errorf("hint %q", r.Hint())
	}
}

func TestJoin(t *testing.T) {
	for want, words := range map[string][]string{"": nil, "a": {"a"}, "a and b": {"a", "b"}, "a, b and c": {"a", "b", "c"}} {
		if got := ledger.Join(words); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// An activation is told apart by all that is known of it.
func TestActivationName(t *testing.T) {
	public := key(t, 1).Public()
	for want, a := range map[string]ledger.Activation{
		`ONE`:                        {ID: "ONE"},
		`ONE site "shop"`:            {ID: "ONE", Site: "shop", MachineKey: public.Bytes()},
		`ONE on "web-1"`:             {ID: "ONE", Host: "web-1"},
		`ONE site "shop" on "web-1"`: {ID: "ONE", Site: "shop", Host: "web-1"},
		`ONE with the machine key ` + public.Fingerprint(): {ID: "ONE", MachineKey: public.Bytes()},
	} {
		if got := a.Name(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestNewActivationID(t *testing.T) {
	one, err := ledger.NewActivationID(bytes.NewReader([]byte("12345678")))
	if err != nil || len(one) != 13 || strings.ToUpper(one) != one {
		t.Errorf("%q, %v", one, err)
	}
	two, err := ledger.NewActivationID(bytes.NewReader([]byte("12345679")))
	if err != nil || one == two {
		t.Errorf("%q after %q, %v", two, one, err)
	}
	if id, err := ledger.NewActivationID(bytes.NewReader([]byte("short"))); err == nil || id != "" {
		t.Errorf("of too little chance: %q, %v", id, err)
	}
}
