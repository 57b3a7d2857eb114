package database

import (
	"database/sql"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// rowFunc is called for each row of a query, and scans it.
type rowFunc = func(scan func(into ...any) error) error

// Values appends the only column of each row.
func Values[T any](all *[]T) rowFunc {
	return Column(func(value T) { *all = append(*all, value) })
}

// Structs appends a struct for each row, whose fields the columns are scanned into.
func Structs[T any](all *[]T, fields func(*T) []any) rowFunc {
	return func(scan func(...any) error) error {
		var one T
		err := scan(fields(&one)...)
		*all = append(*all, one)
		return err
	}
}

// Column calls f with the only column of each row, Columns with the two of each, and
// Columns3 with the three.
func Column[A any](f func(A)) rowFunc {
	return func(scan func(...any) error) error {
		var a A
		err := scan(&a)
		if err == nil {
			f(a)
		}
		return err
	}
}

func Columns[A, B any](f func(A, B)) rowFunc {
	return func(scan func(...any) error) error {
		var a A
		var b B
		err := scan(&a, &b)
		if err == nil {
			f(a, b)
		}
		return err
	}
}

func Columns3[A, B, C any](f func(A, B, C)) rowFunc {
	return func(scan func(...any) error) error {
		var a A
		var b B
		var c C
		err := scan(&a, &b, &c)
		if err == nil {
			f(a, b, c)
		}
		return err
	}
}

// Time scans a column with seconds since 1970.
type Time time.Time

// Scan implements sql.Scanner.
func (t *Time) Scan(value any) error {
	n, ok := value.(int64)
	if !ok {
		return fmt.Errorf("a time is stored as %T", value)
	}
	*t = Time(ledger.TimeOf(n))
	return nil
}

// Text scans a column into what reads its own text, such as an id.
func Text(into interface{ UnmarshalText([]byte) error }) sql.Scanner { return text{into} }

type text struct {
	into interface{ UnmarshalText([]byte) error }
}

// Scan implements sql.Scanner.
func (c text) Scan(value any) error {
	switch v := value.(type) {
	case string:
		return c.into.UnmarshalText([]byte(v))
	case []byte:
		return c.into.UnmarshalText(v)
	}
	return fmt.Errorf("a text is stored as %T", value)
}
