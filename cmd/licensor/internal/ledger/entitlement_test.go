package ledger_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

func entitlement(changes ...func(*ledger.Entitlement)) *ledger.Entitlement {
	e := ledger.Entitlement{
		Invoice: "INV0042-1", Email: "ops@site.example", Customer: "Site Ltd",
		Product: "evoq", Edition: "engage", Type: "production", Seats: 1,
		Expires:  time.Date(2027, 11, 22, 0, 0, 0, 0, time.UTC),
		Features: []string{"sso"}, Limits: map[string]uint64{"cores": 16},
	}
	for _, change := range changes {
		change(&e)
	}
	return &e
}

func failover(e *ledger.Entitlement) { e.Type, e.EmergencyDays = "failover", 1 }

func TestEntitlementsThatCannotBe(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(*ledger.Entitlement)
		says  string
	}{
		"no invoice":               {func(e *ledger.Entitlement) { e.Invoice = "" }, ""},
		"long invoice":             {func(e *ledger.Entitlement) { e.Invoice = strings.Repeat("I", 33) }, ""},
		"no e-mail address":        {func(e *ledger.Entitlement) { e.Email = "ops" }, `"ops"`},
		"product in upper":         {func(e *ledger.Entitlement) { e.Product = "Evoq" }, ""},
		"unknown type":             {func(e *ledger.Entitlement) { e.Type = "prod" }, ""},
		"no seat":                  {func(e *ledger.Entitlement) { e.Seats = 0 }, "no seats"},
		"too many seats":           {func(e *ledger.Entitlement) { e.Seats = 1<<53 + 1 }, "9007199254740992"},
		"too large an allowance":   {func(e *ledger.Entitlement) { e.Type, e.Allowance = "development", 1<<53+1 }, "9007199254740992"},
		"too many emergency days":  {func(e *ledger.Entitlement) { e.Type, e.EmergencyDays = "failover", 1<<53+1 }, "9007199254740992"},
		"no customer":              {func(e *ledger.Entitlement) { e.Customer = "" }, ""},
		"escape in customer":       {func(e *ledger.Entitlement) { e.Customer = "\x1b[2J" }, ""},
		"ended already":            {func(e *ledger.Entitlement) { e.Expires = now.Add(-time.Second) }, "2026-11-21"},
		"grace without an end":     {func(e *ledger.Entitlement) { e.Expires, e.GraceDays = time.Time{}, 14 }, "grace"},
		"very long grace":          {func(e *ledger.Entitlement) { e.GraceDays = 1 << 62 }, ""},
		"feature twice":            {func(e *ledger.Entitlement) { e.Features = []string{"sso", "sso"} }, ""},
		"version that is none":     {func(e *ledger.Entitlement) { e.MaxVersion = "nine" }, "nine"},
		"allowance for production": {func(e *ledger.Entitlement) { e.Allowance = 3 }, "give it seats"},
		"emergency in production":  {func(e *ledger.Entitlement) { e.EmergencyDays = 3 }, "failover"},
		// None is what a license says that is not limited.
		"failover without emergency days": {func(e *ledger.Entitlement) { e.Type = "failover" }, "--emergency-days"},
		// A license for any machine would count its days on each.
		"failover for any machine": {func(e *ledger.Entitlement) { failover(e); e.Binding = "any" }, "no license for any machine"},
	} {
		err := entitlement(test.spoil).Check("acme.example", now)
		if err == nil || !strings.Contains(err.Error(), test.says) || hint.Of(err) == "" {
			t.Errorf("%s: got %v, want an error with a hint that says %q", name, err, test.says)
		}
	}
}

