package store

import (
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// cells are the columns of a row as the driver has them, taken one after the other. Where
// many rows are read this is much faster than to have each scanned into its type.
type cells struct {
	values []any
	into   []any
	next   int
	err    error // of the first column that is not what it is taken for
}

func newCells(n int) *cells {
	c := &cells{values: make([]any, n), into: make([]any, n)}
	for i := range c.values {
		c.into[i] = &c.values[i]
	}
	return c
}

func (c *cells) scan(scan func(into ...any) error) error {
	c.next, c.err = 0, nil
	return scan(c.into...)
}

func take[T any](c *cells) (value T) {
	value, ok := c.values[c.next].(T)
	if c.next++; !ok && c.err == nil {
		c.err = ledger.Damaged("column %d of a row is stored as %T", c.next, c.values[c.next-1])
	}
	return value
}

func (c *cells) text() string { return take[string](c) }

func (c *cells) number() int64 { return take[int64](c) }

func (c *cells) time() time.Time { return ledger.TimeOf(c.number()) }

// bytes returns nil for NULL.
func (c *cells) bytes() []byte {
	if c.values[c.next] == nil {
		c.next++
		return nil
	}
	return take[[]byte](c)
}

func (c *cells) id() format.ID {
	id, err := format.ParseID(c.text())
	if err != nil && c.err == nil {
		c.err = ledger.Damaged("%v", err)
	}
	return id
}
