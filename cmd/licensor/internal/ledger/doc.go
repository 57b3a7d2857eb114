// Package ledger records what was sold and who runs it, and holds the rules by which
// a seat is given out. No license leaves the vendor without its record here, and no
// record is ever changed: every change is an event, written in the transaction that
// makes its effect.
//
// Trusted is the database. A request is not: it is a claim that the rules compare with
// what was sold, and the worst that its sender can do is to learn that invoice and
// e-mail address do not belong together.
package ledger
