package store

import (
	"database/sql"
	"strings"
)

// strange compares all of sqlite_schema with that of a ledger that was just made:
// triggers and views would change what the tables seem to hold, whatever they are called.
// Then it has SQLite compare the indexes with their tables.
func (d sqliteDialect) strange(t *Tx) ([]Strange, error) {
	due, err := d.madeSchema(t)
	if err != nil {
		return nil, err
	}
	var all []Strange
	add := func(name, text string) { all = append(all, Strange{"sqlite_schema", name, text}) }
	err = t.each("SELECT type, name, tbl_name, COALESCE(sql, '') FROM sqlite_schema ORDER BY name, type", nil, func(scan func(...any) error) error {
		var o object
		if err := scan(&o.kind, &o.name, &o.table, &o.text); err != nil {
			return err
		}
		was, known := due[o.name]
		switch {
		case o == was:
			delete(due, o.name)
		case known:
			delete(due, o.name)
			add(o.name, "is another "+o.kind+" than a ledger has: table "+o.table)
		case o.kind == "table" && (o.name == "sqlite_sequence" || strings.HasPrefix(o.name, "sqlite_stat")):
		default:
			add(o.name, "was added by hand: a ledger has no such "+o.kind)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, table := range Tables {
		if _, missing := due[table.Name]; missing {
			add(table.Name, "the table was removed")
			delete(due, table.Name)
		}
	}
	for name, o := range due {
		add(name, "the "+o.kind+" was removed")
	}
	if len(all) > 0 {
		return all, nil
	}
	err = t.each("PRAGMA integrity_check(20)", nil, func(scan func(...any) error) error {
		var text string
		err := scan(&text)
		if text != "ok" {
			all = append(all, Strange{"sqlite_schema", "", "SQLite finds that tables and indexes disagree: " + text})
		}
		return err
	})
	return all, err
}

// object is a row of sqlite_schema.
type object struct{ kind, name, table, text string }

// madeSchema returns what sqlite_schema says of a ledger that was just made.
func (d sqliteDialect) madeSchema(t *Tx) (map[string]object, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.ctx, d.words(schema)); err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(t.ctx, "SELECT type, name, tbl_name, COALESCE(sql, '') FROM sqlite_schema")
	if err != nil {
		return nil, err
	}
	all := make(map[string]object)
	return all, eachRow(rows, func(scan func(...any) error) error {
		var o object
		err := scan(&o.kind, &o.name, &o.table, &o.text)
		all[o.name] = o
		return err
	})
}
