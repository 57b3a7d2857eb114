package service

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// ForSale is what a key of the service is measured by: what was sold and has not ended, and what
// the plans of the products would sell.
type ForSale struct {
	sales []soldOne
}

type soldOne struct {
	name string // an invoice, or of a plan its product, edition and type
	*ledger.Entitlement
}

// ForSale returns what is sold.
func (s *Service) ForSale(ctx context.Context, now time.Time) (*ForSale, error) {
	holdings, err := s.List(ctx, Filter{})
	if err != nil {
		return nil, err
	}
	all := new(ForSale)
	for i := range holdings {
		e := &holdings[i].Entitlement
		if state := e.Status(now); state != ledger.StatusEnded && state != ledger.StatusCanceled {
			all.sales = append(all.sales, soldOne{e.Invoice, e})
		}
	}
	products, err := s.Products(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range products {
		for i := range p.Editions {
			edition := &p.Editions[i]
			types := []string{edition.Type}
			for name := range edition.Types {
				types = append(types, name)
			}
			slices.Sort(types)
			for _, name := range slices.Compact(types) {
				sale := &ledger.Entitlement{Product: p.Name, Edition: edition.Name, Type: name, Seats: 1}
				if err := edition.Fill(sale, now, nil); err != nil {
					return nil, err
				}
				all.sales = append(all.sales, soldOne{"the plan " + strings.Join(strings.Fields(p.Name+" "+edition.Name+" "+name), "/"), sale})
			}
		}
	}
	return all, nil
}

// Types returns the types of what is sold, and development, which bridges are.
func (s *ForSale) Types() []string {
	types := []string{ledger.TypeDevelopment}
	for _, one := range s.sales {
		types = append(types, one.Type)
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// MaxSeats returns the most seats of what is sold, at least 1.
func (s *ForSale) MaxSeats() uint64 {
	most := uint64(1)
	for _, one := range s.sales {
		most = max(most, one.Seats)
	}
	return most
}

// Beyond is what a key may not sign of what is sold, by the option of "licensor delegate" that
// allows it.
type Beyond struct {
	Option string `json:"option"` // with its value
	Sales  int    `json:"sales"`  // sales and plans
	First  string `json:"first"`  // of them
}

// BeyondScope returns what a scope leaves out, in the order of the options.
func (s *ForSale) BeyondScope(scope *format.Scope, now time.Time) []Beyond {
	type found struct {
		Beyond
		most int64 // of an option with a number
	}
	var all []*found
	for _, one := range s.sales {
		for _, need := range needs(scope, one.Entitlement, now) {
			i := slices.IndexFunc(all, func(f *found) bool {
				return f.Option == need.option || need.most > 0 && f.most > 0 && strings.HasPrefix(f.Option, need.name())
			})
			if i < 0 {
				i = len(all)
				all = append(all, &found{Beyond: Beyond{First: one.name}})
			}
			f := all[i]
			if f.Sales++; f.Option == "" || need.most > f.most {
				f.Option, f.most = need.option, need.most
			}
		}
	}
	list := make([]Beyond, 0, len(all))
	for _, f := range all {
		list = append(list, f.Beyond)
	}
	slices.SortStableFunc(list, func(a, b Beyond) int { return optionPlace(a.Option) - optionPlace(b.Option) })
	return list
}

func optionPlace(option string) int {
	name, _, _ := strings.Cut(strings.TrimPrefix(option, "--"), " ")
	return slices.IndexFunc(ScopeTerms, func(t ScopeTerm) bool { return t.Option == name })
}

// need is an option that a sale needs; most is its number, if it has one.
type need struct {
	option string
	most   int64
}

func (n need) name() string {
	name, _, _ := strings.Cut(n.option, " ")
	return name + " "
}

// needs returns the options that would let a key sign a sale, each by itself.
func needs(scope *format.Scope, e *ledger.Entitlement, now time.Time) (all []need) {
	e = e.Begun(now)
	allows := func(list []string, name string) bool {
		return slices.Contains(list, name) || slices.Contains(list, format.Any)
	}
	if !allows(scope.Products, e.Product) {
		all = append(all, need{"--products " + text.ShellWord(e.Product), 0})
	}
	if !allows(scope.Types, e.Type) {
		all = append(all, need{"--types " + e.Type, 0})
	}
	if e.Seats > scope.MaxSeats {
		all = append(all, need{fmt.Sprint("--max-seats ", e.Seats), int64(e.Seats)})
	}
	if e.Weakest() == format.StrengthAny && scope.Weakest < format.StrengthAny {
		all = append(all, need{"--binding any", 0})
	}
	switch end := e.HardEnd(); {
	case end.IsZero():
		if !scope.Perpetual {
			all = append(all, need{"--perpetual", 0})
		}
	case end.Unix()-now.Unix() > scope.MaxTerm:
		days := (end.Unix() - now.Unix() + SecondsPerDay - 1) / SecondsPerDay
		all = append(all, need{fmt.Sprintf("--max-term %dd", days), days})
	}
	return all
}
