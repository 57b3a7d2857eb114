package store

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// mostRows is how many rows of values one statement has where each has a place in it.
const mostRows = 64

// rows of SQLite are as many places. They have no names: SQLite keeps the names of a statement in
// a list, and the driver searches it for each value.
func (sqliteDialect) rows(width int, values []any) (text string, args []any) {
	row := "(" + strings.Repeat("?, ", width-1) + "?)"
	return "VALUES " + strings.Repeat(row+", ", len(values)/width-1) + row, values
}

func (sqliteDialect) portion(n int) int { return min(mostRows, 1<<(bits.Len(uint(n))-1)) }

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
		if whole < n && n < mostRows {
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

// eachIn calls f for every row of a query that has the rows of some values where it says %s.
func (t *Tx) eachIn(query string, values []any, f rowFunc) error {
	return asked(t.s.dialect, 1, values, func(rows string, args []any) error {
		return t.each(fmt.Sprintf(query, rows), args, f)
	})
}

// eachTuple calls f for every row of a query on the table asked, whose columns a, b and so
// on hold the values.
func (t *Tx) eachTuple(query string, width int, values []any, f rowFunc) error {
	return asked(t.s.dialect, width, values, func(rows string, args []any) error {
		return t.each(withAsked(width, rows)+query, args, f)
	})
}

func withAsked(width int, rows string) string {
	return "WITH asked (" + strings.Join(strings.Split("abcdefgh"[:width], ""), ", ") + ") AS (" + rows + ") "
}
