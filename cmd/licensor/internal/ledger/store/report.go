package store

import (
	"cmp"
	"encoding/json"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// Report counts in the tables. Its rows are in the order of their names. Of a month,
// active and free are counted of what was sold in it.
func (t *Tx) Report(q ledger.ReportQuery) ([]ledger.ReportRow, error) {
	r := &report{Tx: t, q: q, rows: make(map[string]*ledger.ReportRow)}
	var err error
	switch q.By {
	case ledger.ByMonth:
		err = r.months()
	case ledger.ByCustomer:
		if err = r.groups("e.customer"); err == nil {
			err = r.nameCustomers()
		}
	default:
		err = r.groups("e.product")
	}
	if err != nil {
		return nil, err
	}
	rows := make([]ledger.ReportRow, 0, len(r.rows))
	for _, row := range r.rows {
		rows = append(rows, *row)
	}
	slices.SortFunc(rows, func(a, b ledger.ReportRow) int { return cmp.Compare(a.Name, b.Name) })
	return rows, nil
}

// report is one that is being counted.
type report struct {
	*Tx
	q    ledger.ReportQuery
	rows map[string]*ledger.ReportRow
}

func (r *report) row(name string) *ledger.ReportRow {
	row := r.rows[name]
	if row == nil {
		row = &ledger.ReportRow{Name: name}
		r.rows[name] = row
	}
	return row
}

// groups counts by a column of entitlements e.
func (r *report) groups(column string) error {
	first, end, err := r.seqsBetween(r.q.Since, r.q.Until)
	if err != nil {
		return err
	}
	const ofSales = "FROM events v JOIN entitlements e ON e.invoice = v.invoice WHERE "
	if err := r.happened(column, ofSales, first, end, r.row); err != nil {
		return err
	}
	if err := r.stands(column, "", nil, r.row); err != nil {
		return err
	}
	return r.ended(column, func(name string, n uint64) { r.row(name).Ended += n })
}

// months counts by the months in which it happened.
func (r *report) months() error {
	first := r.q.Since
	if oldest, err := r.timeOf(1); err != nil {
		return err
	} else if first.Before(oldest) {
		first = oldest
	}
	until := r.q.Until
	if until.IsZero() || until.After(r.q.Now) {
		until = r.q.Now.Add(time.Second)
	}
	month := func(t time.Time) time.Time {
		return time.Date(t.UTC().Year(), t.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	}
	for begin := month(first); begin.Before(until); begin = begin.AddDate(0, 1, 0) {
		row := r.row(begin.Format(monthForm))
		after, before := begin, begin.AddDate(0, 1, 0)
		if r.q.Since.After(after) {
			after = r.q.Since
		}
		if !r.q.Until.IsZero() && r.q.Until.Before(before) {
			before = r.q.Until
		}
		from, end, err := r.seqsBetween(after, before)
		if err != nil {
			return err
		}
		this := func(string) *ledger.ReportRow { return row }
		if err := r.happened("''", "FROM events v WHERE ", from, end, this); err != nil {
			return err
		}
		const soldThen = " AND e.sold_seq >= $2 AND e.sold_seq < $3"
		if err := r.stands("''", soldThen, []any{from, end}, this); err != nil {
			return err
		}
	}
	// The end is the first second that is not covered.
	return r.ended("e.hard_end", func(end string, n uint64) {
		var seconds int64
		if json.Unmarshal([]byte(end), &seconds) == nil {
			r.row(ledger.TimeOf(seconds - 1).UTC().Format(monthForm)).Ended += n
		}
	})
}

const monthForm = "2006-01"

// happened counts the events from first to before end.
func (r *report) happened(column, from string, first, end int64, row func(string) *ledger.ReportRow) error {
	err := r.tx.Rows("SELECT "+column+", COUNT(*) FROM entitlements e WHERE e.sold_seq >= $1 AND e.sold_seq < $2 GROUP BY 1", []any{first, end}, database.Columns(func(name string, n uint64) { row(name).Sold += n }))
	if err != nil {
		return err
	}
	return r.tx.Rows("SELECT "+column+", v.action, COUNT(*) "+from+`v.action IN ('renew', 'cancel') AND v.action <> 'sign'
		AND v.seq >= $1 AND v.seq < $2 GROUP BY 1, 2`, []any{first, end}, database.Columns3(func(name string, action ledger.Action, n uint64) {
		if c := row(name); action == ledger.ActionRenew {
			c.Renewed += n
		} else {
			c.Canceled += n
		}
	}))
}

// running is true of an entitlement e that has not ended at the time $1.
const running = "e.standing <> 'canceled' AND (e.hard_end = 0 OR e.hard_end > $1)"

// stands counts the seats that are in use and free now. What was revoked keeps its seat,
// and is not active.
func (r *report) stands(column, condition string, args []any, row func(string) *ledger.ReportRow) error {
	args = append([]any{ledger.Seconds(r.q.Now)}, args...)
	err := r.tx.Rows("SELECT "+column+`, CAST(SUM(e.seats_used) AS BIGINT),
		CAST(SUM(CASE WHEN e.standing = '' AND e.seats > e.seats_used THEN e.seats - e.seats_used ELSE 0 END) AS BIGINT)
		FROM entitlements e WHERE `+running+condition+" GROUP BY 1", args, database.Columns3(func(name string, used, free uint64) {
		c := row(name)
		c.Active, c.Free = c.Active+used, c.Free+free
	}))
	if err != nil {
		return err
	}
	return r.tx.Rows("SELECT "+column+`, COUNT(*) FROM revocations r JOIN activations a ON a.license = r.license AND a.state = 'active'
		JOIN entitlements e ON e.invoice = a.invoice WHERE `+running+condition+" GROUP BY 1", args, database.Columns(func(name string, n uint64) {
		c := row(name)
		c.Active -= min(n, c.Active)
	}))
}

// ended counts what has ended in the time of the report.
func (r *report) ended(column string, count func(name string, n uint64)) error {
	by := r.q.Now
	if !r.q.Until.IsZero() && r.q.Until.Before(by) {
		by = r.q.Until
	}
	return r.tx.Rows("SELECT "+column+", COUNT(*) FROM entitlements e WHERE e.hard_end > $1 AND e.hard_end <= $2 AND e.standing <> 'canceled' GROUP BY 1",
		[]any{max(ledger.Seconds(r.q.Since), 0), by.Unix()}, database.Columns(count))
}

// nameCustomers calls customers as they were written, in place of their keys.
func (r *report) nameCustomers() error {
	return r.tx.Rows("SELECT e.customer, MAX(e.sold) FROM entitlements e GROUP BY 1", nil, func(scan func(...any) error) error {
		var key string
		var sold []byte
		if err := scan(&key, &sold); err != nil {
			return err
		}
		var e ledger.Entitlement
		if err := json.Unmarshal(sold, &e); err != nil {
			return ledger.Damaged("what was sold: %v", err)
		}
		r.row(key).Name = strings.Join(strings.Fields(e.Customer), " ")
		return nil
	})
}

// seqsBetween returns the number of the first event that was recorded since a time, and of
// the first that was not before another; a zero time is no bound. Time never goes back in a
// log, so that they are found by halving.
func (t *Tx) seqsBetween(since, before time.Time) (first, end int64, err error) {
	size, _, err := t.Size()
	if err != nil {
		return 0, 0, err
	}
	at := func(bound time.Time) int64 {
		return 1 + int64(sort.Search(int(size), func(i int) bool {
			recorded, failed := t.timeOf(int64(i) + 1)
			err = cmp.Or(err, failed)
			return failed != nil || !recorded.Before(bound)
		}))
	}
	first, end = 1, size+1
	if !since.IsZero() {
		first = at(since)
	}
	if !before.IsZero() {
		end = at(before)
	}
	return first, end, err
}

// timeOf returns when an event was recorded.
func (t *Tx) timeOf(seq int64) (time.Time, error) {
	var leaf []byte
	found, err := t.tx.Row("SELECT event FROM events WHERE seq = $1", []any{seq}, &leaf)
	if err != nil {
		return time.Time{}, err
	}
	var e struct{ Time time.Time }
	if !found {
		return time.Time{}, ledger.Damaged("event %d is missing", seq)
	}
	if err := json.Unmarshal(leaf, &e); err != nil {
		return time.Time{}, ledger.Damaged("event %d: %v", seq, err)
	}
	return e.Time, nil
}
