package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/verify"
)

const (
	batchSize = 1000 // requests in one durable transaction
	inFlight  = 2    // batches: one signs while the other waits for the disk
)

// bulk is one run over many requests.
type bulk struct {
	*signCommand
	env     *cli.Env
	folder  *licenseFolder
	items   []*bulkItem
	ledger  *ledger.Ledger
	by      ledger.Operation
	issue   ledger.Issue
	mu      sync.Mutex // of what follows
	refused int        // those that could not be read included
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
	if b.folder, err = openLicenseFolder(env, c.out); err != nil {
		return err
	}
	if err := b.folder.check(outputs(b.items)); err != nil {
		return err
	}
	if c.report != "" {
		if err := env.CheckOutput(c.report, reportStart); err != nil {
			return err
		}
	}
	return c.home.withLedger(env, ledger.Open, b.run)
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
		signer, err := b.key.issuer(b.env, at, l.Vendor())
		if err != nil {
			return err
		}
		if b.by, err = b.operation(b.env); err != nil {
			return err
		}
		b.issue = signer.At(b.by.Now)
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

// sign signs in batches. The error is what broke the run off.
func (b *bulk) sign(ctx context.Context, items []*bulkItem) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	progress := cli.NewProgress(b.env, "signing", len(items))
	defer progress.Done()
	batches := make(chan []*bulkItem)
	var workers sync.WaitGroup
	for range inFlight {
		workers.Go(func() {
			for batch := range batches {
				if err := b.signBatch(ctx, batch, progress); err != nil {
					stop(err)
				}
				progress.Add(len(batch))
			}
		})
	}
	for batch := range slices.Chunk(items, batchSize) {
		if ctx.Err() != nil {
			break
		}
		batches <- batch
	}
	close(batches)
	workers.Wait()
	return context.Cause(ctx)
}

func (b *bulk) signBatch(ctx context.Context, batch []*bulkItem, messages io.Writer) error {
	if ctx.Err() != nil {
		return nil // of a run that is broken off
	}
	requests := make([]*verify.Request, len(batch))
	for i, item := range batch {
		requests[i] = item.request
	}
	// Not to be cancelled: what another batch met is no reason to leave this one in doubt.
	outcomes, err := b.ledger.SignBatch(context.WithoutCancel(ctx), b.by, requests, b.issue)
	if err != nil {
		return err
	}
	var files []licenseFile
	for i, outcome := range outcomes {
		item := batch[i]
		switch {
		case outcome.Err != nil && !isRefusal(outcome.Err):
			item.fail("", outcome.Err)
			err = outcome.Err
		case outcome.Err != nil:
			b.refuse(messages, item, resultRefused, outcome.Err)
		default:
			files = append(files, fileOf(item.out, outcome.License))
		}
	}
	if broken := b.folder.write(files); broken != nil {
		return broken
	}
	for i, outcome := range outcomes {
		if outcome.License != nil {
			batch[i].done(outcome.License, outcome.Again)
		}
	}
	return err
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
	b.mu.Lock()
	defer b.mu.Unlock()
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
