package ledger

import "context"

// NewestSchema is the schema version that Open brings a ledger to.
const NewestSchema = len(migrations)

// ReplayAt records the events of a ledger again in an empty database of a schema version.
func ReplayAt(ctx context.Context, from, to string, version int) error {
	l, err := OpenAsIs(ctx, from)
	if err != nil {
		return err
	}
	defer l.Close()
	into, err := openPostgres(ctx, to)
	if err != nil {
		return err
	}
	defer into.Close()
	if err := into.migrateTo(ctx, version); err != nil {
		return err
	}
	return l.read(ctx, func(t *transaction) error { return t.replay(ctx, into, nil) })
}
