package format_test

import (
	"testing"

	"github.com/offlicense/offlicense/format"
)

func TestStrength(t *testing.T) {
	named := func(need uint64, labels ...string) *format.Binding {
		b := &format.Binding{Need: need}
		for _, label := range labels {
			b.Components = append(b.Components, format.Component{Label: label, Hash: []byte("12345678")})
		}
		return b
	}
	const id, uuid, fs, mac = format.LabelMachineID, format.LabelProductUUID, format.LabelRootFS, format.LabelMAC
	for _, c := range []struct {
		name    string
		binding *format.Binding
		want    format.Strength
	}{
		{"no machine", nil, format.StrengthAny},
		{"the key alone", named(0), format.StrengthKey},
		{"one that is the machine's", named(1, uuid), format.StrengthMachine},
		{"the default", named(2, id, uuid, fs), format.StrengthMachine},
		{"all that a machine offers", named(3, id, uuid, fs, mac), format.StrengthMachine},
		{"half of it", named(2, id, uuid, fs, mac), format.StrengthOperator},
		{"one of an image", named(1, fs), format.StrengthOperator},
		{"one of the operator's", named(1, "cluster"), format.StrengthOperator},
		{"either", named(1, id, "cluster"), format.StrengthOperator},
		{"both", named(2, id, "cluster"), format.StrengthMachine},
		{"three of five", named(3, id, fs, "rack", "team", "site"), format.StrengthOperator},
	} {
		l := format.LicenseClaims{Binding: c.binding}
		if got := l.Strength(); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestStrengthsHaveWords(t *testing.T) {
	for s := format.StrengthMachine; s <= format.StrengthAny; s++ {
		if got, err := format.ParseStrength(s.String()); err != nil || got != s {
			t.Errorf("%s: got %s, %v", s, got, err)
		}
	}
	for _, word := range []string{"", "Machine", "unknown strength", "none"} {
		if got, err := format.ParseStrength(word); err == nil || got != 0 {
			t.Errorf("%q: got %s, %v", word, got, err)
		}
	}
	if (format.StrengthAny + 1).String() != "unknown strength" {
		t.Error("a strength that does not exist has a word")
	}
}
