package database

// Strange is something in a database that its schema has not, or that is not as it was made:
// what is read through it may be anything.
type Strange struct {
	Table string // of the database itself, that says so
	Row   string // the name
	Text  string
}

// Strange names what does not belong into a schema; predicates are the conditions of its
// partial indexes as PostgreSQL writes them. Until it is empty, no table means anything, and
// none is to be read: a view may never end.
func (t *Tx) Strange(schema string, predicates map[string]string) ([]Strange, error) {
	return t.db.dialect.strange(t, schema, predicates)
}
