// Package ledger records what was sold and who runs it, and holds the rules by which
// a seat is given out. No license leaves the vendor without its record here, and no
// record is ever changed: every change is an [Event], written in the transaction that
// makes its effect.
//
// Trusted is the database while it is in use. A request is not: it is a claim that the
// rules compare with what was sold, and the worst that its sender can do is to learn
// that invoice and e-mail address do not belong together. A database that came back
// from somewhere is not trusted either: [Ledger.Audit] says what was changed in it.
//
// # Events and tables
//
// The table events is the ledger; all other tables are what follows from it. One
// function, apply, takes an event to the tables, and nothing else writes them. So an
// audit replays the events into an empty ledger and compares row by row.
//
// The events are the leaves of a Merkle tree (RFC 6962; golang.org/x/mod/sumdb/tlog).
// A leaf is the event exactly as the column events.event holds it: a JSON object
// without white space, its keys in the order
//
//	{"seq":1,"time":"2026-11-21T12:00:00Z","operator":"anna","action":"entitle",
//	 "invoice":"INV0042-1","activation":"...","why":"...","detail":{...}}
//
// where invoice, activation and why are left out if empty, seq counts from 1, time is
// UTC in whole seconds, detail has the fields of the action's Go type in their order,
// and bytes are Base64. The other columns of the table are an index to it. The table
// log holds the tree's hashes by tlog's index.
//
// Who can write the database can also write a whole new history with hashes that fit,
// or drop its newest events with all their effects. Against that there is the
// checkpoint: a signed head of the log, kept elsewhere.
//
// # Two databases
//
// SQLite serves one workstation, PostgreSQL several. The rules know neither: what
// differs stands behind the interface dialect.
package ledger
