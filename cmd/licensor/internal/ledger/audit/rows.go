package audit

import (
	"cmp"
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
)

// rows are the rows of the tables that follow from the state, in the order of their
// keys. events and log are compared with the log itself.
func (s *state) rows(table string) iter.Seq[[]any] {
	switch table {
	case "schema_version":
		return each([]int64{s.version}, func(version int64) []any { return []any{version} })
	case "customers":
		return each(slices.Sorted(maps.Keys(s.customers)), func(name string) []any { return []any{name, store.Number(s.customers[name])} })
	case "products":
		return each(slices.Sorted(maps.Keys(s.products)), func(name string) []any {
			product, _ := json.Marshal(s.products[name]) // it came from JSON
			return []any{name, string(product)}
		})
	case "entitlements":
		return each(slices.Sorted(maps.Keys(s.sales)), func(invoice string) []any { return s.sales[invoice].row() })
	case "emails":
		return each(slices.Sorted(maps.Keys(s.accounts)), func(account string) []any { return []any{[]byte(account)} })
	case "addresses":
		return sorted(s.addressRows())
	case "activations":
		return mapped(s.allActivations.sorted(func(a, b *activation) int { return strings.Compare(a.id(), b.id()) }), (*activation).row)
	case "licenses":
		return mapped(s.allLicenses.sorted(func(a, b *license) int { return compareIDs(a.id, b.id) }), s.licenseRow)
	case "moves":
		return each(slices.Sorted(maps.Keys(s.moves)), func(successor string) []any {
			m := s.moves[successor]
			return []any{m.Successor, m.From, m.invoice, ledger.Seconds(m.Until), store.Number(m.Waits), string(m.State)}
		})
	case "moved":
		return sorted(s.movedRows())
	case "left_machines":
		return sorted(s.leftRows())
	case "revocations":
		all := slices.SortedFunc(slices.Values(s.revocations), func(a, b *revocation) int { return strings.Compare(a.License.String(), b.License.String()) })
		return each(all, func(r *revocation) []any {
			return []any{r.License.String(), r.Activation, ledger.Seconds(r.Since), r.Why, int64(r.List)}
		})
	case "revoked_keys":
		var all [][]any
		for _, k := range s.revoked {
			all = append(all, []any{k.Public, k.Name, store.Number(k.Root), store.Number(k.Lists), ledger.Seconds(k.Since), k.Why, int64(k.List), store.OrNil(k.Keep)})
		}
		return sorted(all)
	case "revocation_lists":
		var all [][]any
		for _, l := range s.lists {
			all = append(all, []any{int64(l.Number), l.issued, l.SignedBy, store.OrNil(l.SignerKey), int64(len(l.File)), l.seq})
		}
		return sorted(all)
	}
	return nil
}

// compareIDs orders ids as their texts are ordered, and needs none of a million of these: in
// Base32 the digits, which come last, are before the letters in ASCII.
func compareIDs(a, b format.ID) int {
	const letters, digits = 26, 6
	inASCII := func(value uint) uint { return (value + digits) % (letters + digits) }
	for bit := 0; bit < 8*len(a); bit += 5 {
		if x, y := fiveBits(a, bit), fiveBits(b, bit); x != y {
			return cmp.Compare(inASCII(x), inASCII(y))
		}
	}
	return 0
}

// fiveBits returns the bits of one character of an id; behind its end are zeros.
func fiveBits(id format.ID, bit int) uint {
	two := uint(id[bit/8]) << 8
	if bit/8+1 < len(id) {
		two |= uint(id[bit/8+1])
	}
	return two >> (11 - bit%8) & 31
}

func each[T any](all []T, row func(T) []any) iter.Seq[[]any] { return mapped(slices.Values(all), row) }

func mapped[T any](all iter.Seq[T], row func(T) []any) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for one := range all {
			if !yield(row(one)) {
				return
			}
		}
	}
}

// sorted orders rows by their first two columns.
func sorted(rows [][]any) iter.Seq[[]any] {
	slices.SortFunc(rows, func(a, b []any) int { return cmp.Or(compareValues(a[0], b[0]), compareValues(a[1], b[1])) })
	return slices.Values(rows)
}

func (of *sale) row() []any {
	e := of.Entitlement
	sold, _ := json.Marshal(e.Kept()) // it came from JSON
	return []any{e.Invoice, ledger.CustomerKey(e.Customer), store.OrNil(e.Account), e.Product, e.Type,
		ledger.Seconds(e.Expires), ledger.Seconds(e.HardEnd()), ledger.Seconds(e.UpdatesUntil), int64(e.Places()), string(sold), of.seq, string(e.Standing), of.seller, of.used, of.peak}
}

func (a *activation) row() []any {
	site, host := a.place()
	rest := a.rest()
	return []any{a.id(), a.sale.Invoice, string(a.state()), store.OrNil(a.machineKey()), site, host, a.since, rest.ended, int64(a.newest.epoch), a.newest.id.String(), rest.emergencyDays}
}

func (s *state) licenseRow(l *license) []any {
	var hash []byte
	if l.bound {
		hash = l.request[:]
	}
	named, _ := json.Marshal(l.components()) // labels and bytes
	return []any{l.id.String(), s.activationOf(l), int64(l.epoch), store.OrNil(hash), l.issued, l.hardEnd, int64(l.need), string(named), l.signer.name, l.signer.key, l.seq}
}

func (s *state) addressRows() (all [][]any) {
	for of, accounts := range s.more {
		for _, account := range accounts {
			all = append(all, []any{account, of.Invoice})
		}
	}
	return all
}

func (s *state) movedRows() (all [][]any) {
	for _, of := range s.sales {
		for _, m := range of.moved {
			all = append(all, []any{m.seq, of.Invoice, m.at.Unix()})
		}
	}
	return all
}

func (s *state) leftRows() (all [][]any) {
	for _, of := range s.sales {
		for key, machines := range of.left {
			for _, l := range machines {
				all = append(all, []any{l.activation, key.label, of.Invoice, []byte(key.value)})
			}
		}
	}
	return all
}
