package ledger_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// said returns a sale of a line's cells, and which they are.
func said(t *testing.T, cells map[string]string, at time.Time) (e ledger.Entitlement, names ledger.TermSet) {
	t.Helper()
	e.Invoice, e.Email, e.Customer, e.Seats = "I-1", "a@b", "c", 1
	for name, cell := range cells {
		if cell == "" {
			continue
		}
		names.Add(name)
		if err := ledger.TermNamed(name).Set(&e, cell, at); err != nil {
			t.Fatalf("%s does not take %q: %v", name, cell, err)
		}
	}
	return e, names
}

// What a line of a file does not say, the plan does; none is none; and what Line makes of
// the sale says it all again, whenever it is read.
func TestFill(t *testing.T) {
	one := ledger.Product{Name: "one", Editions: []ledger.Edition{{Name: "only", Type: "production", Plan: ledger.Plan{
		"expires": "12m", "grace": "14d", "seats": "3", "features": "sso", "limits": "cores=16", "moves": "4", "binding": "key",
		"updates_until": "12m", "max_version": "9.x", "bridge": "7d", "ext": "support=gold"},
		Types: map[string]ledger.Plan{"failover": {"emergency_days": "30d"}, "evaluation": {"term": "30d", "grace": "0d"}, "development": {"allowance": "5"}}}}}
	plain := ledger.Product{Name: "plain", Editions: []ledger.Edition{{Type: "staging", Plan: ledger.Plan{"term": "30d"}}}}
	products := map[string]*ledger.Product{"evoq": product(), "one": &one, "plain": &plain}
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	const full = "features=sso limits=cores=16 moves=4 binding=key bridge=7d ext=support=gold"
	for _, test := range []struct{ line, want string }{
		{"product=one", "edition=only type=production seats=3 expires=2027-11-20 grace=14d updates_until=2027-11-20 max_version=9.x " + full},
		{"product=one type=failover", "edition=only type=failover seats=3 expires=2027-11-20 grace=14d updates_until=2027-11-20 max_version=9.x features=sso limits=cores=16 moves=4 binding=key emergency_days=30d bridge=7d ext=support=gold"},
		{"product=one type=evaluation", "edition=only type=evaluation seats=3 term=30d updates_until=2027-11-20 max_version=9.x " + full},
		{"product=one type=development", "edition=only type=development seats=3 expires=2027-11-20 grace=14d updates_until=2027-11-20 max_version=9.x features=sso limits=cores=16 moves=4 allowance=5 binding=key bridge=7d ext=support=gold"},
		{"product=one seats=1 expires=2028-01-31 features=cdn limits=users=1 moves=0 ext=tier=3", "edition=only type=production seats=1 expires=2028-01-31 grace=14d updates_until=2027-11-20 max_version=9.x features=cdn limits=users=1 moves=0 binding=key bridge=7d ext=tier=3"},
		{"product=one expires=none", "edition=only type=production seats=3 updates_until=2027-11-20 max_version=9.x " + full},
		{"product=one term=30d", "edition=only type=production seats=3 term=30d grace=14d updates_until=2027-11-20 max_version=9.x " + full},
		{"product=one expires=none grace=none updates_until=none max_version=none features=none limits=none moves=default binding=machine bridge=none ext=none", "edition=only type=production seats=3"},
		{"product=one type=development allowance=none grace=none", "edition=only type=development seats=3 expires=2027-11-20 updates_until=2027-11-20 max_version=9.x " + full},
		{"product=plain", "type=staging seats=1 term=30d"},
		{"product=plain term=none", "type=staging seats=1"},
		{"product=plain expires=1y", "type=staging seats=1 expires=2027-11-20"},
		{"product=evoq edition=engage type=test", "edition=engage type=test seats=3 term=30d grace=14d features=sso;cdn limits=probes=2"},
		{"product=evoq edition=content type=production", "edition=content type=production seats=1"},

		// No plan: all stays as it is.
		{"product=one edition=none type=test", "type=test seats=1"},
		{"product=evoq type=production", "type=production seats=1"},
		{"product=evoq edition=engag type=production", "edition=engag type=production seats=1"},
		{"product=liquid type=production", "type=production seats=1"},
	} {
		cells := make(map[string]string)
		for _, cell := range strings.Fields(test.line) {
			name, value, _ := strings.Cut(cell, "=")
			cells[name] = value
		}
		sale, says := said(t, cells, at)
		planned, err := ledger.Fill(products, &sale, at, says.Has)
		if err != nil {
			t.Errorf("%s: %v", test.line, err)
			continue
		}
		p := products[sale.Product]
		if planned != (p != nil && p.Edition(sale.Edition) != nil) {
			t.Errorf("%s: planned: %v", test.line, planned)
		}
		var got []string
		for i, term := range ledger.Terms {
			if text := term.Get(&sale); i >= slices.IndexFunc(ledger.Terms, func(t ledger.Term) bool { return t.Name == "edition" }) && text != "" {
				got = append(got, term.Name+"="+text)
			}
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%s\ngrants %s\nwant   %s", test.line, got, test.want)
		}

		line, err := ledger.Line(products, &sale)
		if err != nil {
			t.Errorf("%s: %v", test.line, err)
			continue
		}
		for i, term := range ledger.Terms {
			cells[term.Name] = line[i]
		}
		later := at.Add(400 * 24 * time.Hour)
		again, says := said(t, cells, later)
		if _, err := ledger.Fill(products, &again, later, says.Has); err != nil || !ledger.Same(again.Normal(), sale.Normal()) {
			t.Errorf("%s\nis written %q\nand read   %+v, %v\nwant       %+v", test.line, line, again, err, sale)
		}
	}
}

// Where no plan would fill an empty term, the line leaves it empty.
func TestLineIsEmptyWhereNothingFills(t *testing.T) {
	sale := ledger.Entitlement{Invoice: "I-1", Product: "evoq", Edition: "engage", Type: "production", Seats: 1}
	for _, test := range []struct {
		products map[string]*ledger.Product
		none     []string
	}{
		{nil, nil},
		{map[string]*ledger.Product{"evoq": product()}, []string{"expires", "grace", "features", "limits"}},
	} {
		line, err := ledger.Line(test.products, &sale)
		if err != nil {
			t.Fatal(err)
		}
		var none []string
		for i, cell := range line {
			if cell == ledger.None {
				none = append(none, ledger.Terms[i].Name)
			}
		}
		if !slices.Equal(none, test.none) {
			t.Errorf("none is written for %q, want %q", none, test.none)
		}
	}
}
