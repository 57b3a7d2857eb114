package audit

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"golang.org/x/mod/sumdb/tlog"
)

// hashes are the hashes of a tree by tlog's index.
type hashes []tlog.Hash

// ReadHashes implements tlog.HashReader.
func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = h[index]
	}
	return found, nil
}

const (
	pageSize = 128 // events
	ahead    = 8   // pages that are prepared before they are judged
)

// page is a piece of the log. It is prepared when done is closed.
type page struct {
	events []*prepared
	done   chan struct{}
}

// read reads the events page by page, and has each prepared while later ones are read.
func (a *audit) read(pages chan<- *page, stop <-chan struct{}) error {
	defer close(pages)
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	w := &preparer{v: a.against.Verifier, delegations: make(map[string]*delegated)}
	for from := int64(math.MinInt64); ; {
		a.reading.Lock()
		rows, err := a.kept.Events(from, pageSize)
		a.reading.Unlock()
		if err != nil || len(rows) == 0 {
			return err
		}
		from = rows[len(rows)-1].Seq + 1
		p := &page{make([]*prepared, len(rows)), make(chan struct{})}
		free <- struct{}{}
		go func() {
			for i, row := range rows {
				p.events[i] = w.prepare(row)
			}
			close(p.done)
			<-free
		}()
		select {
		case pages <- p:
		case <-stop:
			return nil
		}
	}
}

// readRequest reads the request of a license that an event has signed again.
func (a *audit) readRequest(seq int64) ([]byte, error) {
	a.reading.Lock()
	defer a.reading.Unlock()
	rows, err := a.kept.Events(seq, 1)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	license, err := ledger.LicenseIn(rows[0].Leaf)
	if err != nil {
		return nil, err
	}
	return license.Request, nil
}

// events reads the log, hashes it and judges it, operation by operation.
func (a *audit) events() error {
	last, _, err := a.kept.Size()
	if err != nil {
		last = 0 // what is wrong with the newest event is found below
	}
	a.begin("judging events", last)
	a.hashes = make(hashes, 0, 2*max(0, min(last, 1<<20))) // not moved as it grows; what is larger than that, is
	pages, stop, failed := make(chan *page, ahead), make(chan struct{}), make(chan error, 1)
	go func() { failed <- a.read(pages, stop) }()
	err = a.eachPage(pages)
	close(stop)
	for range pages { // so that nobody reads any more when this returns
	}
	return errors.Join(err, <-failed)
}

func (a *audit) eachPage(pages <-chan *page) error {
	var operation []*prepared
	next := int64(1)
	for page := range pages {
		<-page.done
		for _, p := range page.events {
			a.sound(p, next)
			next = p.Seq + 1
			a.advance()
			added, err := tlog.StoredHashesForRecordHash(a.size, p.hash, a.hashes)
			if err != nil {
				return err
			}
			a.hashes = append(a.hashes, added...)
			a.size++
			a.report.Events++
			if a.broken { // nothing can follow
				continue
			}
			a.count(p)
			if operation = append(operation, p); p.event.More {
				continue
			}
			if err := a.judge(operation); err != nil {
				return err
			}
			operation = operation[:0]
		}
	}
	if len(operation) > 0 {
		return a.judge(operation)
	}
	return nil
}

// sound finds events that are missing, or are not what a ledger writes.
func (a *audit) sound(p *prepared, next int64) {
	row, before := fmt.Sprint(p.Seq), len(a.report.Findings)+a.report.More
	if p.Seq != next {
		a.report.add("events", fmt.Sprint(next), "", "is missing: the next event is %d", p.Seq)
	}
	switch e := p.event; {
	case p.err != nil:
		a.report.add("events", row, "event", "was changed by hand: %v", p.err)
	case e.Seq != p.Seq:
		a.report.add("events", row, "seq", "was moved by hand: the event there says that it is event %d", e.Seq)
	case e.Seq == 1 && e.Action == ledger.ActionCreate:
		a.vendor = e.Detail.(ledger.Created).Vendor
	}
	if len(a.report.Findings)+a.report.More > before {
		a.broken = true
		return
	}
	for _, column := range [...]struct{ name, is, due string }{
		{"invoice", p.Invoice, p.event.Invoice}, {"activation", p.Activation, p.event.Activation},
		{"operator", p.Operator, p.event.Operator}, {"action", p.Action, string(p.event.Action)},
	} {
		if column.is != column.due {
			a.report.add("events", row, column.name, "is %s, and by the event %s", show(column.is), show(column.due))
		}
	}
}

