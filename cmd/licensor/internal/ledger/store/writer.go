package store

import (
	"fmt"
	"maps"
	"slices"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// Writer is a transaction that records events. Rows that are only added wait until
// there are many, or until somebody reads: thousands of licenses go into the tables
// with a few statements.
type Writer struct {
	Tx
	size int64 // how many events there are, those of this transaction included

	firstSeq  int64 // of this transaction's first event
	firstLeaf []byte

	tree    tree
	waiting []*rowBuffer
	seats   map[string]int64 // taken and not yet counted, by invoice
}

func newWriter(tx *database.Tx) *Writer {
	w := &Writer{Tx: Tx{tx}, seats: make(map[string]int64)}
	tx.Flush = w.flush
	w.tree = tree{read: w.hashes, fresh: make(map[int64]hash)}
	return w
}

// Events returns how many events there are, those of this transaction included.
func (w *Writer) Events() int64 { return w.size }

// Record appends an event of an operation and takes it to the tables.
func (w *Writer) Record(e *ledger.Event, by *ledger.Operation) error {
	e.Complete(w.size+1, by)
	leaf, err := e.Marshal()
	if err != nil {
		return err
	}
	return w.Append(e, leaf)
}

// Append is Record for an event that is complete and has its canonical bytes already.
// Nothing but this function writes to the tables.
func (w *Writer) Append(e *ledger.Event, leaf []byte) error {
	if e.Seq != w.size+1 {
		return ledger.Damaged("event %d is where event %d belongs", e.Seq, w.size+1)
	}
	if w.firstLeaf == nil {
		w.firstSeq, w.firstLeaf = e.Seq, leaf
	}
	if err := w.insert("events", "seq, invoice, activation, operator, action, event", e.Seq, e.Invoice, e.Activation, e.Operator, string(e.Action), string(leaf)); err != nil {
		return err
	}
	first, hashes, err := w.tree.add(w.size, leaf)
	if err != nil {
		return err
	}
	for i := range hashes {
		if err := w.insert("log", "idx, hash", first+int64(i), hashes[i][:]); err != nil {
			return err
		}
	}
	w.size++
	if err := w.apply(e); err != nil {
		return fmt.Errorf("event %d (%s): %w", e.Seq, e.Action, err)
	}
	return nil
}

// rowBuffer are rows of one table that wait to be written.
type rowBuffer struct {
	table, columns string
	width          int
	args           []any
}

// flushAt is when waiting rows are written all the same, so that an import of any
// length needs a bounded amount of memory.
const flushAt = 4096

func (w *Writer) insert(table, columns string, values ...any) error {
	var b *rowBuffer
	for _, known := range w.waiting {
		if known.table == table {
			b = known
		}
	}
	if b == nil {
		b = &rowBuffer{table: table, columns: columns, width: len(values)}
		w.waiting = append(w.waiting, b)
	}
	b.args = append(b.args, values...)
	if len(b.args) >= flushAt {
		return w.writeRows(b)
	}
	return nil
}

func (w *Writer) flush() error {
	for _, b := range w.waiting {
		if err := w.writeRows(b); err != nil {
			return err
		}
	}
	return w.writeSeats()
}

// writeRows writes waiting rows.
func (w *Writer) writeRows(b *rowBuffer) error {
	err := w.tx.Insert(b.table, b.columns, b.width, b.args)
	clear(b.args)
	b.args = b.args[:0]
	return err
}

// one is change for a statement that must find its row.
func (w *Writer) one(table, query string, args ...any) error {
	n, err := w.change(table, query, args...)
	if err == nil && n != 1 {
		err = ledger.Damaged("%d rows of %s are %.64q, want 1", n, table, args[0])
	}
	return err
}

// change runs a statement on a table, after the rows of it that wait.
func (w *Writer) change(table, query string, args ...any) (rows int64, err error) {
	if err := w.flushTable(table); err != nil {
		return 0, err
	}
	return w.tx.Exec(query, args...)
}

func (w *Writer) flushTable(table string) error {
	for _, b := range w.waiting {
		if b.table == table {
			return w.writeRows(b)
		}
	}
	return nil
}

// addSeat counts a seat that is taken. Seats of one batch are added up.
func (w *Writer) addSeat(invoice string) { w.seats[invoice]++ }

func (w *Writer) writeSeats() error {
	var seats []any
	for _, invoice := range slices.Sorted(maps.Keys(w.seats)) {
		seats = append(seats, invoice, w.seats[invoice])
	}
	clear(w.seats)
	if err := w.flushTable("entitlements"); err != nil {
		return err
	}
	found, err := w.tx.ExecFor(`UPDATE entitlements SET seats_used = seats_used + asked.b,
		seats_peak = CASE WHEN seats_used + asked.b > seats_peak THEN seats_used + asked.b ELSE seats_peak END FROM asked WHERE invoice = asked.a`, 2, seats)
	if err == nil && found != int64(len(seats)/2) {
		err = ledger.Damaged("%d of %d entitlements are there whose seats were taken", found, len(seats)/2)
	}
	return err
}
