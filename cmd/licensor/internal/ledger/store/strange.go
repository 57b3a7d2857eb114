package store

// Strange is something in a database that no ledger has, or that is not as it was made:
// what is read through it may be anything.
type Strange struct {
	Table string // of the database itself, that says so
	Row   string // the name
	Text  string
}

// Strange names what does not belong into the schema. Until it is empty, no table means
// anything, and none is to be read: a view may never end.
func (t *Tx) Strange() ([]Strange, error) { return t.s.dialect.strange(t) }
