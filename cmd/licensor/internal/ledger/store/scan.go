package store

import "github.com/offlicense/offlicense/cmd/licensor/internal/ledger"

// rowFunc is called for each row of a query, and scans it.
type rowFunc = func(scan func(into ...any) error) error

// values appends the only column of each row.
func values[T any](all *[]T) rowFunc {
	return column(func(value T) { *all = append(*all, value) })
}

// structs appends a struct for each row, whose fields the columns are scanned into.
func structs[T any](all *[]T, fields func(*T) []any) rowFunc {
	return func(scan func(...any) error) error {
		var one T
		err := scan(fields(&one)...)
		*all = append(*all, one)
		return err
	}
}

// column calls f with the only column of each row, columns with the two of each, and
// columns3 with the three.
func column[A any](f func(A)) rowFunc {
	return func(scan func(...any) error) error {
		var a A
		err := scan(&a)
		if err == nil {
			f(a)
		}
		return err
	}
}

func columns[A, B any](f func(A, B)) rowFunc {
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

func columns3[A, B, C any](f func(A, B, C)) rowFunc {
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

// parsed calls f with the event that is the only column of each row.
func parsed(f func(e *ledger.Event)) rowFunc {
	return func(scan func(...any) error) error {
		var leaf []byte
		if err := scan(&leaf); err != nil {
			return err
		}
		e, err := ledger.ParseEvent(leaf)
		if err != nil {
			return ledger.Damaged("%v", err)
		}
		f(e)
		return nil
	}
}
