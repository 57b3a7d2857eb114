package common

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

// Spreadsheets change what was typed into a cell: numbers, dates, and what they cannot
// reckon.

// notReckoned is what a spreadsheet shows, in its language, for a formula that failed, or for
// a column that is too narrow.
var notReckoned = regexp.MustCompile(`^(#(N/[ABD]|NV|[^ ]*[!?]|#+)|ERR:[0-9]{3})$`)

var (
	// rounded is what programs write that are no spreadsheets; format.Rounded knows those.
	rounded = regexp.MustCompile(`^[0-9][.,][0-9]+E[0-9]+$`)

	// readWrong is UTF-8 that was read as Windows-1252, as in Ã¼. What a name or a quotation may
	// have behind such a letter is left out.
	readWrong = regexp.MustCompile("[ÃÂ][\u0080-\u009f¡-©¬-¹¼-¿‚ƒ„†‡ˆ‰Š‹ŒŽ•˜™š›œžŸ€]|â€")

	// asText is how programs keep a spreadsheet from taking a text as a number.
	asText = regexp.MustCompile(`^="([^"]*)"$`)
)

// spoiled refuses a cell of which a spreadsheet has lost the content. It looks at the form
// of an invoice, which #n/a has in common with #N/A.
func spoiled(cell string) error {
	form := format.InvoiceForm(cell)
	switch {
	case format.Rounded(form), rounded.MatchString(form):
		return errors.New("a spreadsheet has rounded this number; make the column text, type it anew, and save the table again")
	case notReckoned.MatchString(form):
		return errors.New("a spreadsheet shows this in place of a value; mend the cell and save the table again")
	case strings.ContainsRune(cell, '\ufffd'), readWrong.MatchString(cell):
		return errors.New(`a letter was lost on the way; save the table as "CSV UTF-8"`)
	}
	return nil
}

// Dates says in which order a table writes the day and the month of a date: "dmy", "mdy",
// or "" for what leaves no doubt.
type Dates string

// The orders.
const (
	DayFirst   Dates = "dmy"
	MonthFirst Dates = "mdy"
)

// Add adds --dates.
func (d *Dates) Add(flags *pflag.FlagSet) {
	flags.StringVar((*string)(d), "dates", "", "")
	cli.Choices(flags, "dates", string(DayFirst), string(MonthFirst))
}

// Check refuses another order.
func (d Dates) Check() error {
	if d == "" || d == DayFirst || d == MonthFirst {
		return nil
	}
	return cli.Usagef("option --dates does not take %s", cli.Quote(string(d))).WithHint("want dmy for 21/11/2027, or mdy for 11/21/2027")
}

var (
	written  = regexp.MustCompile(`^([0-9]{1,4})([./-])([0-9]{1,2})([./-])([0-9]{1,4})( 0?0:00(:00)?)?$`)
	dayCount = regexp.MustCompile(`^[0-9]{5}$`)
)

// read returns a date like 2027-11-21 for one that is written as 21.11.2027 or 11/21/2027.
// What is no date it returns as it is.
func (d Dates) read(cell string) (string, error) {
	if dayCount.MatchString(cell) {
		return "", errors.New("this is a spreadsheet's number of a day; make the column a date and save the table again")
	}
	m := written.FindStringSubmatch(cell)
	if m == nil || m[2] != m[4] {
		return cell, nil
	}
	if len(m[1]) == 4 {
		return date(m[1], m[3], m[5], cell)
	}
	if len(m[5]) != 4 {
		return "", errors.New("want a year of four digits")
	}
	first, _ := strconv.Atoi(m[1])
	second, _ := strconv.Atoi(m[3])
	order := d
	switch {
	case order != "":
	case m[2] == ".", first > 12: // with dots the day always comes first
		order = DayFirst
	case second > 12, first == second:
		order = MonthFirst
	default:
		return "", fmt.Errorf("%s or %s? Say --dates dmy or --dates mdy", inWords(m[1], second, m[5]), inWords(m[3], first, m[5]))
	}
	if order == MonthFirst {
		return date(m[5], m[1], m[3], cell)
	}
	return date(m[5], m[3], m[1], cell)
}

// date writes a date, as ledger.ParseDate wants it.
func date(year, month, day, cell string) (string, error) {
	if m, _ := strconv.Atoi(month); m > 12 {
		return "", fmt.Errorf("there is no month %s; --dates dmy and --dates mdy say which comes first", month)
	}
	return fmt.Sprintf("%s-%02s-%02s", year, month, day), nil
}

var months = [...]string{"", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}

func inWords(day string, month int, year string) string {
	return strings.TrimLeft(day, "0") + " " + months[month] + " " + year
}
