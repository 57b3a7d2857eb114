// Package ledger has the nouns of the vendor's record and their canonical bytes:
// entitlement, activation, license, grant, event, operation, refusal. It decides nothing
// and stores nothing.
//
// Its rooms:
//
//   - rules: facts in; events, grants or a refusal out. No database, no clock.
//   - store: all SQL. It loads the facts for a question and takes events to the tables.
//   - audit: replays the log through the rules, in memory, and compares the tables.
//   - book: the verbs. It loads facts, asks the rules, has licenses signed, records.
//
// Trusted is the database while it is in use. A request is not: it is a claim that the
// rules compare with what was sold, and the worst that its sender can do is to learn
// that invoice and e-mail address do not belong together. A database that came back
// from somewhere is not trusted either: the audit says what was changed in it.
//
// # Events and tables
//
// The events are the ledger; all tables are what follows from them, but for the addresses
// in the table emails (below). No record is ever changed: every change is an [Event],
// written in the transaction that makes its effect.
//
// The events are the leaves of a Merkle tree (RFC 6962; golang.org/x/mod/sumdb/tlog).
// A leaf is the event exactly as the column events.event holds it: a JSON object
// without white space, its keys in the order
//
//	{"seq":1,"time":"2026-11-21T12:00:00Z","operator":"anna","action":"entitle",
//	 "invoice":"INV0042-1","activation":"...","why":"...","rules":1,"lifted":[...],
//	 "more":true,"detail":{...}}
//
// where invoice, activation, why, lifted and more are left out if empty, seq counts from 1,
// time is UTC in whole seconds, detail has the fields of the action's Go type in their
// order, and bytes are Base64.
//
//   - rules is [RulesVersion] when the event was judged. It never falls in a log. An event of
//     a later version than the program's own is refused: "update licensor".
//   - lifted names the rules that staff lifted for it, with the reason in why. There may be a
//     why without it.
//   - more says that the next event is of the same operation: both have one time, operator
//     and reason, and were recorded in one transaction.
//   - detail holds requests and releases as they came, with their signatures where they had
//     one, and license files as they were sent, so that the audit can judge them again.
//
// # What can be forgotten
//
// The log cannot forget. So an event of a sale has no e-mail address. Its field account is
// a commitment: SHA-256 of a random salt of 16 bytes and the address. Salt and address stand
// in the table emails, which the audit compares with the commitments. An event with the
// action forget names commitments, and takes their rows away. After it the log verifies as
// before; nobody can find the address from the commitment, and the audit counts what it
// could not judge for want of it. A request on record has a hash of invoice and address
// without a salt ([format.AccountHash]): it still confirms a guess.
//
// Who can write the database can also write a whole new history with hashes that fit,
// or drop its newest events with all their effects. Against that there is the
// checkpoint: a signed head of the log, kept elsewhere.
package ledger
