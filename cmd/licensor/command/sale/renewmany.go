package sale

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

// bulkRenewal is one run over many renewals.
type bulkRenewal struct {
	*renewCommand
	env       *cli.Env
	file      string // that names them; empty: there is none
	directory *common.LicenseDirectory
	service   *service.Service
	texts     *service.LicenseTexts
	results   []renewalResult // of those that the run got to
	waiting   []renewalResult // those whose files are still to be written
	files     []common.LicenseFile
	told      map[*service.Renewed]bool // that it is refused: before the question
}

// What became of a line.
const (
	resultRenewed = "renewed"
	resultAgain   = "again"  // it was so already
	resultPassed  = "passed" // there is nothing to renew
	resultRefused = "refused"
)

type renewalResult struct {
	*service.Renewed
	result    string
	delivered []service.Delivered
}

// renewMany renews many entitlements, each whole or not at all. What is refused does not
// stop the others. A run that broke off is finished by the same command.
func (c *renewCommand) renewMany(env *cli.Env, lines []service.RenewalLine, file string) error {
	if err := c.CheckReason(""); err != nil {
		return err
	}
	b := &bulkRenewal{renewCommand: c, env: env, file: file, told: make(map[*service.Renewed]bool)}
	var err error
	if b.directory, err = common.OpenLicenseDirectory(env, c.Out); err != nil {
		return err
	}
	if c.report != "" {
		if err := env.CheckOutput(c.report, common.BulkReportStart); err != nil {
			return err
		}
	}
	return c.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		b.service = s
		return b.run(ctx, lines)
	})
}

func (b *bulkRenewal) run(ctx context.Context, lines []service.RenewalLine) error {
	by, err := b.Operation(b.env)
	if err != nil {
		return err
	}
	if b.customer != "" {
		if lines, err = b.service.CustomerRenewals(ctx, b.customer, by.Now); err != nil {
			return err
		}
	}
	progress := cli.NewProgress(b.env, "checking", len(lines))
	previews, err := b.service.PreviewRenewals(ctx, by, lines, b.to, func() { progress.Add(1) })
	progress.Done()
	if err != nil {
		return err
	}
	n := service.TallyOf(previews)
	if n.Passed == len(previews) {
		return cli.Failf("there is nothing to renew: %s", previews[0].Passed).WithHint("fill in new_expires or new_updates_until, or give --expires or --updates-until")
	}
	common.Warn(b.env, n.Warnings())
	if n.Changed > 0 {
		if err := b.ask(previews, n); err != nil {
			return err
		}
	}
	var signer *service.Signer
	if n.Licenses > 0 {
		key, err := b.Key(b.env)
		if err != nil {
			return err
		}
		if signer, err = b.service.Signer(ctx, key, by.Now); err != nil {
			return err
		}
		if by, err = b.Operation(b.env); err != nil { // the passphrase has waited
			return err
		}
	}
	if b.texts, err = b.service.LicenseTexts(ctx); err != nil {
		return err
	}
	progress = cli.NewProgress(b.env, "renewing", len(previews))
	broken := b.service.RenewMany(ctx, by, previews, signer.Issue(by.Now), func(r *service.Renewed) error {
		defer progress.Add(1)
		return b.deliver(progress, r)
	})
	progress.Done()
	written := b.write()
	reported := b.writeReport()
	if err := cmp.Or(broken, written, reported); err != nil {
		return cmp.Or(b.answer(err), err)
	}
	return b.summarize()
}

// ask shows what will be different, and asks once for all of it.
func (b *bulkRenewal) ask(previews []service.Renewed, n service.Tally) error {
	if b.Yes {
		return nil
	}
	const most = 20
	var t cli.Table
	t.Row("INVOICE", "CUSTOMER", "PRODUCT", "TERM", "UPDATES", "LICENSES")
	shown := 0
	for i := range previews {
		r := &previews[i]
		switch {
		case r.Err != nil:
			b.tellRefused(b.env.Stderr, r)
			b.told[r] = true
		case r.Passed == "" && r.Changed && shown < most:
			shown++
			term, updates := service.RenewedEnds(r.Revised.Before, r.Revised.After)
			t.Row(r.Invoice, r.Revised.After.Customer, r.Revised.After.ProductName(), term, updates, fmt.Sprint(r.Licenses()))
		}
	}
	if more := n.Changed - most; more > 0 {
		t.Row(fmt.Sprintf("%d more", more))
	}
	if _, err := t.WriteTo(b.env.Stdout); err != nil {
		return err
	}
	question := ""
	if n.Refused > 0 {
		question += fmt.Sprintf("%d refused. ", n.Refused)
	}
	if as := n.Same + n.Repeated + n.Passed; as > 0 {
		question += fmt.Sprintf("%d left as they are. ", as)
	}
	question += "Renew " + cli.Plural(n.Changed, "entitlement", "entitlements")
	if n.Licenses > 0 {
		question += " and sign " + cli.Plural(n.Licenses, "new license", "new licenses")
	}
	return b.Agree(b.env, question+"?", "not renewed")
}

