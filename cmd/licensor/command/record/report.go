package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/spreadsheet"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// reportBys are what a report may be by.
var reportBys = []string{string(ledger.ByProduct), string(ledger.ByMonth), string(ledger.ByCustomer)}

// reportColumns are those of the counts, as ledger.Counts has them in JSON.
var reportColumns = []string{"sold", "renewed", "canceled", "ended", "active", "free_seats"}

// report counts what was sold and what became of it.
func report(flags *pflag.FlagSet) cli.Run {
	var c common.Options
	q := ledger.ReportQuery{By: ledger.ByProduct}
	var csv spreadsheet.Options
	c.AddLedgerOrCopy(flags)
	flags.Func("by", "", func(text string) error {
		if q.By = ledger.ReportBy(text); !slices.Contains(reportBys, text) {
			return errors.New("want " + strings.Join(reportBys, ", "))
		}
		return nil
	})
	cli.Choices(flags, "by", reportBys...)
	common.AddDay(flags, &q.Since, "since")
	common.AddDay(flags, &q.Until, "until")
	common.AddJSON(flags)
	csv.Add(flags)
	return common.OptionsOnly(func(env *cli.Env) error {
		if err := csv.Check(env.JSON()); err != nil {
			return err
		}
		if !q.Until.IsZero() {
			if q.Until.Before(q.Since) {
				return cli.Usagef("--until is before --since")
			}
			q.Until = q.Until.Add(24 * time.Hour) // the day is included
		}
		var err error
		if q.Now, err = env.Time(); err != nil {
			return err
		}
		return c.WithService(env, service.ToRead, func(ctx context.Context, s *service.Service) error {
			rows, total, err := s.Report(ctx, q)
			if err != nil {
				return err
			}
			switch {
			case env.JSON():
				return env.Answer(newReported(q.By, rows, total))
			case csv.On:
				return writeReport(env, &csv, q.By, rows)
			case len(rows) == 0:
				fmt.Fprintln(env.Stderr, `Nothing has been sold yet: "licensor entitle" records what was.`)
				return nil
			}
			var t cli.Table
			t.Row(strings.ToUpper(string(q.By)), "SOLD", "RENEWED", "CANCELED", "ENDED", "ACTIVE", "FREE")
			for _, row := range append(rows, ledger.ReportRow{Name: "total", Counts: total}) {
				t.Row(append([]string{row.Name}, cells(row.Counts)...)...)
			}
			_, err = t.WriteTo(env.Stdout)
			return err
		})
	})
}

// cells are the counts in the order of reportColumns.
func cells(c ledger.Counts) (all []string) {
	for _, n := range []uint64{c.Sold, c.Renewed, c.Canceled, c.Ended, c.Active, c.Free} {
		all = append(all, fmt.Sprint(n))
	}
	return all
}

// reported is what report --json prints.
type reported struct {
	Version int                `json:"version"`
	By      ledger.ReportBy    `json:"by"`
	Rows    []ledger.ReportRow `json:"rows"`
	Total   ledger.Counts      `json:"total"`
}

func newReported(by ledger.ReportBy, rows []ledger.ReportRow, total ledger.Counts) *reported {
	return &reported{1, by, append([]ledger.ReportRow{}, rows...), total}
}

func writeReport(env *cli.Env, o *spreadsheet.Options, by ledger.ReportBy, rows []ledger.ReportRow) error {
	table := o.Table(env.Stdout, append([]string{string(by)}, reportColumns...))
	for _, row := range rows {
		table.Row(append([]string{row.Name}, cells(row.Counts)...)...)
	}
	return table.Close()
}