func TestEntitlementsThatCanBe(t *testing.T) {
	for name, change := range map[string]func(*ledger.Entitlement){
		"the usual":            func(*ledger.Entitlement) {},
		"with grace":           func(e *ledger.Entitlement) { e.GraceDays = 14 },
		"perpetual":            func(e *ledger.Entitlement) { e.Expires, e.UpdatesUntil = time.Time{}, now },
		"ends now":             func(e *ledger.Entitlement) { e.Expires = now.Add(time.Second) },
		"many seats":           func(e *ledger.Entitlement) { e.Seats = 1 << 53 },
		"failover":             failover,
		"development":          func(e *ledger.Entitlement) { e.Type, e.Allowance, e.Binding = "development", 3, "any" },
		"versions":             func(e *ledger.Entitlement) { e.MaxVersion = "9.x" },
		"no features, limits":  func(e *ledger.Entitlement) { e.Features, e.Limits = nil, nil },
		"no edition":           func(e *ledger.Entitlement) { e.Edition = "" },
		"evaluation":           func(e *ledger.Entitlement) { e.Type = "evaluation" },
		"community":            func(e *ledger.Entitlement) { e.Type = "community" },
		"partner's, by itself": func(e *ledger.Entitlement) { e.Type = "nfr" },
	} {
		if err := entitlement(change).Check("acme.example", now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEvaluationAndCommunityAlwaysEnd(t *testing.T) {
	for _, kind := range []string{"evaluation", "community"} {
		err := entitlement(func(e *ledger.Entitlement) { e.Type, e.Expires = kind, time.Time{} }).Check("acme.example", now)
		var refusal *ledger.Refusal
		if !errors.As(err, &refusal) || refusal.Rule != ledger.RuleDated || refusal.Lift != ledger.LiftNobody || !strings.Contains(refusal.Hint(), "--expires") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// A type that is added to the format is one that the ledger has to have an opinion of.
func TestTypesAreThoseOfTheFormat(t *testing.T) {
	var paid []string
	for _, kind := range format.Types() {
		if (&ledger.Entitlement{Type: kind}).NeedsProduction() {
			paid = append(paid, kind)
		}
	}
	if want := []string{ledger.TypeStaging, ledger.TypeTest, ledger.TypeDevelopment, ledger.TypeFailover}; !slices.Equal(paid, want) {
		t.Errorf("production is required by %q, want %q", paid, want)
	}
	ours := []string{ledger.TypeProduction, ledger.TypeStaging, ledger.TypeTest, ledger.TypeDevelopment, ledger.TypeFailover, ledger.TypeNFR, ledger.TypeCommunity, ledger.TypeEvaluation}
	if !slices.Equal(format.Types(), ours) {
		t.Errorf("the format has the types %q, the ledger %q", format.Types(), ours)
	}
}

func TestValidEmail(t *testing.T) {
	for address, want := range map[string]bool{
		"ops@site.example": true, "a@b": true, "o'ps+x@site.example": true, "öps@sité.example": true,
		"": false, "ops": false, "@site.example": false, "ops@": false, "a@b@c": false, "ops@site example": false,
		" ops@site.example": false, "a@b,c@d": false, "a@b;c@d": false, "Ops <ops@site.example>": false, "mailto:a@b": false,
		"a@b\n": false, "a@\x1b[2J": false, "a@" + strings.Repeat("b", 252): true, "a@" + strings.Repeat("b", 253): false,
		"ops@site.example.": false, "ops@.example": false, "ops@site..example": false, "ops\u200b@site.example": false,
		"ops@si\u00adte.example": false, "\u0645\u200c\u0645@site.example": false, "o\u3000ps@site.example": false,
	} {
		if got := ledger.ValidEmail(address); got != want {
			t.Errorf("%q is valid: %v", address, got)
		}
	}
}

// What was typed in two ways is one customer, or one account.
func TestKeys(t *testing.T) {
	for _, same := range []string{"Site Ltd", " site  LTD ", "SITE\tltd\n"} {
		if got := ledger.CustomerKey(same); got != "site ltd" {
			t.Errorf("%q is known as %q", same, got)
		}
	}
	for address, want := range map[string]string{" OPS@Site.example\t": "ops@site.example", "ÖPS@site": "Öps@site"} {
		got := ledger.AccountKey(address)
		if got != want {
			t.Errorf("%q is known as %q, want %q", address, got, want)
		}
		// As the format has it: two spellings of one account give one hash.
		if format.AccountHash("INV1", address) != format.AccountHash("INV1", got) {
			t.Errorf("%q and %q have two hashes", address, got)
		}
	}
	partners := ledger.Partners{"site ltd": true, "other ltd": false}
	if !partners.Has(" SITE ltd") || partners.Has("Other Ltd") || partners.Has("Third Ltd") {
		t.Error("a partner is not known by the name")
	}
}

// An entitlement as the ledger keeps it is the same however it was written.
func TestNormal(t *testing.T) {
	e := entitlement(func(e *ledger.Entitlement) {
		e.Email, e.Features, e.Limits = " ops@site.example ", []string{}, map[string]uint64{}
		e.Expires = e.Expires.Add(time.Second / 2).In(time.FixedZone("", 3600))
		e.UpdatesUntil = e.Expires
	})
	want := entitlement(func(e *ledger.Entitlement) { e.Features, e.Limits, e.UpdatesUntil = nil, nil, e.Expires })
	got := e.Normal()
	if !ledger.Same(got, want) || !ledger.Same(got.Normal(), got) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if e.Email != " ops@site.example " {
		t.Error("what was given has changed")
	}
	if perpetual := entitlement(func(e *ledger.Entitlement) { e.Expires = time.Time{} }).Normal(); !perpetual.Expires.IsZero() || !perpetual.HardEnd().IsZero() {
		t.Errorf("perpetual ends %s", perpetual.Expires)
	}
}

func TestClone(t *testing.T) {
	e := entitlement()
	c := e.Clone()
	if !ledger.Same(e, c) {
		t.Errorf("a copy is %+v", c)
	}
	c.Features[0], c.Limits["cores"], c.Seats = "cdn", 1, 9
	if !ledger.Same(e, entitlement()) || ledger.Same(e, c) {
		t.Errorf("a changed copy has made it %+v", e)
	}
}

func TestHardEnd(t *testing.T) {
	e := entitlement(func(e *ledger.Entitlement) { e.GraceDays = 14 })
	if got := e.HardEnd(); !got.Equal(time.Date(2027, 12, 6, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("it ends %s", got)
	}
}

func TestTimes(t *testing.T) {
	if got := ledger.TimeOf(ledger.Seconds(time.Time{})); !got.IsZero() {
		t.Errorf("no time becomes %s", got)
	}
	at := now.Add(time.Second - 1).In(time.FixedZone("", -3600))
	if got := ledger.Whole(at); got != now || ledger.Seconds(at) != now.Unix() {
		t.Errorf("%s becomes %s", at, got)
	}
}
