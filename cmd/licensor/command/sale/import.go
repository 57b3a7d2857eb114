package sale

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// maxOrders is the most bytes of a file of orders: some two million lines.
const maxOrders = 256 << 20

func importOrders(flags *pflag.FlagSet) cli.Run {
	var c common.Options
	c.AddChange(flags)
	var dates common.Dates
	dates.Add(flags)
	c.AddNew(flags)
	check := flags.Bool("check", false, "")
	return func(env *cli.Env, args []string) error {
		file, err := common.OneFile(args, "one with orders")
		if err != nil {
			return err
		}
		if err := dates.Check(); err != nil {
			return err
		}
		by, err := c.Operation(env)
		if err != nil {
			return err
		}
		rows, err := readOrdersFile(env, file, by.Now, dates)
		if err != nil {
			return err
		}
		return c.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
			bar := cli.NewProgress(env, "importing", len(rows))
			defer bar.Done()
			counted := 0
			err := error(nil)
			if *check {
				err = s.CheckImport(ctx, by, rows)
			} else {
				err = s.Import(ctx, by, rows, func(done int) {
					bar.Add(done - counted)
					counted = done
				})
			}
			bar.Done()
			if wrong, ok := errors.AsType[*service.ImportError](err); ok {
				return printLineErrors(env, file, wrong)
			}
			if err != nil {
				return err
			}
			var sold []*ledger.Entitlement
			answer := importAnswer{Version: 1}
			for i := range rows {
				if rows[i].Known {
					answer.Known++
					continue
				}
				answer.Imported++
				sold = append(sold, &rows[i].Entitlement)
				if rows[i].Waived {
					answer.Waived++
				}
			}
			s.WarnOfScope(by.Now, sold...)
			t := cli.Table{}
			if *check {
				answer.Good, answer.Imported = answer.Imported, 0
				t.Row("good", fmt.Sprintf("%d; nothing was imported", answer.Good))
			} else {
				t.Row("imported", fmt.Sprint(answer.Imported))
			}
			if answer.Known > 0 {
				t.Row("on record", fmt.Sprintf("%d, as they are; passed over", answer.Known))
			}
			if _, err := t.WriteTo(env.Stdout); err != nil {
				return err
			}
			if answer.Waived > 0 {
				env.Warnf("rule production was waived for good for %d of them", answer.Waived)
			}
			return env.Answer(answer)
		})
	}
}

// importAnswer is what import --json prints.
type importAnswer struct {
	Version  int `json:"version"`
	Imported int `json:"imported"`
	Known    int `json:"on_record"`        // as they are, and passed over
	Good     int `json:"good,omitempty"`   // with --check
	Waived   int `json:"waived,omitempty"` // of rule production
}

// importErrors is what import --json prints where nothing was imported.
type importErrors struct {
	cli.ErrorAnswer
	Lines []lineError `json:"lines"`
	More  int         `json:"more,omitempty"` // lines that are wrong as well
	Names []fileName  `json:"unknown_names,omitempty"`
}

// fileName is a name that no product has.
type fileName struct {
	Kind    string `json:"kind"` // product, edition, feature or limit
	Name    string `json:"name"`
	Nearest string `json:"nearest,omitempty"` // that there is
	First   int    `json:"first_line"`
	Lines   int    `json:"lines"`
}

type lineError struct {
	Line int `json:"line"`
	cli.Problem
}

func readOrdersFile(env *cli.Env, path string, now time.Time, dates common.Dates) ([]service.Order, error) {
	in, err := env.OpenFile(path, maxOrders)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	bar := cli.NewProgress(env, "reading", 0)
	rows, err := common.ReadOrders(in, now, dates, func() { bar.Add(1) })
	bar.Done()
	switch {
	case err != nil:
		return nil, common.ReadTableError(path, err)
	case len(rows) == 0:
		return nil, cli.Failf("there are no orders in %s", cli.Quote(filepath.Base(path))).WithHint("the lines after the first are the orders; nothing was imported")
	}
	return rows, nil
}

// printLineErrors prints all that is wrong, a line each, and once for each rule who may
// lift it.
func printLineErrors(env *cli.Env, path string, wrong *service.ImportError) error {
	var hints []string
	answer := importErrors{Lines: []lineError{}, More: wrong.More}
	told := make(map[ledger.Rule]bool)
	for _, line := range wrong.Lines {
		fmt.Fprintf(env.Stderr, "%s:%d: %s\n", cli.Clean(path), line.Line, cli.Clean(line.Err.Error()))
		answer.Lines = append(answer.Lines, lineError{line.Line, cli.ProblemOf(line.Err)})
		var refusal *ledger.Refusal
		if errors.As(line.Err, &refusal) && !told[refusal.Rule] {
			told[refusal.Rule] = true
			hints = append(hints, fmt.Sprintf("rule %s: %s", refusal.Rule, refusal.Hint()))
		}
	}
	if wrong.More > 0 {
		fmt.Fprintf(env.Stderr, "and %d more\n", wrong.More)
	}
	for _, hint := range hints {
		fmt.Fprintln(env.Stderr, cli.Clean(hint))
	}
	for _, n := range wrong.Names {
		fmt.Fprintf(env.Stderr, "in %s, first in line %d: %s\n", cli.Plural(n.Lines, "line", "lines"), n.First, cli.Clean(n.String()))
		answer.Names = append(answer.Names, fileName{n.Kind, n.Name, n.Nearest, n.First, n.Lines})
	}
	err := cli.Failf("nothing was imported; mistakes: %d", len(wrong.Lines)+wrong.More).WithHint("%s", wrong.Hint())
	answer.ErrorAnswer = cli.AnswerOf(err)
	return cmp.Or[error](env.Answer(answer), err)
}