// count counts what is to be judged.
func (a *audit) count(p *prepared) {
	if p.license != nil {
		a.there.licenses++
		if p.request != nil && p.request.Signed {
			a.there.requests++
		}
	}
	switch p.event.Action {
	case ledger.ActionRelease:
		a.there.releases++
	case ledger.ActionPublish:
		a.there.lists++
	}
}

// log compares the table log with the hashes of the events. A changed event changes
// the hashes above it too: only what it does not explain is named besides.
func (a *audit) log() error {
	if a.broken { // events that are missing shift all hashes after them
		return nil
	}
	var changed []int64
	a.begin("comparing hashes", int64(len(a.hashes)))
	next := int64(0)
	err := a.kept.EachHash(func(index int64, kept []byte) error {
		a.advance()
		for ; next < min(index, int64(len(a.hashes))); next++ {
			a.report.add("log", fmt.Sprint(next), "", "is missing: the events make it")
		}
		next = index + 1
		if index < 0 {
			a.report.add("log", fmt.Sprint(index), "", "was added by hand: no event makes it")
			return nil
		}
		level, n := tlog.SplitStoredHashIndex(index)
		switch extra := index >= int64(len(a.hashes)); {
		case extra && level == 0:
			changed = append(changed, n)
			a.report.add("events", fmt.Sprint(n+1), "", "is missing: events were dropped from the end, or its hash, row %d of table log, was added by hand", index)
			return nil
		case !extra && bytes.Equal(kept, a.hashes[index][:]):
			return nil
		}
		if level == 0 {
			changed = append(changed, n)
			a.report.add("events", fmt.Sprint(n+1), "event", "is not what was recorded: its hash is not that of row %d of table log, or that row was changed", index)
		} else if !slices.ContainsFunc(changed, func(leaf int64) bool { return leaf>>level == n }) {
			a.report.add("log", fmt.Sprint(index), "hash", "is not the hash of the events %d to %d", n<<level+1, (n+1)<<level)
		}
		return nil
	})
	for ; next < int64(len(a.hashes)); next++ {
		a.report.add("log", fmt.Sprint(next), "", "is missing: the events make it")
	}
	return err
}

// checkpoint compares the log with an older head of it.
func (a *audit) checkpoint() error {
	against := a.against
	head, err := tlog.TreeHash(a.size, a.hashes)
	if err != nil {
		return err
	}
	a.report.Head = base64.StdEncoding.EncodeToString(head[:])
	if against.Checkpoint == nil {
		return nil
	}
	older, err := openCheckpoint(against.Checkpoint, origin(a.vendor), against.Keys)
	if err != nil {
		return hint.Wrap(err).WithHint("give the checkpoint as \"licensor checkpoint\" printed it, and check which vendor's it is")
	}
	a.report.Since = older.N
	switch {
	case older.N > a.size:
		a.rewritten = true
		a.report.add("events", span(a.size+1, older.N), "", "dropped: the checkpoint was made when the newest event was number %d, and now it is %d", older.N, a.size)
		return nil
	case older.N == 0:
		return nil
	}
	proof, err := tlog.ProveTree(a.size, older.N, a.hashes)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, a.size, head, older.N, older.Hash); err != nil {
		a.rewritten = true
		a.report.add("events", span(1, older.N), "", "not what the checkpoint was made of: the history was written anew")
	}
	return nil
}

// span names rows that follow each other.
func span(from, to int64) string {
	if from == to {
		return fmt.Sprint(from)
	}
	return fmt.Sprintf("%d to %d", from, to)
}
