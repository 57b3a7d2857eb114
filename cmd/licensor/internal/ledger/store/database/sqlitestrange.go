package database

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
)

// strange compares all of sqlite_schema with that of a ledger that was just made:
// triggers and views would change what the tables seem to hold, whatever they are called.
// Then it has SQLite compare the indexes with their tables.
func (d sqliteDialect) strange(t *Tx, schema string, _ map[string]string) ([]Strange, error) {
	due, err := d.makes(t.ctx, schema)
	if err != nil {
		return nil, err
	}
	var all []Strange
	add := func(name, text string) { all = append(all, Strange{"sqlite_schema", name, text}) }
	err = t.Rows("SELECT type, name, tbl_name, COALESCE(sql, '') FROM sqlite_schema ORDER BY name, type", nil, func(scan func(...any) error) error {
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
	at := func(o object) int { return strings.Index(schema, " "+o.name+" ") }
	for _, o := range slices.SortedFunc(maps.Values(due), func(a, b object) int {
		return cmp.Or(cmp.Compare(b.kind, a.kind), cmp.Compare(at(a), at(b))) // tables come first
	}) {
		add(o.name, "the "+o.kind+" was removed")
	}
	if len(all) > 0 {
		return all, nil
	}
	err = t.Rows("PRAGMA integrity_check(20)", nil, Column(func(text string) {
		if text != "ok" {
			all = append(all, Strange{"sqlite_schema", "", "SQLite finds that tables and indexes disagree: " + text})
		}
	}))
	return all, err
}

// object is a row of sqlite_schema.
type object struct{ kind, name, table, text string }

// makes returns what sqlite_schema says where a schema was just made.
func (d sqliteDialect) makes(ctx context.Context, schema string) (map[string]object, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, d.words(schema)); err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, "SELECT type, name, tbl_name, COALESCE(sql, '') FROM sqlite_schema")
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
