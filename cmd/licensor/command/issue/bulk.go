package issue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/verify"
)

// batchSize is how many requests are signed in one durable transaction.
const batchSize = 1000

// bulk is one run over many requests.
type bulk struct {
	*signCommand
	env     *cli.Env
	folder  *common.LicenseFolder
	items   []*bulkItem
	ledger  *ledger.Ledger
	by      ledger.Operation
	issue   ledger.Issue
	list    common.NewestList
	refused int // those that could not be read included
}

// signMany signs the requests of files and folders. A request that is refused or cannot
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
	if b.folder, err = common.OpenLicenseFolder(env, c.out); err != nil {
		return err
	}
	if err := b.folder.Check(outputs(b.items)); err != nil {
		return err
	}
	if c.report != "" {
		if err := env.CheckOutput(c.report, reportStart); err != nil {
			return err
		}
	}
	return c.Home.WithLedger(env, ledger.Open, b.run)
}

func (b *bulk) run(ctx context.Context, at home.Home, l *ledger.Ledger) error {
	b.ledger = l
	b.read()
	readable := slices.DeleteFunc(slices.Clone(b.items), func(i *bulkItem) bool { return i.request == nil })
	if len(readable) > 0 {
		if err := b.ask(ctx, readable); err != nil {
			return err
		}
		// All that waits for a person is done before the clock is read.
		signer, err := common.LoadIssuer(ctx, b.env, &b.Key, at, l)
		if err != nil {
			return err
		}
		if b.by, err = b.Operation(b.env); err != nil {
			return err
		}
		b.issue = signer.At(b.by.Now)
		if b.list, err = common.LoadNewestList(ctx, b.env, at, l); err != nil {
			return err
		}
	}
	broken := b.sign(ctx, readable)
	reported := b.writeReport()
	if broken != nil {
		return broken
	}
	if reported != nil {
		return reported
	}
	return b.summarize()
}

// signedBatch is a batch whose licenses are on record and not in their files.
type signedBatch struct {
	items    []*bulkItem
	outcomes []ledger.Outcome
}

// sign signs in batches, and writes the files of one while it signs the next: one
// processor writes the ledger while the other makes files. The error is what broke the
// run off.
func (b *bulk) sign(ctx context.Context, items []*bulkItem) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	progress := cli.NewProgress(b.env, "signing", len(items))
	defer progress.Done()
	signed := make(chan signedBatch)
	var writing sync.WaitGroup
	writing.Go(func() {
		for batch := range signed {
			if err := b.writeBatch(batch); err != nil {
				stop(err)
			}
			progress.Add(len(batch.items))
		}
	})
	for batch := range slices.Chunk(items, batchSize) {
		if ctx.Err() != nil {
			break
		}
		// Not to be cancelled: a file that cannot be written is no reason to leave the
		// record in doubt.
		outcomes, err := b.signBatch(context.WithoutCancel(ctx), batch, progress)
		if err != nil {
			stop(err)
		}
		signed <- signedBatch{batch, outcomes}
	}
	close(signed)
	b.ledger.Close() // which folds its log into its file, while the last licenses are written
	writing.Wait()
	return context.Cause(ctx)
}

// signBatch records the licenses of a batch. Those that it returns are on record, and
// the error is why there are no more.
func (b *bulk) signBatch(ctx context.Context, batch []*bulkItem, messages io.Writer) ([]ledger.Outcome, error) {
	requests := make([]*verify.Request, len(batch))
	for i, item := range batch {
		requests[i] = item.request
	}
	outcomes, err := b.ledger.SignBatch(ctx, b.by, requests, b.issue)
	for i, outcome := range outcomes {
		switch {
		case outcome.Err == nil && outcome.Leaves != "":
			fmt.Fprintf(messages, "%s: activation %s left the seat that it had for another one: its request names another machine\n", cli.Clean(batch[i].path), outcome.License.Activation)
		case outcome.Err == nil:
		case isRefusal(outcome.Err):
			b.refuse(messages, batch[i], resultRefused, outcome.Err)
		default:
			batch[i].fail("", outcome.Err)
			err = outcome.Err
		}
	}
	return outcomes, err
}

func (b *bulk) writeBatch(batch signedBatch) error {
	var files []common.LicenseFile
	for i, outcome := range batch.outcomes {
		if outcome.License != nil {
			file, err := common.FileOf(batch.items[i].out, outcome.License, b.list)
			if err != nil {
				return err
			}
			files = append(files, file)
		}
	}
	if err := b.folder.Write(files); err != nil {
		return err
	}
	for i, outcome := range batch.outcomes {
		if outcome.License != nil {
			batch.items[i].done(outcome.License, outcome.Again)
		}
	}
	return nil
}

// isRefusal tells a request that gets no license from a key or a disk that fails.
func isRefusal(err error) bool {
	var rule *ledger.Refusal
	var scope *issuer.Error
	return errors.As(err, &rule) || errors.As(err, &scope)
}

// refuse tells of a request that gets no license, in one line.
func (b *bulk) refuse(messages io.Writer, item *bulkItem, result string, err error) {
	item.fail(result, err)
	b.refused++
	fmt.Fprintf(messages, "%s: %s: %s\n", cli.Clean(item.path), result, cli.Clean(item.reason()))
}

func (b *bulk) summarize() error {
	counts := make(map[string]int)
	for _, item := range b.items {
		counts[item.result]++
	}
	var t cli.Table
	for _, result := range []string{resultSigned, resultAgain, resultRefused, resultUnreadable} {
		t.Row(result, fmt.Sprint(counts[result]))
	}
	t.Row("licenses", b.out)
	if b.report != "" {
		t.Row("report", b.report)
	}
	if _, err := t.WriteTo(b.env.Stdout); err != nil {
		return err
	}
	if b.refused > 0 {
		return cli.ErrNotValid
	}
	return nil
}
