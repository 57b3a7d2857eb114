package store

import (
	"math/bits"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

type hash = tlog.Hash

// tree appends leaves to the Merkle tree whose hashes the table log holds.
type tree struct {
	size  int64                                 // of the tree in the table
	read  func(indexes []int64) ([]hash, error) // from the table
	fresh map[int64]hash                        // of this transaction
}

// add returns the hashes that the leaf number n (from 0) adds to the table, and the
// index of the first of them.
func (t *tree) add(n int64, leaf []byte) (first int64, added []hash, err error) {
	added, err = tlog.StoredHashesForRecordHash(n, tlog.RecordHash(leaf), t)
	if err != nil {
		return 0, nil, err
	}
	first = tlog.StoredHashIndex(0, n)
	for i, h := range added {
		t.fresh[first+int64(i)] = h
	}
	return first, added, nil
}

// ReadHashes implements tlog.HashReader.
func (t *tree) ReadHashes(indexes []int64) ([]hash, error) {
	hashes := make([]hash, len(indexes))
	var missing []int64
	for i, index := range indexes {
		var known bool
		if hashes[i], known = t.fresh[index]; !known {
			missing = append(missing, index)
		}
	}
	if len(missing) == 0 {
		return hashes, nil
	}
	// Nearly always all that is missing is of the right edge: it is read at once.
	for level := range bits.Len64(uint64(t.size)) {
		if index := tlog.StoredHashIndex(level, t.size>>level-1); t.size>>level&1 != 0 && !slices.Contains(missing, index) {
			missing = append(missing, index)
		}
	}
	read, err := t.read(missing)
	if err != nil {
		return nil, err
	}
	for i, index := range missing {
		t.fresh[index] = read[i]
	}
	for i, index := range indexes {
		hashes[i] = t.fresh[index]
	}
	return hashes, nil
}
