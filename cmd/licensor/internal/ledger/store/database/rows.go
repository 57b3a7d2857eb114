package database

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// MostRows is how many rows of values one statement has where each has a place in it.
const MostRows = 64

// rows of SQLite are as many places. They have no names: SQLite keeps the names of a statement in
// a list, and the driver searches it for each value.
func (sqliteDialect) rows(width int, values []any) (text string, args []any) {
	row := "(" + strings.Repeat("?, ", width-1) + "?)"
	return "VALUES " + strings.Repeat(row+", ", len(values)/width-1) + row, values
}

func (sqliteDialect) portion(n int) int { return min(MostRows, 1<<(bits.Len(uint(n))-1)) }

// rows of PostgreSQL are an array for each column: one statement for any number of them.
func (postgresDialect) rows(width int, values []any) (text string, args []any) {
	types := make([]string, width)
	for i := range types {
		var kind string
		var array any
		switch values[i].(type) {
		case string:
			kind, array = "text", valuesOf[string](values, i, width)
		case int64:
			kind, array = "bigint", valuesOf[int64](values, i, width)
		default: // nothing else may be missing
			kind, array = "bytea", valuesOf[[]byte](values, i, width)
		}
		types[i], args = "$"+strconv.Itoa(i+1)+"::"+kind+"[]", append(args, array)
	}
	return "SELECT * FROM unnest(" + strings.Join(types, ", ") + ")", args
}

func (postgresDialect) portion(n int) int { return n }

// valuesOf returns the values of a column. What is missing is NULL, which only bytes can be.
func valuesOf[T any](values []any, at, width int) []T {
	all := make([]T, 0, len(values)/width)
	for ; at < len(values); at += width {
		var value T
		if _, bytes := any(value).([]byte); !bytes || values[at] != nil {
			value = values[at].(T)
		}
		all = append(all, value)
	}
	return all
}

// asked calls f for portions of the rows that a statement asks for. To ask for a row twice does
// no harm: the last one fills a portion.
func asked(d dialect, width int, values []any, f func(rows string, args []any) error) error {
	for len(values) > 0 {
		n := len(values) / width
		whole := d.portion(n)
		if whole < n && n < MostRows {
			whole *= 2
		}
		some := values[: min(whole, n)*width : min(whole, n)*width]
		values = values[len(some):]
		for len(some) < whole*width {
			some = append(some, some[len(some)-width:]...)
		}
		if err := f(d.rows(width, some)); err != nil {
			return err
		}
	}
	return nil
}

// RowsIn is Rows for a query that has the rows of some values where it says %s.
func (t *Tx) RowsIn(query string, values []any, f rowFunc) error {
	return asked(t.db.dialect, 1, values, func(rows string, args []any) error {
		return t.Rows(fmt.Sprintf(query, rows), args, f)
	})
}

// RowsFor is Rows for a query on the table asked, whose columns a, b and so on hold the values.
func (t *Tx) RowsFor(query string, width int, values []any, f rowFunc) error {
	return asked(t.db.dialect, width, values, func(rows string, args []any) error {
		return t.Rows(withAsked(width, rows)+query, args, f)
	})
}

// ExecFor is Exec for a statement on the table asked, which has each row of the values once.
func (t *Tx) ExecFor(query string, width int, values []any) (changed int64, err error) {
	err = t.portions(width, values, func(rows string, args []any) error {
		n, err := t.Exec(withAsked(width, rows)+query, args...)
		changed += n
		return err
	})
	return changed, err
}

// Insert adds rows of values to a table, many with one statement. If it fails, so does the
// transaction.
func (t *Tx) Insert(table, columns string, width int, values []any) error {
	return t.portions(width, values, func(rows string, args []any) error {
		_, err := t.Exec(t.db.dialect.insert()+" INTO "+table+" ("+columns+") "+rows, args...)
		return err
	})
}

// portions calls f for portions of rows that a statement writes.
func (t *Tx) portions(width int, values []any, f func(rows string, args []any) error) error {
	for len(values) > 0 {
		n := t.db.dialect.portion(len(values)/width) * width
		if err := f(t.db.dialect.rows(width, values[:n])); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}

func withAsked(width int, rows string) string {
	return "WITH asked (" + strings.Join(strings.Split("abcdefgh"[:width], ""), ", ") + ") AS (" + rows + ") "
}
