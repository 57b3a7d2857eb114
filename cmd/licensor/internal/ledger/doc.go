// Package ledger has the nouns of the vendor's record and their canonical bytes:
// entitlement, activation, license, grant, event, operation, refusal. It decides nothing
// and stores nothing.
//
// Its rooms:
//
//   - rules: facts in; events, grants or a refusal out. No database, no clock.
//   - store: all SQL. It loads the facts for a question and takes events to the tables.
//   - audit: asks the rules again about the whole log, in memory, and compares the tables.
//   - book: the verbs. It loads facts, asks the rules, has licenses signed, records.
//
// Trusted is the database while it is in use. A request is not: it is a claim that the
// rules compare with what was sold, and the worst that its sender can do is to learn
// that invoice and e-mail address do not belong together. A database that came back
// from somewhere is not trusted either: the audit says what was changed in it.
//
// # Events and tables
//
// The events are the ledger; all tables are what follows from them. No record is ever
// changed: every change is an [Event], written in the transaction that makes its effect.
//
// The events are the leaves of a Merkle tree (RFC 6962; golang.org/x/mod/sumdb/tlog).
// A leaf is the event exactly as the column events.event holds it: a JSON object
// without white space, its keys in the order
//
//	{"seq":1,"time":"2026-11-21T12:00:00Z","operator":"anna","action":"entitle",
//	 "invoice":"INV0042-1","activation":"...","why":"...","rules":1,"lifted":[...],
//	 "more":true,"detail":{...}}
//
// where invoice, activation, why, lifted and more are left out if empty, seq counts from 1, time is
// UTC in whole seconds, detail has the fields of the action's Go type in their order,
// and bytes are Base64.
//
// Who can write the database can also write a whole new history with hashes that fit,
// or drop its newest events with all their effects. Against that there is the
// checkpoint: a signed head of the log, kept elsewhere.
package ledger
