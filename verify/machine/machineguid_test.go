package machine

import "testing"

func TestParseRegistryString(t *testing.T) {
	wide := func(s string) []byte {
		var b []byte
		for i := range len(s) {
			b = append(b, s[i], 0)
		}
		return b
	}
	const guid = "8f3c1d5e-7a90-4b26-b1d2-c3e4f5061728"
	for name, v := range map[string]struct {
		in   []byte
		want string
	}{
		"as stored":       {wide(guid + "\x00"), guid},
		"no NUL":          {wide(guid), guid},
		"rest of buffer":  {wide(guid + "\x00garbage"), guid},
		"half a unit":     {append(wide("ab"), 'c'), "ab"},
		"lone surrogate":  {[]byte{0x00, 0xd8, 'a', 0}, "\ufffda"},
		"empty":           {nil, ""},
		"nothing but NUL": {[]byte{0, 0}, ""},
	} {
		if got := parseRegistryString(v.in); got != v.want {
			t.Errorf("%s: got %q, want %q", name, got, v.want)
		}
	}
	if r := uuidReading(parseRegistryString(wide(guid+"\x00")), "registry"); r.status != Present {
		t.Errorf("reading: got %+v, want it present", r)
	}
}
