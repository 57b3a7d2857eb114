package machine

import "testing"

func TestParseIOReg(t *testing.T) {
	const output = `+-o J314sAP  <class IOPlatformExpertDevice, id 0x100000222, registered, matched, active, busy 0 (0 ms), retain 37>
    {
      "manufacturer" = <"Apple Inc.">
      "IOPolledInterface" = "AppleARMWatchdogTimerHibernateHandler is not serializable"
      "IOPlatformUUID" = "8F3C1D5E-7A90-4B26-B1D2-C3E4F5061728"
      "serial-number" = <00>
      "IOPlatformSerialNumber" = "C02XXXXXXXXX"
    }
`
	for in, want := range map[string]string{
		output: "8F3C1D5E-7A90-4B26-B1D2-C3E4F5061728",
		`"IOPlatformUUID" = "8F3C1D5E-7A90-4B26-B1D2-C3E4F5061728`: "8F3C1D5E-7A90-4B26-B1D2-C3E4F5061728",
		`"IOPlatformUUID" = <00>`:                                  "",
		`"X" = "\"IOPlatformUUID\" = \"8F3C1D5E\""`:                "",
		"": "",
	} {
		if got := parseIOReg(in); got != want {
			t.Errorf("parseIOReg(%q): got %q, want %q", in, got, want)
		}
	}
	if r := uuidReading(parseIOReg(output), "ioreg"); r.status != Present || r.value != "5e1d3c8f907a264bb1d2c3e4f5061728" {
		t.Errorf("reading: got %+v, want the normalized UUID", r)
	}
}
