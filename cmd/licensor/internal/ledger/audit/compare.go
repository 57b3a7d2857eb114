package audit

import (
	"bytes"
	"cmp"
	"database/sql"
	"encoding/hex"
	"fmt"
	"iter"
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// compare compares all tables with those that follow from the events. The tables events
// and log are compared with the events themselves, see audit.events and audit.log.
func (a *audit) compare() error {
	if a.broken {
		a.report.add("events", "", "", "the other tables were not compared: the events cannot be replayed")
		return nil
	}
	a.begin("comparing tables", 0)
	for _, t := range store.Tables {
		if rows := a.state.rows(t.Name); rows != nil {
			if err := a.compareTable(t, rows); err != nil {
				return err
			}
		}
	}
	return nil
}

// compareTable walks both tables in the order of their keys, which are their first
// columns.
func (a *audit) compareTable(t store.Table, due iter.Seq[[]any]) error {
	kept, err := openCursor(a.kept, t)
	if err != nil {
		a.report.add(t.Name, "", "", "cannot be read: %v", err)
		return nil
	}
	defer kept.rows.Close()
	next, stop := iter.Pull(due)
	defer stop()
	kept.next()
	fresh, more := next()
	for kept.row != nil || more {
		a.advance()
		switch order := kept.compare(fresh); {
		case order < 0:
			a.report.add(t.Name, kept.key(kept.row), "", "was added by hand: no event makes it")
			kept.next()
		case order > 0:
			a.report.add(t.Name, kept.key(fresh), "", "is missing: the events make it")
			fresh, more = next()
		case t.Name == "emails":
			if _, _, known := a.state.known(fresh[0].([]byte)); !known {
				a.report.add(t.Name, kept.key(kept.row), "address", "is not the one that the log knows by this hash")
			}
			kept.next()
			fresh, more = next()
		default:
			for i, column := range kept.columns {
				if i < len(fresh) && compareValues(kept.row[i], fresh[i]) != 0 {
					is, due := apart(kept.row[i], fresh[i])
					a.report.add(t.Name, kept.key(kept.row), column, "is %s, and by the events %s", show(is), show(due))
				}
			}
			kept.next()
			fresh, more = next()
		}
	}
	return kept.err
}

// cursor reads the rows of a table in the order of its key.
type cursor struct {
	rows    *sql.Rows
	columns []string
	keys    int   // how many columns make the key
	row     []any // nil after the last
	into    []any
	err     error
}

func openCursor(t *store.Tx, of store.Table) (*cursor, error) {
	rows, err := t.Rows(of)
	if err != nil {
		return nil, err
	}
	columns, err := rows.Columns()
	if err != nil {
		rows.Close()
		return nil, err
	}
	return &cursor{rows: rows, columns: columns, keys: strings.Count(of.Key, ",") + 1, into: make([]any, len(columns))}, nil
}

func (c *cursor) next() {
	c.row = nil
	if !c.rows.Next() {
		c.err = c.rows.Err()
		return
	}
	row := make([]any, len(c.columns))
	for i := range row {
		c.into[i] = &row[i]
	}
	if c.err = c.rows.Scan(c.into...); c.err == nil {
		c.row = row
	}
}

// compare orders the current row and another one by their keys; the end comes last.
func (c *cursor) compare(other []any) int {
	switch {
	case c.row == nil:
		return 1
	case other == nil:
		return -1
	}
	for i := range c.keys {
		if order := compareValues(c.row[i], other[i]); order != 0 {
			return order
		}
	}
	return 0
}

func (c *cursor) key(row []any) string {
	names := make([]string, c.keys)
	for i := range names {
		names[i] = strings.Trim(show(row[i]), `"`)
	}
	return strings.Join(names, " ")
}

// compareValues orders values of a column as both databases do: numbers by value,
// texts and bytes by their bytes. Values of different types are ordered somehow.
func compareValues(a, b any) int {
	switch a := a.(type) {
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b)
		}
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b)
		}
	case []byte:
		if b, ok := b.([]byte); ok {
			return bytes.Compare(a, b)
		}
	case nil:
		if b == nil {
			return 0
		}
	}
	return strings.Compare(fmt.Sprintf("%T %v", a, a), fmt.Sprintf("%T %v", b, b))
}

// apart cuts what two long texts begin with alike, so that a report shows where they
// differ.
func apart(a, b any) (any, any) {
	x, isText := a.(string)
	y, alsoText := b.(string)
	if !isText || !alsoText {
		return a, b
	}
	at := 0
	for at < min(len(x), len(y)) && x[at] == y[at] {
		at++
	}
	const before = 16 // bytes that show where it is
	if at = max(at-before, 0); at > 0 {
		return "..." + x[at:], "..." + y[at:]
	}
	return x, y
}

// show returns a value for a report, cut to a length that fits a line.
func show(value any) string {
	switch v := value.(type) {
	case nil:
		return "nothing"
	case string:
		return fmt.Sprintf("%.64q", v)
	case []byte:
		return hex.EncodeToString(v[:min(len(v), 32)])
	}
	return fmt.Sprint(value)
}
