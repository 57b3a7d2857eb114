package common

import (
	"strings"
	"testing"
)

// Dates as spreadsheets of several countries write them.
func TestDatesOfSpreadsheets(t *testing.T) {
	for _, test := range []struct {
		cell      string
		dates     Dates
		want, bad string
	}{
		{"2027-11-21", "", "2027-11-21", ""},
		{"2027/11/21", "", "2027-11-21", ""},
		{"2027-11-21 00:00:00", "", "2027-11-21", ""},
		{"21.11.2027", "", "2027-11-21", ""},
		{"1.2.2027", "", "2027-02-01", ""},
		{"11/21/2027", "", "2027-11-21", ""},
		{"21/11/2027", "", "2027-11-21", ""},
		{"5/5/2027", "", "2027-05-05", ""},
		{"1/2/2027", "", "", "1 February 2027 or 2 January 2027? Say --dates dmy or --dates mdy"},
		{"01-02-2027", "", "", "Say --dates dmy"},
		{"1/2/2027", DayFirst, "2027-02-01", ""},
		{"1/2/2027", MonthFirst, "2027-01-02", ""},
		{"1.2.2027", MonthFirst, "2027-01-02", ""},
		{"21/11/2027", MonthFirst, "", "there is no month 21"},
		{"11/21/2027", DayFirst, "", "there is no month 21"},
		{"11.21.2027", "", "", "there is no month 21"},
		{"1/2/27", DayFirst, "", "a year of four digits"},
		{"46712", "", "", "number of a day"},
		{"12m", "", "12m", ""},
		{"none", "", "none", ""},
		{"1/2-2027", "", "1/2-2027", ""}, // is refused as no date
	} {
		got, err := test.dates.read(test.cell)
		if got != test.want || (err == nil) != (test.bad == "") || err != nil && !strings.Contains(err.Error(), test.bad) {
			t.Errorf("%s, %q: %q, %v", test.cell, test.dates, got, err)
		}
	}
}

// Numbers and formulas that a spreadsheet has spoiled are refused as that, and what only
// looks alike is not.
func TestSpoiledCells(t *testing.T) {
	for cell, bad := range map[string]bool{
		"1.23E+14": true, "1,23E+14": true, "4E-05": true, "-1.2e+3": true, "#N/A": true, "#REF!": true, "########": true, "M\ufffdller": true,
		"#n/a": true, "#N/A.": true, "#NV": true, "#BEZUG!": true, "#¿NOMBRE?": true, "#SPILL!": true, "Err:502": true, "1.2e−05": true,
		"1.23E14": true, "M\u00c3\u00bcller": true, "CafÃ©": true, "GroÃŸ": true, "Acme â€“ Ltd": true,
		"São Ltd": false, "IRMÃ": false, "“AMANHÔ": false, "SÃO PAULO": false, "Â": false, "20 €": false,
		"#1A": false, "N/A": false, "#ok, then!": false, "1E5": false, "INV1E+14": false, "00042": false, "#1": false, "1.23": false,
	} {
		if err := spoiled(cell); (err != nil) != bad {
			t.Errorf("%q: %v", cell, err)
		}
	}
}