// deliver tells of a renewal that was refused, and has the licenses of one that is on
// record written, some at a time.
func (b *bulkRenewal) deliver(messages io.Writer, r *service.Renewed) error {
	result := renewalResult{Renewed: r}
	switch {
	case r.Err != nil:
		result.result = resultRefused
		if !b.told[r] {
			b.tellRefused(messages, r)
		}
	case r.Passed != "":
		result.result = resultPassed
	default:
		if result.result = resultAgain; r.Changed {
			result.result = resultRenewed
		}
		for _, license := range r.Revised.Licenses {
			file, delivered, err := b.directory.Prepare(b.texts, r.Holding, license)
			if err != nil {
				return err
			}
			b.files = append(b.files, file)
			result.delivered = append(result.delivered, delivered)
		}
	}
	const together = 200
	if b.waiting = append(b.waiting, result); len(b.waiting) < together && len(b.files) < together {
		return nil
	}
	return b.write()
}

// write writes the license files that wait for it. What they are of has its result then.
func (b *bulkRenewal) write() error {
	if err := b.directory.CheckAndWrite(b.files); err != nil {
		return err
	}
	b.results = append(b.results, b.waiting...)
	b.files, b.waiting = nil, nil
	return nil
}

// source names a line of the file.
func (b *bulkRenewal) source(r *service.Renewed) string {
	if b.file == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", b.file, r.Line)
}

func (b *bulkRenewal) tellRefused(messages io.Writer, r *service.Renewed) {
	where := strings.TrimSpace(cmp.Or(b.source(r), r.Invoice))
	fmt.Fprintf(messages, "%s: %s: %s\n", cli.Clean(where), resultRefused, cli.Clean(b.env.Again(common.Reason(r.Err))))
}

func (b *bulkRenewal) summarize() error {
	counts := make(map[string]int)
	licenses := 0
	for _, r := range b.results {
		counts[r.result]++
		licenses += len(r.delivered)
	}
	if err := common.PrintCounts(b.env, counts, []string{resultRenewed, resultAgain, resultPassed, resultRefused}, fmt.Sprintf("%d in %s", licenses, b.Out), b.report); err != nil {
		return err
	}
	if err := b.answer(nil); err != nil || counts[resultRefused] == 0 {
		return err
	}
	return cli.ErrNotValid
}

// writeReport writes a line for each license, and one for each renewal that has none.
func (b *bulkRenewal) writeReport() error {
	if b.report == "" {
		return nil
	}
	var lines []common.BulkResult
	for _, r := range b.results {
		line := common.BulkResult{Source: b.source(r.Renewed), Result: r.result, Invoice: r.Invoice, Reason: cmp.Or(r.Passed, common.Reason(r.Err))}
		if len(r.delivered) == 0 {
			lines = append(lines, line)
		}
		for _, d := range r.delivered {
			line.Activation, line.License, line.LicenseFile = d.Activation, d.License.ID.String(), d.File
			lines = append(lines, line)
		}
	}
	return common.WriteBulkReport(b.env, b.report, lines)
}

// renewalsAnswer is what renew --json prints of many. Those that a broken run did not get
// to are not in it.
type renewalsAnswer struct {
	cli.ErrorAnswer                 // what broke the run off, if anything did
	Renewals        []renewalAnswer `json:"renewals"`
}

type renewalAnswer struct {
	Line         int                 `json:"line,omitempty"` // of the file
	Invoice      string              `json:"invoice"`
	Result       string              `json:"result"`
	Expires      string              `json:"expires,omitempty"` // the last day; missing: there is none
	UpdatesUntil string              `json:"updates_until,omitempty"`
	Licenses     []service.Delivered `json:"licenses"`
	Passed       string              `json:"passed,omitempty"` // why there is nothing to renew
	cli.Problem
}

func (b *bulkRenewal) answer(broken error) error {
	answer := renewalsAnswer{cli.AnswerOf(broken), []renewalAnswer{}}
	for _, r := range b.results {
		one := renewalAnswer{Line: r.Line, Invoice: r.Invoice, Result: r.result, Licenses: append([]service.Delivered{}, r.delivered...), Passed: r.Passed, Problem: cli.ProblemOf(r.Err)}
		if r.Revised != nil {
			one.Expires, one.UpdatesUntil = service.Ends(r.Revised.After)
		}
		answer.Renewals = append(answer.Renewals, one)
	}
	return b.env.Answer(answer)
}
