package issue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
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

const requestEnding = ".olq"

// requestEndings are how the names of files end in which a request may be: of a request
// itself, of a saved mail, and of a picture, also of one that is not read: it is told why.
var requestEndings = []string{requestEnding, ".eml", ".svg", ".png", ".jpg", ".jpeg", ".webp", ".heic", ".heif", ".avif", ".gif", ".bmp", ".tif", ".tiff", ".pdf"}

// isRequestName reports whether a file of that name is looked into.
func isRequestName(name string) bool {
	return slices.Contains(requestEndings, strings.ToLower(filepath.Ext(name)))
}

// bulkItem is one request of many, and what became of it.
type bulkItem struct {
	path    string         // "-" is standard input
	found   bool           // in a directory: nobody has named it
	out     string         // the name of its license file
	parts   envelope.Parts // that the file holds, whole or not
	others  []string       // files with the same request, or with other parts of it
	joined  bool           // it is one of them
	request *verify.Request
	result  string
	license *ledger.License
	err     error
}

// findRequests returns the files that are named, and those in the directories that are
// named whose names end as those of requests do.
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
		return nil, cli.Failf("there is no request in %s", cli.Quote(strings.Join(args, " "))).WithHint("of a directory, files whose names end in %s, .eml, .png, .jpg or .webp are looked into", requestEnding)
	}
	return items, nil
}

// checkNames refuses two requests of which the licenses would be one file. The same request
// may be there twice, in a file and on a picture of its code, as its server wrote both.
func (b *bulk) checkNames() error {
	taken := make(map[string]*bulkItem, len(b.items))
	for _, item := range b.items {
		if item.request == nil {
			continue // and gets no license
		}
		// Where the licenses go, upper and lower case may be the same.
		name := strings.ToLower(item.out)
		switch other := taken[name]; {
		case other == nil:
			taken[name] = item
		case other.request.Hash != item.request.Hash:
			return cli.Usagef("%s and %s would have the same license file, %s", cli.Quote(other.path), cli.Quote(item.path), cli.Quote(item.out)).
				WithHint("rename one of them, or sign them into two directories")
		case item.request.Signed && !other.request.Signed:
			taken[name] = item
			item.take(other)
		default:
			other.take(item)
		}
	}
	b.items = slices.DeleteFunc(b.items, func(i *bulkItem) bool { return i.joined })
	return nil
}

// take makes another file with the same request, or with a part of it, one of this item's.
func (i *bulkItem) take(other *bulkItem) {
	other.joined = true
	i.others = append(append(i.others, other.path), other.others...)
}

func requestsIn(env *cli.Env, dir string) ([]*bulkItem, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, cli.FileError("read", dir, err)
	}
	var items []*bulkItem
	others := 0
	for _, e := range entries {
		switch {
		case strings.HasPrefix(e.Name(), "."): // what some systems put beside each file of a USB stick
			continue
		case !isRequestName(e.Name()):
			if e.Type().IsRegular() && filepath.Ext(e.Name()) != common.LicenseEnding {
				others++
			}
			continue
		}
		items = append(items, &bulkItem{path: filepath.Join(dir, e.Name()), out: licenseName(e.Name()), found: true})
	}
	if others > 0 {
		env.Warnf("%s in %s left alone: the name of a request ends in %s, that of a mail in .eml, that of a picture in .jpg or the like",
			cli.Plural(others, "other file is", "other files are"), dir, requestEnding)
	}
	return items, nil
}

func licenseName(path string) string {
	if path == "-" {
		return "stdin" + common.LicenseEnding
	}
	name := filepath.Base(path)
	if isRequestName(name) {
		name = strings.TrimSuffix(name, filepath.Ext(name))
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

// load opens all requests, on all processors, and puts together those in parts.
func (b *bulk) load() {
	progress := cli.NewProgress(b.env, "reading", len(b.items))
	defer progress.Done()
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(b.items)); i = next.Add(1) - 1 {
				if item := b.items[i]; item.err == nil && item.path != "-" {
					item.err = item.read(b.env)
				}
				progress.Add(1)
			}
		})
	}
	workers.Wait()
	for _, item := range b.items {
		if item.path == "-" {
			item.err = item.read(b.env)
		}
	}
	b.join()
}

// tellUnreadable tells of those that are no requests.
func (b *bulk) tellUnreadable() {
	for _, item := range b.items {
		if item.err != nil {
			b.refuse(b.env.Stderr, item, resultUnreadable, item.err)
		}
	}
}

func (i *bulkItem) read(env *cli.Env) error {
	var data []byte
	var err error
	if i.found {
		data, err = atomicfile.Read(i.path, envelope.MaxWithPictures)
	} else {
		data, err = env.ReadCarrier(i.path)
	}
	switch {
	case errors.Is(err, atomicfile.ErrNotRegular):
		return errors.New("it is not a file")
	case err != nil && i.found:
		return cli.FileError("read", i.path, err)
	case err != nil:
		return err
	}
	s := env.NewSearch()
	s.Add(data)
	text, err := s.Pick(requestKinds...) // of many, nobody is asked
	i.parts = s.Parts()
	if err == nil {
		i.request, err = verify.OpenRequest(text)
	}
	return err
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
		t.Row(invoice, h.Customer, h.ProductName(), h.Type, service.SeatsUsed(h), fmt.Sprint(count[invoice]))
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
		case made.Before(now.Add(-service.OldRequest)):
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
