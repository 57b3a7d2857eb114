package machine

import "testing"

func TestParseMAC(t *testing.T) {
	for in, want := range map[string]string{
		"ac:1f:6b:00:12:34":       "ac1f6b001234",
		"AC:1F:6B:00:12:34":       "ac1f6b001234",
		"":                        "",
		"00:00:00:00:00:00":       "",
		"ff:ff:ff:ff:ff:ff":       "",
		"52:54:00:12:34:56":       "", // locally administered: a hypervisor's
		"01:00:5e:00:00:01":       "", // a group
		"00:a0:c6:00:00:00":       "", // shipped by a driver
		"ac:1f:6b:00:12":          "",
		"ac:1f:6b:00:12:34:56":    "",
		"ac-1f-6b-00-12-34":       "",
		"ac:1f:6b:00:12:3g":       "",
		"a:c:1:f:6:b:0:0:1":       "",
		"80:00:02:08:fe:80:00:00": "",
	} {
		if got := parseMAC(in); got != want {
			t.Errorf("parseMAC(%q): got %q, want %q", in, got, want)
		}
	}
}
