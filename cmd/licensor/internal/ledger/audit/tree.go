package audit

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"golang.org/x/mod/sumdb/tlog"
)

// tree is the Merkle tree over the events as they are. Of its hashes it keeps those alone
// of which later ones are made: of each level the newest.
type tree struct {
	size   int64 // events
	newest [64]tlog.Hash
}

// ReadHashes implements tlog.HashReader for what tlog asks of the tree as it is.
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		if n != t.size>>level-1 {
			return nil, fmt.Errorf("the hash %d of a tree of %d events is kept no more", index, t.size)
		}
		found[i] = t.newest[level]
	}
	return found, nil
}

// add adds an event. It returns the hashes that it adds, and the index of the first.
func (t *tree) add(leaf tlog.Hash) (first int64, added []tlog.Hash, err error) {
	if added, err = tlog.StoredHashesForRecordHash(t.size, leaf, t); err != nil {
		return 0, nil, err
	}
	copy(t.newest[:], added) // a leaf, and what it completes
	t.size++
	return tlog.StoredHashIndex(0, t.size-1), added, nil
}

// head is the root hash.
func (t *tree) head() (tlog.Hash, error) { return tlog.TreeHash(t.size, t) }

// keptLog compares the table log with the hashes of the events, as these are read.
type keptLog struct {
	read    func(from int64, most int) ([]store.HashRow, error)
	rows    []store.HashRow // that are next
	next    int64           // the index from which on no row was read
	end     bool            // there are no more
	changed []int64         // leaves that are others, in their order
	found   Report
}

// peek returns the next row of the table, nil after the last.
func (k *keptLog) peek() (*store.HashRow, error) {
	if len(k.rows) == 0 && !k.end {
		var err error
		if k.rows, err = k.read(k.next, hashesPerPage); err != nil {
			return nil, err
		}
		if k.end = len(k.rows) == 0; !k.end {
			k.next = k.rows[len(k.rows)-1].Index + 1
		}
	}
	if k.end {
		return nil, nil
	}
	return &k.rows[0], nil
}

// compare compares the row of an index with the hash that the events make. A changed event
// changes the hashes above it too: only what it does not explain is named besides.
func (k *keptLog) compare(index int64, due tlog.Hash) error {
	row, err := k.peek()
	for ; err == nil && row != nil && row.Index < index; row, err = k.peek() {
		k.extra(row)
		k.rows = k.rows[1:]
	}
	if err != nil {
		return err
	}
	if row == nil || row.Index > index {
		k.found.add("log", fmt.Sprint(index), "", "is missing: the events make it")
		return nil
	}
	k.rows = k.rows[1:]
	if !bytes.Equal(row.Hash, due[:]) {
		k.differs(index, "event", "is not what was recorded: its hash is not that of row %d of table log, or that row was changed")
	}
	return nil
}

// differs names a row with another hash than the events make.
func (k *keptLog) differs(index int64, column, format string) {
	level, n := tlog.SplitStoredHashIndex(index)
	below, _ := slices.BinarySearch(k.changed, n<<level)
	switch {
	case level == 0:
		k.changed = append(k.changed, n)
		k.found.add("events", fmt.Sprint(n+1), column, format, index)
	case below == len(k.changed) || k.changed[below]>>level != n:
		k.found.add("log", fmt.Sprint(index), "hash", "is not the hash of the events %d to %d", n<<level+1, (n+1)<<level)
	}
}

// extra names a row that no event makes.
func (k *keptLog) extra(row *store.HashRow) {
	if row.Index < 0 {
		k.found.add("log", fmt.Sprint(row.Index), "", "was added by hand: no event makes it")
		return
	}
	k.differs(row.Index, "", "is missing: events were dropped from the end, or its hash, row %d of table log, was added by hand")
}

// rest names the rows behind those that the events make.
func (k *keptLog) rest() error {
	for {
		row, err := k.peek()
		if err != nil || row == nil {
			return err
		}
		k.extra(row)
		k.rows = k.rows[1:]
	}
}
