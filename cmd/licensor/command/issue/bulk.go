package issue

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/sheet"
	"github.com/offlicense/offlicense/verify"
)

// bulk is one run over many requests.
type bulk struct {
	*signCommand
	env       *cli.Env
	directory *common.LicenseDirectory
	items     []*bulkItem
	sheets    []*sheet.Sheet
	service   *service.Service
	texts     *service.LicenseTexts
	refused   int // those that could not be read included
}

// signMany signs the requests of files and directories. A request that is refused or cannot
// be read does not stop the others. A run that was broken off goes on when it is run
// again: the ledger gives the same license for the same request.
func (c *signCommand) signMany(env *cli.Env, args []string) error {
	if _, err := env.Time(); err != nil {
		return err
	}
	b := &bulk{signCommand: c, env: env}
	var err error
	if b.items, err = findRequests(env, args); err != nil {
		return err
	}
	b.load()
	if c.report == "" && !slices.ContainsFunc(args, common.IsDirectory) {
		if request, err := b.onlyRequest(); request != nil || err != nil {
			if err != nil {
				return err
			}
			return c.signOne(env, request, c.deliverTo(env))
		}
	}
	if err := b.checkNames(); err != nil {
		return err
	}
	if b.directory, err = common.OpenLicenseDirectory(env, c.Out); err != nil {
		return err
	}
	if err := b.directory.Check(outputs(b.items)); err != nil {
		return err
	}
	if err := c.One(); err != nil {
		return err
	}
	if err := c.Carriage.Check(env, ""); err != nil {
		return err
	}
	if c.report != "" {
		if err := env.CheckOutput(c.report, common.BulkReportStart); err != nil {
			return err
		}
	}
	return c.WithService(env, service.ToChange, b.run)
}

func (b *bulk) run(ctx context.Context, s *service.Service) error {
	b.service = s
	b.tellUnreadable()
	readable := slices.DeleteFunc(slices.Clone(b.items), func(i *bulkItem) bool { return i.request == nil })
	var broken error
	if len(readable) > 0 {
		if err := b.ask(ctx, readable); err != nil {
			return err
		}
		by, key, err := b.Ready(b.env, "", "")
		if err != nil {
			return err
		}
		signer, err := s.Signer(ctx, key, by.Now)
		if err != nil {
			return err
		}
		if by, err = b.Operation(b.env); err != nil { // the passphrase has waited
			return err
		}
		if b.texts, err = s.LicenseTexts(ctx); err != nil {
			return err
		}
		broken = b.sign(ctx, by, signer, readable)
	}
	reported := b.writeReport()
	if len(b.sheets) > 0 {
		reported = cmp.Or(reported, b.WriteSheets(b.env, b.sheets))
	}
	if err := cmp.Or(broken, reported); err != nil {
		return cmp.Or(b.answer(err), err)
	}
	return b.summarize()
}

// sign signs all items and writes their files. The error is what broke the run off.
func (b *bulk) sign(ctx context.Context, by ledger.Operation, signer *service.Signer, items []*bulkItem) error {
	requests := make([]*verify.Request, len(items))
	for i, item := range items {
		requests[i] = item.request
	}
	progress := cli.NewProgress(b.env, "signing", len(items))
	defer progress.Done()
	return b.service.SignMany(ctx, by, requests, signer, service.Bulk{
		Signed: func(batch service.Batch) { b.tell(progress, items[batch.First:], batch.Outcomes) },
		Written: func(batch service.Batch) error {
			err := b.write(items[batch.First:], batch.Outcomes)
			progress.Add(batch.Requests)
			return err
		},
		// The ledger folds its log into its file, while the last licenses are written.
		AllSigned: func() { b.service.Close() },
	})
}

// tell tells of the requests that were refused.
func (b *bulk) tell(messages io.Writer, items []*bulkItem, outcomes []service.Outcome) {
	for i, outcome := range outcomes {
		switch {
		case outcome.Err == nil:
		case service.IsRefusal(outcome.Err):
			b.refuse(messages, items[i], resultRefused, outcome.Err)
		default:
			items[i].err = outcome.Err
		}
	}
}

