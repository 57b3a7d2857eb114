package audit

import (
	"encoding/binary"
	"hash/maphash"
	"iter"
	"slices"
)

// A million activations are held in little memory: rows lie side by side, and what finds
// one of them is four bytes.

// table holds rows in blocks, which never move: they have addresses that last.
type table[T any] struct {
	blocks [][]T
	n      uint32
}

const blockSize = 1024 // rows

// add adds a row, and returns its number and where it is.
func (t *table[T]) add(row T) (uint32, *T) {
	if t.n%blockSize == 0 {
		t.blocks = append(t.blocks, make([]T, 0, blockSize))
	}
	last := &t.blocks[len(t.blocks)-1]
	*last = append(*last, row)
	t.n++
	return t.n - 1, &(*last)[len(*last)-1]
}

func (t *table[T]) at(number uint32) *T { return &t.blocks[number/blockSize][number%blockSize] }

// all returns the rows as they were added.
func (t *table[T]) all() iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for number := range t.n {
			if !yield(t.at(number)) {
				return
			}
		}
	}
}

// sorted returns the rows in another order.
func (t *table[T]) sorted(compare func(a, b *T) int) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		order := make([]uint32, t.n)
		for i := range order {
			order[i] = uint32(i)
		}
		slices.SortFunc(order, func(a, b uint32) int { return compare(t.at(a), t.at(b)) })
		for _, number := range order {
			if !yield(t.at(number)) {
				return
			}
		}
	}
}

// index finds rows of a table by a key, which is in the row itself: a hash table of numbers
// of rows. Go's map would take six times as much.
type index[K comparable, T any] struct {
	rows  *table[T]
	key   func(*T) K
	seed  maphash.Seed
	slots []uint32 // the number of a row plus one; 0: free
	used  int
}

func newIndex[K comparable, T any](rows *table[T], key func(*T) K) *index[K, T] {
	return &index[K, T]{rows: rows, key: key, seed: maphash.MakeSeed(), slots: make([]uint32, 64)}
}

// home is the slot where the search for a key begins.
func (x *index[K, T]) home(key K) int {
	return int(maphash.Comparable(x.seed, key) & uint64(len(x.slots)-1))
}

func (x *index[K, T]) next(slot int) int { return (slot + 1) & (len(x.slots) - 1) }

// slot returns where a key is, or the free slot where it would be.
func (x *index[K, T]) slot(key K) int {
	slot := x.home(key)
	for x.slots[slot] != 0 && x.key(x.rows.at(x.slots[slot]-1)) != key {
		slot = x.next(slot)
	}
	return slot
}

// find returns the row with a key, nil if there is none.
func (x *index[K, T]) find(key K) *T {
	if slot := x.slot(key); x.slots[slot] != 0 {
		return x.rows.at(x.slots[slot] - 1)
	}
	return nil
}

// put has a row found by its key, in place of any other one that has the same.
func (x *index[K, T]) put(number uint32) {
	if 4*x.used >= 3*len(x.slots) {
		before := x.slots
		x.slots = make([]uint32, 2*len(before))
		for _, taken := range before {
			if taken != 0 {
				x.slots[x.slot(x.key(x.rows.at(taken-1)))] = taken
			}
		}
	}
	slot := x.slot(x.key(x.rows.at(number)))
	if x.slots[slot] == 0 {
		x.used++
	}
	x.slots[slot] = number + 1
}

// remove has a key find nothing. Those behind it move up where their search would end at
// its slot.
func (x *index[K, T]) remove(key K) {
	free := x.slot(key)
	if x.slots[free] == 0 {
		return
	}
	x.used--
	for slot := x.next(free); x.slots[slot] != 0; slot = x.next(slot) {
		home := x.home(x.key(x.rows.at(x.slots[slot] - 1)))
		if mask := len(x.slots) - 1; (slot-home)&mask >= (slot-free)&mask {
			x.slots[free] = x.slots[slot]
			free = slot
		}
	}
	x.slots[free] = 0
}

// packed is a few short texts in one.
type packed string

func pack(texts ...string) packed {
	var b []byte
	for _, t := range texts {
		b = append(binary.AppendUvarint(b, uint64(len(t))), t...)
	}
	return packed(b)
}

// cut returns the first text, and the others.
func (p packed) cut() (first string, rest packed) {
	var length, shift uint64
	at := 0
	for ; ; at++ {
		length |= uint64(p[at]&0x7f) << shift
		if p[at] < 0x80 {
			break
		}
		shift += 7
	}
	end := at + 1 + int(length)
	return string(p[at+1 : end]), p[end:]
}
