package store

import (
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"golang.org/x/mod/sumdb/tlog"
)

type hash = tlog.Hash

// tree appends leaves to the Merkle tree whose hashes the table log holds.
type tree struct {
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

// hashes reads hashes from the table log.
func (t *Tx) hashes(indexes []int64) ([]hash, error) {
	if len(indexes) == 0 {
		return nil, nil
	}
	args := make([]any, len(indexes))
	at := make(map[int64]int, len(indexes))
	for i, index := range indexes {
		args[i], at[index] = index, i
	}
	hashes := make([]hash, len(indexes))
	found := 0
	rows, err := t.queryNow("SELECT idx, hash FROM log WHERE idx IN ("+t.s.places(len(indexes))+")", args...)
	if err != nil {
		return nil, err
	}
	err = eachRow(rows, func(scan func(...any) error) error {
		var index int64
		var raw []byte
		if err := scan(&index, &raw); err != nil {
			return err
		}
		if len(raw) != tlog.HashSize {
			return ledger.Damaged("hash %d of the log has %d bytes, want %d", index, len(raw), tlog.HashSize)
		}
		hashes[at[index]] = hash(raw)
		found++
		return nil
	})
	if err == nil && found != len(at) {
		err = ledger.Damaged("%d hashes of the log are missing", len(at)-found)
	}
	return hashes, err
}

// places returns the places of a statement's first n values.
func (s *Store) places(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(s.dialect.place(i + 1))
	}
	return b.String()
}

// Head returns the root hash of the first size events.
func (t *Tx) Head(size int64) (hash, error) {
	return tlog.TreeHash(size, tlog.HashReaderFunc(t.hashes))
}