// write writes the licenses of a batch.
func (b *bulk) write(items []*bulkItem, outcomes []service.Outcome) error {
	var files []common.LicenseFile
	for i, outcome := range outcomes {
		if outcome.License != nil {
			file, err := b.texts.Text(outcome.License)
			if err != nil {
				return err
			}
			files = append(files, common.LicenseFile{Name: items[i].out, Text: file})
		}
	}
	if err := b.directory.Write(files); err != nil {
		return err
	}
	for i, outcome := range outcomes {
		if outcome.License != nil {
			items[i].done(outcome.License, outcome.Again)
			if err := b.addSheet(outcome.License, files[0].Text); err != nil {
				return err
			}
			files = files[1:]
		}
	}
	return nil
}

// addSheet adds the sheet of a license, if that is asked for.
func (b *bulk) addSheet(license *ledger.License, file []byte) error {
	if b.Sheet == "" {
		return nil
	}
	s, err := b.LicenseSheet(b.env, b.texts, license, file)
	b.sheets = append(b.sheets, s)
	return err
}

// refuse tells of a request that gets no license, in one line.
func (b *bulk) refuse(messages io.Writer, item *bulkItem, result string, err error) {
	item.result, item.err = result, err
	b.refused++
	fmt.Fprintf(messages, "%s: %s: %s\n", cli.Clean(item.path), cli.State(b.env.Stderr, result), cli.Clean(b.env.Again(item.reason())))
}

func (b *bulk) summarize() error {
	counts := make(map[string]int)
	for _, item := range b.items {
		counts[item.result]++
	}
	if err := common.PrintCounts(b.env, counts, []string{resultSigned, resultAgain, resultRefused, resultUnreadable}, b.Out, b.report); err != nil {
		return err
	}
	if err := b.answer(nil); err != nil || b.refused == 0 {
		return err
	}
	return cli.ErrNotValid
}

// bulkAnswer is what sign --json prints of many requests. Those that a broken run did not
// get to are not in it.
type bulkAnswer struct {
	cli.ErrorAnswer              // what broke the run off, if anything did
	Requests        []bulkResult `json:"requests"`
}

type bulkResult struct {
	Request    string               `json:"request"`          // its file
	Others     []string             `json:"others,omitempty"` // files with the same request, or with other parts of it
	Result     string               `json:"result"`
	Invoice    string               `json:"invoice,omitempty"`
	Activation string               `json:"activation,omitempty"`
	License    *service.LicenseView `json:"license,omitempty"`
	File       string               `json:"file,omitempty"` // the license's
	cli.Problem
}

// answer says what became of each request, and what broke the run off, if anything did.
func (b *bulk) answer(broken error) error {
	answer := bulkAnswer{cli.AnswerOf(broken), []bulkResult{}}
	for _, item := range b.items {
		if item.result == "" {
			continue
		}
		r := bulkResult{Request: item.path, Others: item.others, Result: item.result, Problem: cli.ProblemOf(item.err)}
		if item.request != nil {
			r.Invoice = item.request.Invoice
		}
		if item.license != nil {
			view := service.ViewLicense(item.license)
			r.Activation, r.License, r.File = item.license.Activation, &view, b.directory.Path(item.out)
		}
		answer.Requests = append(answer.Requests, r)
	}
	return b.env.Answer(answer)
}

// What became of a request.
const (
	resultSigned     = "signed"
	resultAgain      = "again" // it had its license already
	resultRefused    = "refused"
	resultUnreadable = "unreadable" // it is no request
)

func (i *bulkItem) done(license *ledger.License, again bool) {
	i.license, i.result = license, resultSigned
	if again {
		i.result = resultAgain
	}
}

// reason says why there is no license, what to do, and who may lift the rule.
func (i *bulkItem) reason() string { return common.Reason(i.err) }

// writeReport writes a line for each request that the run got to.
func (b *bulk) writeReport() error {
	if b.report == "" {
		return nil
	}
	var results []common.BulkResult
	for _, item := range b.items {
		if item.result == "" {
			continue
		}
		r := common.BulkResult{Source: item.path, Result: item.result, Reason: item.reason()}
		if item.request != nil {
			r.Invoice = item.request.Invoice
		}
		if item.license != nil {
			r.Activation, r.License, r.LicenseFile = item.license.Activation, item.license.ID.String(), b.directory.Path(item.out)
		}
		results = append(results, r)
	}
	return common.WriteBulkReport(b.env, b.report, results)
}
