package machine

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseValue(t *testing.T) {
	for in, want := range map[string]string{
		"cluster=0B5E0A0C-5F0E-4C53-9D0C-2B8A3C1D7E11":   "0b5e0a0c5f0e4c539d0c2b8a3c1d7e11",
		"cluster={0b5e0a0c5f0e4c539d0c2b8a3c1d7e11}":     "0b5e0a0c5f0e4c539d0c2b8a3c1d7e11",
		"arn= arn:AWS:eks:eu-west-1:1=2 ":                "arn:aws:eks:eu-west-1:1=2",
		"a1-b=x7":                                        "x7",
		"volume=" + strings.Repeat("ab", maxValue/2):     strings.Repeat("ab", maxValue/2),
		"sixteen-letters1=pool-4/lun-7":                  "pool-4/lun-7",
		"cluster={0b5e0a0c5f0e4c539d0c2b8a3c1d7e11":      "{0b5e0a0c5f0e4c539d0c2b8a3c1d7e11",
		"cluster=0b5e0a0c-5f0e-4c53-9d0c-2b8a3c1d7e11-1": "0b5e0a0c-5f0e-4c53-9d0c-2b8a3c1d7e11-1",
	} {
		v, err := ParseValue(in)
		if err != nil {
			t.Errorf("ParseValue(%q): %v", in, err)
			continue
		}
		label, _, _ := strings.Cut(in, "=")
		if v.Label() != label || v.value != want {
			t.Errorf("ParseValue(%q): got %q = %q, want %q = %q", in, v.label, v.value, label, want)
		}
	}
}

func TestParseValueRefuses(t *testing.T) {
	for _, in := range []string{
		"", "cluster", "=secret7", "Cluster=secret7", "7cluster=secret7", "clu_ster=secret7", "seventeen-letters=secret7",
		"machine-id=secret7", "product-uuid=secret7", "root-fs=secret7", "mac=secret7",
		"cluster=", "cluster=   ", "cluster=none", "cluster=N/A", "cluster=UID", "cluster=To Be Filled By O.E.M.",
		"cluster=00000000-0000-0000-0000-000000000000",
		"cluster=secret7\nx", "cluster=secret7\x00", "cluster=secret7é", "cluster=\x1b[31msecret7",
		"cluster=" + strings.Repeat("secret7", 40),
	} {
		v, err := ParseValue(in)
		if err == nil {
			t.Errorf("ParseValue(%q): got %q, want an error", in, v.value)
		} else if strings.Contains(err.Error(), "secret7") {
			t.Errorf("ParseValue(%q): the error repeats the value: %v", in, err)
		}
	}
}

func TestValueIsNotPrinted(t *testing.T) {
	v, err := ParseValue("cluster=secret7")
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if s := fmt.Sprintf(verb, Options{Extra: []Value{v}}); strings.Contains(s, "secret7") || !strings.Contains(s, "cluster") {
			t.Errorf("%s: got %s, want the label and not the value", verb, s)
		}
	}
}
