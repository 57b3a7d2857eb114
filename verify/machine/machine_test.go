package machine

import (
	"runtime"
	"testing"
)

func TestOptions(t *testing.T) {
	value := func(s string) Value {
		t.Helper()
		v, err := ParseValue(s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	a, b, c, d := value("a=a1"), value("b=b1"), value("c=c1"), value("d=d1")
	for name, v := range map[string]struct {
		o    Options
		good bool
	}{
		"plain":                    {Options{Product: "evoq"}, true},
		"three of the operator's":  {Options{Product: "evoq", Extra: []Value{a, b, c}}, true},
		"one value, two labels":    {Options{Product: "evoq", Extra: []Value{a, value("b=a1")}}, true},
		"two beside a MAC":         {Options{Product: "evoq", Extra: []Value{a, b}, MAC: true}, true},
		"no product":               {Options{}, false},
		"too many":                 {Options{Product: "evoq", Extra: []Value{a, b, c, d}}, false},
		"too many beside a MAC":    {Options{Product: "evoq", Extra: []Value{a, b, c}, MAC: true}, false},
		"a label twice":            {Options{Product: "evoq", Extra: []Value{a, b, value("a=a2")}}, false},
		"a component without text": {Options{Product: "evoq", Extra: []Value{{}}}, false},
		"another system's root":    {Options{Product: "evoq", Root: t.TempDir()}, runtime.GOOS == "linux"},
	} {
		id, err := Read(v.o)
		if (err == nil) != v.good || (id != nil) != v.good {
			t.Errorf("%s: got %v, %v, want success %t", name, id, err, v.good)
		}
	}
}

// This machine, whatever it is: every source has its finding, and what is present is
// what is offered.
func TestReadThisMachine(t *testing.T) {
	id, err := Read(Options{Product: "evoq", MAC: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(id.Findings) == 0 {
		t.Fatal("got no findings, want one for every source")
	}
	n := 0
	for _, f := range id.Findings {
		t.Logf("%-12s %-11s %s", f.Label, f.Status, f.Detail)
		if f.Detail == "" {
			t.Errorf("%s: got no detail, want a sentence", f.Label)
		}
		if f.Status != Present {
			continue
		}
		if n >= len(id.Components) || id.Components[n].Label != f.Label || len(id.Components[n].Hash) != 8 {
			t.Fatalf("components: got %v, want 8 bytes for every source that is present: %v", id.Components, id.Findings)
		}
		n++
	}
	if n != len(id.Components) {
		t.Errorf("components: got %d, want %d", len(id.Components), n)
	}
}

func BenchmarkRead(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(Options{Product: "evoq"}); err != nil {
			b.Fatal(err)
		}
	}
}
