package audit

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"golang.org/x/mod/sumdb/tlog"
)

// stored are all hashes of a tree.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) (found []tlog.Hash, err error) {
	for _, index := range indexes {
		found = append(found, s[index])
	}
	return found, nil
}

// grownLog returns the leaves of a log, and all hashes of its tree.
func grownLog(t *testing.T, n int) (leaves, all []tlog.Hash) {
	t.Helper()
	for i := range n {
		leaf := tlog.RecordHash(fmt.Append(nil, i))
		added, err := tlog.StoredHashesForRecordHash(int64(i), leaf, stored(all))
		if err != nil {
			t.Fatal(err)
		}
		leaves, all = append(leaves, leaf), append(all, added...)
	}
	return leaves, all
}

// TestTreeOfFewHashes: of one hash of each level come the same hashes, and the same heads,
// as of all of them.
func TestTreeOfFewHashes(t *testing.T) {
	leaves, want := grownLog(t, 300)
	tree := new(tree)
	var all []tlog.Hash
	for i, leaf := range leaves {
		first, added, err := tree.add(leaf)
		if err != nil || first != int64(len(all)) {
			t.Fatalf("event %d begins at %d, want %d: %v", i, first, len(all), err)
		}
		all = append(all, added...)
		head, err := tree.head()
		due, _ := tlog.TreeHash(int64(i+1), stored(want))
		if err != nil || head != due {
			t.Fatalf("another head at %d: %v", i+1, err)
		}
	}
	if !slices.Equal(all, want) {
		t.Error("other hashes")
	}
	if _, err := tree.ReadHashes([]int64{0}); err == nil {
		t.Error("a hash that is kept no more was read")
	}
}

// TestKeptLog finds each row of the table log that was changed, and only what that does not
// explain above it.
func TestKeptLog(t *testing.T) {
	leaves, all := grownLog(t, 1000) // several pages
	last := int64(len(all))
	for name, test := range map[string]struct {
		change func([]store.HashRow) []store.HashRow
		want   []string
	}{
		"nothing":  {func(r []store.HashRow) []store.HashRow { return r }, nil},
		"a leaf":   {func(r []store.HashRow) []store.HashRow { r[3].Hash = []byte("x"); return r }, []string{"events 3 event"}},
		"above":    {func(r []store.HashRow) []store.HashRow { r[2].Hash = nil; return r }, []string{"log 2 hash"}},
		"dropped":  {func(r []store.HashRow) []store.HashRow { return slices.Delete(r, 700, 702) }, []string{"log 700 ", "log 701 "}},
		"all":      {func(r []store.HashRow) []store.HashRow { return nil }, []string{"log 0 ", "log 1 "}},
		"the last": {func(r []store.HashRow) []store.HashRow { return r[:len(r)-1] }, []string{fmt.Sprintf("log %d ", last-1)}},
		"negative": {func(r []store.HashRow) []store.HashRow {
			return slices.Insert(r, 0, store.HashRow{Index: math.MinInt64}, store.HashRow{Index: -1})
		}, []string{"log -9223372036854775808 ", "log -1 "}},
		"one more": {func(r []store.HashRow) []store.HashRow { return append(r, store.HashRow{Index: last}) }, []string{"events 1001 "}},
		"far away": {func(r []store.HashRow) []store.HashRow { return append(r, store.HashRow{Index: last + 5000}) }, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			rows := make([]store.HashRow, len(all))
			for i := range all {
				rows[i] = store.HashRow{Index: int64(i), Hash: all[i][:]}
			}
			rows = test.change(slices.Clone(rows))
			k := keptLog{next: math.MinInt64, read: func(from int64, most int) ([]store.HashRow, error) {
				at := slices.IndexFunc(rows, func(r store.HashRow) bool { return r.Index >= from })
				if at < 0 {
					return nil, nil
				}
				return rows[at:min(at+most, len(rows))], nil
			}}
			tree := new(tree)
			for _, leaf := range leaves {
				first, added, _ := tree.add(leaf)
				for i, h := range added {
					if err := k.compare(first+int64(i), h); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := k.rest(); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range k.found.Findings {
				got = append(got, f.Table+" "+f.Row+" "+f.Column)
			}
			if len(got) < len(test.want) || test.want == nil && got != nil {
				t.Fatalf("found %v", k.found.Findings)
			}
			for i, want := range test.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("found %q, want %q", got[i], want)
				}
			}
			if name != "all" && len(got) != len(test.want) {
				t.Errorf("found %v", k.found.Findings)
			}
		})
	}
}
