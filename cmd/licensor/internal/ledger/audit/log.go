package audit

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"runtime"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

const (
	pageSize      = 128 // events
	ahead         = 8   // pages that are prepared before they are judged
	hashesPerPage = 512
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
			if err := a.hash(p); err != nil {
				return err
			}
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

// hash adds an event to the tree, and compares what the tree becomes with what is stored and
// with the checkpoint.
func (a *audit) hash(p *prepared) error {
	first, added, err := a.tree.add(p.hash)
	if err != nil {
		return err
	}
	for i := 0; i < len(added) && !a.broken; i++ { // events that are missing shift all hashes after them
		if err := a.keptLog.compare(first+int64(i), added[i]); err != nil {
			return err
		}
	}
	if a.tree.size == 1 {
		if err := a.openCheckpoint(); err != nil {
			return err
		}
	}
	if a.older != nil && a.older.N == a.tree.size {
		a.then, err = a.tree.head()
	}
	return err
}

// readHashes reads a page of the table log, while events are read.
func (a *audit) readHashes(from int64, most int) ([]store.HashRow, error) {
	a.reading.Lock()
	defer a.reading.Unlock()
	return a.kept.Hashes(from, most)
}

// log reports what was found of the table log.
func (a *audit) log() error {
	if a.broken {
		return nil
	}
	err := a.keptLog.rest()
	a.report.addAll(&a.keptLog.found)
	return err
}

// openCheckpoint opens the older head of the log, as soon as it is known whose log it is.
func (a *audit) openCheckpoint() error {
	if a.against.Checkpoint == nil {
		return nil
	}
	older, err := openCheckpoint(a.against.Checkpoint, origin(a.vendor), a.against.Keys)
	if err != nil {
		return hint.Wrap(err).WithHint("give the checkpoint as \"licensor checkpoint\" printed it, and check which vendor's it is")
	}
	a.older = &older
	return nil
}

// checkpoint compares the log with an older head of it.
func (a *audit) checkpoint() error {
	head, err := a.tree.head()
	if err != nil {
		return err
	}
	a.report.Head = base64.StdEncoding.EncodeToString(head[:])
	if a.tree.size == 0 {
		if err := a.openCheckpoint(); err != nil {
			return err
		}
	}
	switch older := a.older; {
	case older == nil:
		return nil
	case older.N > a.tree.size:
		a.rewritten = true
		a.report.add("events", span(a.tree.size+1, older.N), "", "dropped: the checkpoint was made when the newest event was number %d, and now it is %d", older.N, a.tree.size)
	case older.N > 0 && a.then != older.Hash:
		a.rewritten = true
		a.report.add("events", span(1, older.N), "", "not what the checkpoint was made of: the history was written anew")
	}
	a.report.Since = a.older.N
	return nil
}

// span names rows that follow each other.
func span(from, to int64) string {
	if from == to {
		return fmt.Sprint(from)
	}
	return fmt.Sprintf("%d to %d", from, to)
}
