package audit

import (
	"bytes"
	"cmp"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// compare compares all tables with those that follow from the events. The table log is
// compared with the events themselves, see audit.log.
func (a *audit) compare() error {
	a.begin("comparing tables", 0)
	for _, t := range store.Tables {
		if t.Name == "log" || a.missing[t.Name] {
			continue
		}
		if err := a.compareTable(t.Name, t); err != nil {
			return err
		}
	}
	if t := a.kept.SchemaTable(); t.Name != "" {
		return a.compareTable("sqlite_schema", t)
	}
	return nil
}

// compareTable walks both tables in the order of their keys, which are their first
// columns.
func (a *audit) compareTable(name string, t store.Table) error {
	kept, err := openCursor(a.kept, t)
	if err != nil {
		a.report.add(name, "", "", "cannot be read: %v", err)
		return nil
	}
	defer kept.rows.Close()
	fresh, err := openCursor(a.fresh, t)
	if err != nil {
		return err
	}
	defer fresh.rows.Close()
	kept.next()
	fresh.next()
	for kept.row != nil || fresh.row != nil {
		a.advance()
		switch order := kept.compare(fresh); {
		case order < 0:
			a.report.add(name, kept.key(), "", "was added by hand: no event makes it")
			kept.next()
		case order > 0:
			a.report.add(name, fresh.key(), "", "is missing: the events make it")
			fresh.next()
		default:
			for i, column := range kept.columns {
				if i < len(fresh.row) && compareValues(kept.row[i], fresh.row[i]) != 0 {
					is, due := apart(kept.row[i], fresh.row[i])
					a.report.add(name, kept.key(), column, "is %s, and by the events %s", show(is), show(due))
				}
			}
			kept.next()
			fresh.next()
		}
	}
	return errors.Join(kept.err, fresh.err)
}

// cursor reads the rows of a table in the order of its key.
type cursor struct {
	rows    *sql.Rows
	columns []string
	keys    int   // how many columns make the key
	row     []any // nil after the last
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
	return &cursor{rows: rows, columns: columns, keys: strings.Count(of.Key, ",") + 1}, nil
}

func (c *cursor) next() {
	c.row = nil
	if !c.rows.Next() {
		c.err = c.rows.Err()
		return
	}
	row, into := make([]any, len(c.columns)), make([]any, len(c.columns))
	for i := range row {
		into[i] = &row[i]
	}
	if c.err = c.rows.Scan(into...); c.err == nil {
		c.row = row
	}
}

// compare orders the current rows of two cursors by their keys; the end comes last.
func (c *cursor) compare(other *cursor) int {
	switch {
	case c.row == nil:
		return 1
	case other.row == nil:
		return -1
	}
	for i := range c.keys {
		if order := compareValues(c.row[i], other.row[i]); order != 0 {
			return order
		}
	}
	return 0
}

func (c *cursor) key() string {
	names := make([]string, c.keys)
	for i := range names {
		names[i] = strings.Trim(show(c.row[i]), `"`)
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
