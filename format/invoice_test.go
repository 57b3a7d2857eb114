package format_test

import (
	"testing"

	"github.com/offlicense/offlicense/format"
)

func TestParseInvoice(t *testing.T) {
	for typed, want := range map[string]string{ // "": refused
		"INV-2026-77": "INV-2026-77", "inv-2026-77": "INV-2026-77", " INV-2026-77.\r\n": "INV-2026-77", "INV-2026-77 . ": "INV-2026-77",
		"\u00a0INV\u20102026\u201177\u3000": "INV-2026-77", "INV\u20122026\u201377": "INV-2026-77", "INV\u20142026\u201577": "INV-2026-77",
		"INV\u22122026\ufe6377": "INV-2026-77", "INV\uff0d2026\ufe5877": "INV-2026-77", "INV\u2e3a\u05be": "INV--",
		"2026.77": "2026.77", "rép-7": "RéP-7", "1e5": "1E5", "12E": "12E", "E+14": "E+14", "1.2.3E+4": "1.2.3E+4", "A1E+14": "A1E+14",
		"1.23457E+14": "", "1,23457E+14": "", "1e+05": "", "-1.2E-3": "", " 1E+05. ": "", "1.23457E14": "", "1,23457e14": "", "1E14": "1E14", "12.5E3": "12.5E3",
		"": "", " . ": "", "INV\u00ad77": "", "INV\u200b77": "", "INV 77\t8": "", "123456789012345678901234567890123": "",
	} {
		got, err := format.ParseInvoice(typed)
		if want == "" {
			if err == nil {
				t.Errorf("%+q is taken as %+q", typed, got)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%+q: got %+q, %v, want %+q", typed, got, err, want)
		}
		if again := format.InvoiceForm(got); again != got {
			t.Errorf("%+q becomes %+q, and that %+q", typed, got, again)
		}
	}
}
