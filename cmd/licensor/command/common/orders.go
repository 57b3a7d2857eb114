package common

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// The table of orders that import reads and list --csv writes: what a column is called,
// how its cells are read into an entitlement and how they are written.

// OrderColumn is a column of the table of orders.
type OrderColumn struct {
	Name     string
	Required bool
	Read     func(e *ledger.Entitlement, cell string) error
	Write    func(e *ledger.Entitlement) string
}

var OrderColumns = []OrderColumn{
	anyText("invoice", true, func(e *ledger.Entitlement) *string { return &e.Invoice }),
	{"email", true, func(e *ledger.Entitlement, cell string) error {
		e.Email = cell
		if !ledger.ValidEmail(cell) {
			return errors.New("want an address like ops@site.example")
		}
		return nil
	}, func(e *ledger.Entitlement) string { return e.Email }},
	anyText("customer", true, func(e *ledger.Entitlement) *string { return &e.Customer }),
	anyText("product", true, func(e *ledger.Entitlement) *string { return &e.Product }),
	anyText("edition", false, func(e *ledger.Entitlement) *string { return &e.Edition }),
	{"type", true, func(e *ledger.Entitlement, cell string) error {
		e.Type = cell
		return format.ValidType(cell)
	}, func(e *ledger.Entitlement) string { return e.Type }},
	count("seats", "0", func(e *ledger.Entitlement) *uint64 { return &e.Seats }),
	day("expires", func(e *ledger.Entitlement) *time.Time { return &e.Expires }),
	{"grace", false, func(e *ledger.Entitlement, cell string) error { return daysValue{&e.GraceDays}.Set(cell) },
		func(e *ledger.Entitlement) string { return daysValue{&e.GraceDays}.String() }},
	day("updates_until", func(e *ledger.Entitlement) *time.Time { return &e.UpdatesUntil }),
	anyText("max_version", false, func(e *ledger.Entitlement) *string { return &e.MaxVersion }),
	{"features", false, func(e *ledger.Entitlement, cell string) error {
		e.Features = words(cell)
		return nil
	}, func(e *ledger.Entitlement) string { return strings.Join(e.Features, ";") }},
	{"limits", false, readLimits, func(e *ledger.Entitlement) string { return strings.Join(Limits(e.Limits), ";") }},
	{"count_by", false, func(e *ledger.Entitlement, cell string) error { return countByValue{&e.CountBy}.Set(cell) },
		func(e *ledger.Entitlement) string { return string(e.CountBy) }},
	count("allowance", "", func(e *ledger.Entitlement) *uint64 { return &e.Allowance }),
	{"unbound", false, readUnbound, func(e *ledger.Entitlement) string {
		if e.Unbound {
			return "yes"
		}
		return ""
	}},
	{"emergency_days", false, func(e *ledger.Entitlement, cell string) error { return daysValue{&e.EmergencyDays}.Set(cell) },
		func(e *ledger.Entitlement) string { return daysValue{&e.EmergencyDays}.String() }},
}

// ListedColumns are those of list --csv that say what became of an order. Import passes
// over them.
var ListedColumns = []string{"seats_used", "emergency_days_used", "activations"}

func anyText(name string, required bool, field func(*ledger.Entitlement) *string) OrderColumn {
	return OrderColumn{name, required,
		func(e *ledger.Entitlement, cell string) error {
			*field(e) = cell
			return nil
		},
		func(e *ledger.Entitlement) string { return *field(e) }}
}

// count is a number; zero is how 0 is written.
func count(name, zero string, field func(*ledger.Entitlement) *uint64) OrderColumn {
	return OrderColumn{name, false,
		func(e *ledger.Entitlement, cell string) error {
			n, err := strconv.ParseUint(cell, 10, 63)
			if err != nil {
				return errors.New("want a number")
			}
			*field(e) = n
			return nil
		},
		func(e *ledger.Entitlement) string {
			if *field(e) == 0 {
				return zero
			}
			return strconv.FormatUint(*field(e), 10)
		}}
}

func day(name string, field func(*ledger.Entitlement) *time.Time) OrderColumn {
	return OrderColumn{name, false,
		func(e *ledger.Entitlement, cell string) error { return dateValue{field(e)}.Set(cell) },
		func(e *ledger.Entitlement) string { return dateValue{field(e)}.String() }}
}

// words splits a cell with several words, which spaces or ; stand between.
func words(cell string) []string {
	return strings.FieldsFunc(cell, func(r rune) bool { return r == ' ' || r == ';' })
}

func readLimits(e *ledger.Entitlement, cell string) error {
	e.Limits = make(map[string]uint64)
	for _, word := range words(cell) {
		if err := (limitValue{e.Limits}).Set(word); err != nil {
			return err
		}
	}
	return nil
}

func readUnbound(e *ledger.Entitlement, cell string) error {
	switch strings.ToLower(cell) {
	case "yes", "true", "1":
		e.Unbound = true
	case "no", "false", "0":
	default:
		return errors.New("want yes or no")
	}
	return nil
}

// Spreadsheets run a cell that starts with one of formulaStarts as a formula. They take
// an apostrophe before it as the word that it is text; so does import.
const formulaStarts = "=+-@\t"

func isFormula(cell string) bool {
	bare := strings.TrimLeft(cell, "'")
	return bare != "" && strings.Contains(formulaStarts, bare[:1])
}

// QuoteFormula marks a cell as text that a spreadsheet would run.
func QuoteFormula(cell string) string {
	if isFormula(cell) {
		return "'" + cell
	}
	return cell
}

// UnquoteFormula undoes QuoteFormula.
func UnquoteFormula(cell string) string {
	if bare, quoted := strings.CutPrefix(cell, "'"); quoted && isFormula(bare) {
		return bare
	}
	return cell
}

// WriteOrders prints a line for each entitlement, as import reads it.
func WriteOrders(out io.Writer, holdings []ledger.Holding) error {
	w := csv.NewWriter(out)
	var line []string
	for _, c := range OrderColumns {
		line = append(line, c.Name)
	}
	w.Write(append(line, ListedColumns...))
	for _, h := range holdings {
		line = line[:0]
		for _, c := range OrderColumns {
			line = append(line, QuoteFormula(c.Write(&h.Entitlement)))
		}
		w.Write(append(line, fmt.Sprint(h.Usage.Seats), fmt.Sprint(h.Usage.EmergencyDays), fmt.Sprint(len(h.Activations))))
	}
	w.Flush()
	return w.Error()
}
