package audit

import (
	"bytes"
	"encoding/base64"
	"fmt"
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

// events reads all events and hashes them.
func (a *audit) events() error {
	last, _, err := a.kept.Size()
	if err != nil {
		last = 0 // what is wrong with the newest event is found below
	}
	a.begin("reading events", last)
	next := int64(1)
	return a.kept.EachEvent(func(seq int64, leaf []byte) error {
		if seq != next {
			a.broken = true
			a.report.add("events", fmt.Sprint(next), "", "is missing: the next event is %d", seq)
		}
		next = seq + 1
		e, err := ledger.ParseEvent(leaf)
		switch {
		case err != nil:
			a.broken = true
			a.report.add("events", fmt.Sprint(seq), "event", "was changed by hand: %v", err)
		case e.Seq != seq:
			a.broken = true
			a.report.add("events", fmt.Sprint(seq), "seq", "was moved by hand: the event there says that it is event %d", e.Seq)
		case e.Action == ledger.ActionCreate && a.vendor == "":
			a.vendor = e.Detail.(ledger.Created).Vendor
		case e.Action == ledger.ActionSign:
			a.signed++
		case e.Action == ledger.ActionRevoke:
			a.noteRevoked(e)
		}
		a.advance()
		added, err := tlog.StoredHashesForRecordHash(a.size, tlog.RecordHash(leaf), a.hashes)
		a.hashes = append(a.hashes, added...)
		a.size++
		a.report.Events++
		return err
	})
}

// log compares the table log with the hashes of the events. A changed event changes
// the hashes above it too: only what it does not explain is named besides.
func (a *audit) log() error {
	if a.broken || a.missing["log"] { // events that are missing shift all hashes after them
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
func (a *audit) checkpoint(against Against) error {
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
