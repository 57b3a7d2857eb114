package issue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/envelope"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

const (
	requestEnding = ".olq"
	mailEnding    = ".eml" // a saved mail with a request in it
)

// bulkItem is one request of many, and what became of it.
type bulkItem struct {
	path    string // "-" is standard input
	found   bool   // in a directory: nobody has named it
	out     string // the name of its license file
	request *verify.Request
	result  string
	license *ledger.License
	err     error
}

// findRequests returns the files that are named, and those in the directories that are
// named whose names end in .olq. No two may end in the same license file.
func findRequests(env *cli.Env, args []string) ([]*bulkItem, error) {
	var items []*bulkItem
	for _, arg := range args {
		if !common.IsDirectory(arg) {
			items = append(items, &bulkItem{path: arg, out: licenseName(arg)})
			continue
		}
		inside, err := requestsIn(env, arg)
		if err != nil {
			return nil, err
		}
		items = append(items, inside...)
	}
	if len(items) == 0 {
		return nil, cli.Failf("there is no request in %s", cli.Quote(strings.Join(args, " "))).WithHint("of a directory, the files whose names end in %s or %s are requests", requestEnding, mailEnding)
	}
	taken := make(map[string]string, len(items))
	for _, item := range items {
		// Where the licenses go, upper and lower case may be the same.
		name := strings.ToLower(item.out)
		if other, twice := taken[name]; twice {
			return nil, cli.Usagef("%s and %s would have the same license file, %s", cli.Quote(other), cli.Quote(item.path), cli.Quote(item.out)).
				WithHint("rename one of them, or sign them into two directories")
		}
		taken[name] = item.path
	}
	return items, nil
}

func requestsIn(env *cli.Env, dir string) ([]*bulkItem, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, cli.FileError("read", dir, err)
	}
	var items []*bulkItem
	others := 0
	for _, e := range entries {
		ending := filepath.Ext(e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "."): // what some systems put beside each file of a USB stick
			continue
		case !strings.EqualFold(ending, requestEnding) && !strings.EqualFold(ending, mailEnding):
			if e.Type().IsRegular() && ending != common.LicenseEnding {
				others++
			}
			continue
		}
		items = append(items, &bulkItem{path: filepath.Join(dir, e.Name()), out: licenseName(e.Name()), found: true})
	}
	if others > 0 {
		env.Warnf("%s in %s left alone: the name of a request ends in %s, that of a mail in %s", cli.Plural(others, "other file is", "other files are"), dir, requestEnding, mailEnding)
	}
	return items, nil
}

func licenseName(path string) string {
	if path == "-" {
		return "stdin" + common.LicenseEnding
	}
	name := filepath.Base(path)
	if ending := filepath.Ext(name); strings.EqualFold(ending, requestEnding) || strings.EqualFold(ending, mailEnding) {
		name = strings.TrimSuffix(name, ending)
	}
	return name + common.LicenseEnding
}

func outputs(items []*bulkItem) []string {
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = item.out
	}
	return names
}

// read opens all requests, on all processors, and tells of those that are none.
func (b *bulk) read() {
	progress := cli.NewProgress(b.env, "reading", len(b.items))
	defer progress.Done()
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(b.items)); i = next.Add(1) - 1 {
				if item := b.items[i]; item.err == nil && item.path != "-" {
					item.request, item.err = item.read(b.env)
				}
				progress.Add(1)
			}
		})
	}
	workers.Wait()
	for _, item := range b.items {
		if item.path == "-" {
			item.request, item.err = item.read(b.env)
		}
		if item.err != nil {
			b.refuse(progress, item, resultUnreadable, item.err)
		}
	}
}

func (i *bulkItem) read(env *cli.Env) (*verify.Request, error) {
	var data []byte
	var err error
	if i.found {
		data, err = atomicfile.Read(i.path, envelope.MaxSize)
	} else {
		data, err = env.ReadFile(i.path, envelope.MaxSize)
	}
	switch {
	case errors.Is(err, atomicfile.ErrNotRegular):
		return nil, errors.New("it is not a file")
	case err != nil && i.found:
		return nil, cli.FileError("read", i.path, err)
	case err != nil:
		return nil, err
	}
	text, err := envelope.Pick(data, requestKinds...) // of many, nobody is asked
	if err != nil {
		return nil, err
	}
	return verify.OpenRequest(text)
}

// ask shows for which invoices the requests are, and asks once for all of them.
func (b *bulk) ask(ctx context.Context, items []*bulkItem) error {
	b.warn(items)
	if b.Yes {
		return nil
	}
	const most = 20
	var invoices []string
	count := make(map[string]int)
	for _, item := range items {
		invoice := item.request.Invoice
		if count[invoice]++; count[invoice] == 1 {
			invoices = append(invoices, invoice)
		}
	}
	var t cli.Table
	t.Row("INVOICE", "CUSTOMER", "PRODUCT", "TYPE", "SEATS", "REQUESTS")
	for _, invoice := range invoices[:min(len(invoices), most)] {
		holdings, err := b.service.List(ctx, service.Filter{Invoice: invoice})
		if err != nil {
			return err
		}
		if len(holdings) == 0 {
			t.Row(invoice, "not on record", "", "", "", fmt.Sprint(count[invoice]))
			continue
		}
		h := &holdings[0]
		t.Row(invoice, h.Customer, h.ProductName(), h.Type, common.SeatsUsed(h), fmt.Sprint(count[invoice]))
	}
	if more := len(invoices) - most; more > 0 {
		t.Row(fmt.Sprintf("%d more", more))
	}
	t.WriteTo(b.env.Stdout)
	return b.Agree(b.env, fmt.Sprintf("Sign %s for %s?", cli.Plural(len(items), "request", "requests"), cli.Plural(len(invoices), "invoice", "invoices")), "not signed")
}

// warn tells how many requests there are of which sign would warn.
func (b *bulk) warn(items []*bulkItem) {
	now, err := b.env.Time()
	if err != nil {
		return // the run has been refused for it
	}
	var unsigned, ahead, old int
	for _, item := range items {
		if !item.request.Signed {
			unsigned++
		}
		switch made := time.Unix(item.request.Time, 0); {
		case made.After(now.Add(verify.ClockTolerance)):
			ahead++
		case made.Before(now.Add(-oldRequest)):
			old++
		}
	}
	if unsigned > 0 {
		b.env.Warnf("%s came without a server's signature, as from a QR code: compare the codes with the customers", cli.Plural(unsigned, "request", "requests"))
	}
	if ahead > 0 {
		b.env.Warnf("%s from servers whose clock is ahead of this workstation's", cli.Plural(ahead, "request", "requests"))
	}
	if old > 0 {
		b.env.Warnf("%s more than 30 days old, or from servers whose clock is behind", cli.Plural(old, "request", "requests"))
	}
}
