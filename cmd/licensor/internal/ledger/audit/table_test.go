package audit

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestIndex does the same to an index as to a map: each key finds what was put there last.
func TestIndex(t *testing.T) {
	type row struct{ key, value int }
	rows := new(table[row])
	x := newIndex(rows, func(r *row) int { return r.key })
	want := make(map[int]int)
	random := rand.New(rand.NewPCG(1, 2))
	const keys = 3000
	for i := range 50_000 {
		key := random.IntN(keys)
		if i < 20_000 || random.IntN(2) == 0 {
			number, _ := rows.add(row{key, i})
			x.put(number)
			want[key] = i
		} else {
			x.remove(key)
			delete(want, key)
		}
		if i%5000 > 0 && i < 49_999 {
			continue
		}
		for key := range keys {
			value, there := want[key]
			if found := x.find(key); (found != nil) != there || there && *found != (row{key, value}) {
				t.Fatalf("after %d steps %d finds %v, want %d, %t", i, key, found, value, there)
			}
		}
		if x.used != len(want) {
			t.Fatalf("%d keys, want %d", x.used, len(want))
		}
	}
}

func TestTableIsSorted(t *testing.T) {
	rows := new(table[int])
	random := rand.New(rand.NewPCG(3, 4))
	var want []int
	for range 5000 {
		n := random.Int()
		rows.add(n)
		want = append(want, n)
	}
	for i, sorted := range [...]bool{false, true} {
		all := rows.all()
		if sorted {
			all = rows.sorted(func(a, b *int) int { return *a - *b })
			slices.Sort(want)
		}
		var got []int
		for n := range all {
			got = append(got, *n)
		}
		if !slices.Equal(got, want) {
			t.Error("other rows", i)
		}
	}
}

func TestPacked(t *testing.T) {
	texts := []string{"", "a", strings.Repeat("b", 127), strings.Repeat("c", 128), "\x00\xff", strings.Repeat("d", 70_000)}
	rest := pack(texts...)
	for _, want := range texts {
		var got string
		if got, rest = rest.cut(); got != want {
			t.Errorf("%.20q, want %.20q", got, want)
		}
	}
	if rest != "" {
		t.Errorf("%.20q is left", rest)
	}
}
