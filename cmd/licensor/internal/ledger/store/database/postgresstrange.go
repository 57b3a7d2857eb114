package database

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// strange reads the system catalog: what has a table's name must be a table, with the
// columns and indexes that it was made with, and without rules, triggers, policies and
// children, which would change what it seems to hold.
func (postgresDialect) strange(t *Tx, schema string, predicates map[string]string) ([]Strange, error) {
	due := relationsOf(schema, predicates)
	var all []Strange
	add := func(name, format string, args ...any) {
		all = append(all, Strange{"pg_catalog", name, fmt.Sprintf(format, args...)})
	}
	there := make(map[string]bool)
	err := t.Rows(relations, nil, Columns3(func(name, kind, shape string) {
		there[name] = true
		switch want, known := due[name]; {
		case !known:
			add(name, "was added by hand: a ledger has no such %s", relationKinds[kind])
		case kind != want.kind:
			add(name, "is a %s, and a ledger has a %s: table %s", relationKinds[kind], relationKinds[want.kind], want.table)
		case shape != want.shape:
			add(name, "is not as it was made: it is %s, and was %s: table %s", shape, want.shape, want.table)
		}
	}))
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(due)) {
		if !there[name] {
			add(name, "the %s was removed: table %s", relationKinds[due[name].kind], due[name].table)
		}
	}
	for _, attached := range [...]string{attachedTriggers, attachedRules, attachedPolicies, attachedSecurity, attachedChildren, attachedConstraints, shadowed} {
		err := t.Rows(attached, nil, Columns(func(table, what string) {
			add(table, "%s: a ledger has none. It may change what the table %s seems to hold", what, table)
		}))
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

var relationKinds = map[string]string{
	"r": "table", "i": "index", "v": "view", "m": "materialized view", "f": "foreign table", "p": "partitioned table",
	"I": "partitioned index", "S": "sequence", "c": "type", "t": "table of its own",
}

// relations are the tables, indexes and whatever else is in the schema of the ledger,
// but for what extensions have brought; with their shape: of a table its columns, of an
// index what it is on.
const relations = `SELECT c.relname, c.relkind::text, CASE WHEN c.relkind = 'i' THEN (
		SELECT am.amname || CASE WHEN x.indisunique THEN ' unique' ELSE '' END ||
			CASE WHEN x.indisprimary THEN ' primary' ELSE '' END ||
			CASE WHEN x.indisvalid AND x.indisready AND x.indislive THEN '' ELSE ' invalid' END ||
			' on ' || o.relname || ' (' || (SELECT string_agg(pg_get_indexdef(x.indexrelid, k::int, false), ', ' ORDER BY k) FROM generate_series(1, x.indnatts) k) || ')' ||
			COALESCE(' where ' || pg_get_expr(x.indpred, x.indrelid), '')
		FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class o ON o.oid = x.indrelid JOIN pg_catalog.pg_am am ON am.oid = c.relam
		WHERE x.indexrelid = c.oid
	) WHEN c.relkind = 'r' THEN c.relpersistence::text || ' ' || (
		SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END ||
			COALESCE(' collate ' || NULLIF(l.collname, 'default'), '') || CASE WHEN a.atthasdef THEN ' default' ELSE '' END || a.attgenerated::text || a.attidentity::text, ', ' ORDER BY a.attnum)
		FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
		WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	) ELSE '' END
	FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname = current_schema() AND c.relkind <> 'c'
	AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype = 'e')
	ORDER BY c.relname`

// ofTheLedger is where the queries after this one look.
const ofTheLedger = " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'v', 'p')"

const (
	attachedTriggers    = "SELECT c.relname, 'the trigger ' || t.tgname FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid" + ofTheLedger
	attachedRules       = "SELECT c.relname, 'the rule ' || r.rulename FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class" + ofTheLedger + " AND c.relkind <> 'v'"
	attachedPolicies    = "SELECT c.relname, 'the policy ' || p.polname FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid" + ofTheLedger
	attachedSecurity    = "SELECT c.relname, 'row security' FROM pg_catalog.pg_class c" + ofTheLedger + " AND (c.relrowsecurity OR c.relforcerowsecurity)"
	attachedChildren    = "SELECT c.relname, 'the child ' || i.inhrelid::regclass FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhparent" + ofTheLedger
	attachedConstraints = "SELECT c.relname, 'the constraint ' || k.conname FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid" + ofTheLedger + " AND k.contype NOT IN ('p', 'n')"
)

// shadowed are tables whose names lead elsewhere, and a search path by which functions
// and operators do.
const shadowed = `SELECT c.relname, 'another thing of its name is found first' FROM pg_catalog.pg_class c` + ofTheLedger + `
	AND pg_catalog.to_regclass(pg_catalog.quote_ident(c.relname)) IS DISTINCT FROM c.oid::regclass
	UNION ALL SELECT s.name, 'a schema before pg_catalog on the search path' FROM (
		SELECT (array_remove(pg_catalog.current_schemas(true), (SELECT nspname FROM pg_catalog.pg_namespace WHERE oid = pg_catalog.pg_my_temp_schema())))[1]::text AS name) s
	WHERE s.name <> 'pg_catalog'`

// relation is a table or an index as the catalog has it.
type relation struct{ kind, table, shape string }

// relationsOf returns the relations that a schema makes, read from its text.
func relationsOf(schema string, predicates map[string]string) map[string]relation {
	all := make(map[string]relation)
	for statement := range strings.SplitSeq(schema, ";") {
		statement = strings.Join(strings.Fields(statement), " ")
		head, rest, _ := strings.Cut(statement, "(")
		words := strings.Fields(head)
		switch {
		case strings.HasPrefix(statement, "CREATE TABLE"):
			name := words[2]
			columns, key := columnsOf(rest[:strings.LastIndex(rest, ")")])
			all[name] = relation{"r", name, "p " + columns}
			all[name+"_pkey"] = relation{"i", name, "btree unique primary on " + name + " (" + key + ")"}
		case strings.HasPrefix(statement, "CREATE"):
			unique := ""
			if words[1] == "UNIQUE" {
				unique = " unique"
			}
			name, table := words[len(words)-3], words[len(words)-1]
			on, _, _ := strings.Cut(rest, " WHERE ")
			shape := "btree" + unique + " on " + table + " (" + on
			if predicate := predicates[name]; predicate != "" {
				shape += " where " + predicate
			}
			all[name] = relation{"i", table, shape}
		}
	}
	return all
}

// columnsOf returns the columns of a table as the query relations writes them, and its
// primary key.
func columnsOf(definition string) (columns, key string) {
	if before, after, found := strings.Cut(definition, "PRIMARY KEY ("); found {
		definition, key = strings.TrimRight(before, ", "), strings.TrimRight(after, ") ")
	}
	keyed := strings.Split(key, ", ")
	var all []string
	for column := range strings.SplitSeq(definition, ",") {
		words := strings.Fields(column)
		name := words[0]
		if strings.HasSuffix(strings.TrimSpace(column), "PRIMARY KEY") {
			key = name
		}
		text := name + " " + map[string]string{"{int}": "bigint", "{blob}": "bytea", "{text}": "text"}[words[1]]
		if len(words) > 2 || slices.Contains(keyed, name) { // NOT NULL or PRIMARY KEY
			text += " not null"
		}
		if words[1] == "{text}" {
			text += " collate C"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", "), key
}
