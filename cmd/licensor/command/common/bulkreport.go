package common

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/spreadsheet"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// BulkResult is a line in the report of a command that signs for many: what became of a
// request, or of the line of a file.
type BulkResult struct {
	Source, Result, Invoice, Activation, License, LicenseFile, Reason string
}

// BulkReportStart is how every report begins.
const BulkReportStart = "file,result,invoice,activation,license,license_file,reason\n"

// WriteBulkReport writes a report as a CSV file.
func WriteBulkReport(env *cli.Env, path string, results []BulkResult) error {
	var text bytes.Buffer
	text.WriteString(BulkReportStart)
	w := csv.NewWriter(&text)
	for _, r := range results {
		line := []string{r.Source, r.Result, r.Invoice, r.Activation, r.License, r.LicenseFile, r.Reason}
		for i := range line {
			line[i] = spreadsheet.QuoteFormula(line[i])
		}
		w.Write(line)
	}
	w.Flush()
	return env.WriteFile(path, text.Bytes(), 0o644)
}

// PrintCounts prints how many have each of some results, and where the licenses and the
// report are.
func PrintCounts(env *cli.Env, counts map[string]int, results []string, licenses, report string) error {
	var t cli.Table
	for _, result := range results {
		t.Row(result, fmt.Sprint(counts[result]))
	}
	t.Row("licenses", licenses)
	if report != "" {
		t.Row("report", report)
	}
	_, err := t.WriteTo(env.Stdout)
	return err
}

// Reason says in one line why something was refused: of a rule, also what to do and who
// may lift it.
func Reason(err error) string {
	var rule *ledger.Refusal
	switch {
	case err == nil:
		return ""
	case errors.As(err, &rule):
		return rule.Error() + "; " + rule.Hint()
	case hint.Of(err) != "":
		return err.Error() + "; " + hint.Of(err)
	}
	return err.Error()
}
