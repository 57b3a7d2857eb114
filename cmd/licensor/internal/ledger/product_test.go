package ledger_test

import (
	"slices"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

func product() *ledger.Product {
	return &ledger.Product{Name: "evoq", Editions: []ledger.Edition{
		{Name: "engage", Type: "production", Plan: ledger.Plan{"expires": "12m", "grace": "14d", "seats": "3", "features": "sso;cdn", "limits": "cores=16;users=9"},
			Types: map[string]ledger.Plan{
				"test":    {"term": "30d", "limits": "probes=2"},
				"staging": {"expires": "none", "grace": "none", "features": "none"},
			},
			Features: []string{"search"}, Limits: []string{"editors"}},
		{Name: "content", Type: "production", Plan: ledger.Plan{"expires": "none"}, Features: []string{"video"}},
	}}
}

// Has knows the names that Names lists, of each kind, and none else.
func TestProductNames(t *testing.T) {
	p := product()
	for kind, want := range map[string][]string{
		ledger.NameEdition: {"content", "engage"},
		ledger.NameFeature: {"cdn", "search", "sso", "video"},
		ledger.NameLimit:   {"cores", "editors", "probes", "users"},
	} {
		if got := p.Names(kind); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
		for _, name := range []string{"content", "engage", "cdn", "search", "sso", "video", "cores", "editors", "probes", "users", "none", "", "core", "cores=16", "sso;cdn"} {
			if got := p.Has(kind, name); got != slices.Contains(want, name) {
				t.Errorf("it has the %s %q: %v", kind, name, got)
			}
		}
	}
}

// The plan of a type has what is different in it, and one end.
func TestPlanFor(t *testing.T) {
	e := product().Edition("engage")
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for licenseType, want := range map[string]ledger.Entitlement{
		"":           {Type: "production", Seats: 3, GraceDays: 14, Features: []string{"sso", "cdn"}, Limits: map[string]uint64{"cores": 16, "users": 9}, Expires: time.Date(2027, 11, 21, 0, 0, 0, 0, time.UTC)},
		"production": {Type: "production", Seats: 3, GraceDays: 14, Features: []string{"sso", "cdn"}, Limits: map[string]uint64{"cores": 16, "users": 9}, Expires: time.Date(2027, 11, 21, 0, 0, 0, 0, time.UTC)},
		"test":       {Type: "test", Seats: 3, GraceDays: 14, Features: []string{"sso", "cdn"}, Limits: map[string]uint64{"probes": 2}, Term: ledger.Span{Days: 30}},
		"staging":    {Type: "staging", Seats: 3, Limits: map[string]uint64{"cores": 16, "users": 9}},
	} {
		sale := &ledger.Entitlement{Type: licenseType}
		if err := e.Fill(sale, at, nil); err != nil {
			t.Fatal(err)
		}
		if got := sale.Normal(); !ledger.Same(got, want.Normal()) {
			t.Errorf("%q grants %+v, want %+v", licenseType, got, want)
		}
	}
	// What the sale says itself is left to it; of the two ends, both.
	sale := &ledger.Entitlement{Seats: 1}
	if err := e.Fill(sale, at, func(term string) bool { return term == "term" || term == "seats" }); err != nil || sale.Seats != 1 || !sale.Expires.IsZero() {
		t.Errorf("%+v, %v", sale, err)
	}
}
