// Package audit replays the log of a ledger and compares: the hashes with the events,
// the tables with what follows from the events, an older checkpoint with today's log, and
// every license on record with the vendor's roots. It trusts nothing in the database.
package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// Against is what an audit holds the ledger against.
type Against struct {
	// Verifier trusts the vendor's roots. Every license on record is judged by it, at
	// the time when it was issued. Required.
	Verifier *verify.Verifier

	// Checkpoint is an older signed head of the log, kept elsewhere; nil: none. Keys are
	// those that may have signed it.
	Checkpoint []byte
	Keys       []keys.PublicKey

	// Progress, if not nil, is told now and then what the audit does, and how much of
	// that is done; total is 0 where it is not known.
	Progress func(step string, done, total int64)
}

// Report is what an audit found. Without a checkpoint it cannot say whether the newest
// events were dropped together with all their effects, nor whether the whole history
// was written anew: see package ledger.
type Report struct {
	Events   int64
	Licenses int64
	Head     string // the log's root hash in Base64, computed from the events
	Since    int64  // how many events the checkpoint vouches for; 0: there was none
	Findings []Finding
	More     int // findings that are not listed
}

// OK reports whether nothing was found.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

// Finding is one thing that is not as the events, the log or the signatures say.
type Finding struct {
	Table  string `json:"table"`
	Row    string `json:"row,omitempty"`
	Column string `json:"column,omitempty"`
	Text   string `json:"text"`
}

func (f Finding) String() string {
	where := "table " + f.Table
	if f.Row != "" {
		where += ", row " + f.Row
	}
	if f.Column != "" {
		where += ", column " + f.Column
	}
	return where + ": " + f.Text
}

// maxFindings keeps a report readable when everything was changed.
const maxFindings = 1000

func (r *Report) add(table, row, column, format string, args ...any) {
	if len(r.Findings) == maxFindings {
		r.More++
		return
	}
	r.Findings = append(r.Findings, Finding{table, row, column, fmt.Sprintf(format, args...)})
}

// Run recomputes everything: the log's hashes from the events, and from those whether
// today's log continues an older checkpoint; all tables, by replaying the events with
// the code that recorded them into a ledger of its own, and comparing row by row; and
// every license's signature. It reads one state of the ledger, changes nothing, and
// takes about as much temporary space as the ledger has.
//
// The error says that the audit could not be made. What it found is in the report.
func Run(ctx context.Context, s *store.Store, against Against) (*Report, error) {
	if against.Verifier == nil {
		return nil, errors.New("an audit needs the vendor's roots")
	}
	a := &audit{report: new(Report), progress: against.Progress}
	err := s.Read(ctx, func(t *store.Tx) error {
		a.kept = t
		if err := a.tables(); err != nil || a.missing["events"] {
			return err
		}
		if err := a.events(); err != nil {
			return err
		}
		if err := a.log(); err != nil {
			return err
		}
		if err := a.checkpoint(against); err != nil {
			return err
		}
		if err := a.replay(ctx); err != nil {
			return err
		}
		return a.licenses(against.Verifier)
	})
	if err != nil {
		return nil, err
	}
	return a.report, nil
}

// audit is one run.
type audit struct {
	report *Report
	kept   *store.Tx // the ledger that is audited
	fresh  *store.Tx // the one that follows from its events
	vendor string    // as the first event has it
	hashes hashes    // of the tree over the events as they are
	size   int64
	signed int64 // how many of them signed a license
	broken bool  // the events cannot be replayed

	missing map[string]bool // tables

	revoked []*auditedKey // by them

	progress    func(step string, done, total int64)
	step        string
	done, total int64
}

// begin begins a step of the audit.
func (a *audit) begin(step string, total int64) {
	a.step, a.done, a.total = step, 0, total
	if a.progress != nil {
		a.progress(step, 0, total)
	}
}

const progressEvery = 1000 // rows

// advance counts one more row of the step.
func (a *audit) advance() {
	if a.done++; a.progress != nil && a.done%progressEvery == 0 {
		a.progress(a.step, a.done, a.total)
	}
}

// tables names the tables that are not there: a transaction of PostgreSQL that asks for
// one is over.
func (a *audit) tables() error {
	a.missing = make(map[string]bool)
	for _, t := range store.Tables {
		there, err := a.kept.HasTable(t.Name)
		if err != nil {
			return err
		}
		if !there {
			a.missing[t.Name] = true
			a.report.add(t.Name, "", "", "the table was removed, or something else has its name")
		}
	}
	return nil
}

// replay makes the ledger again from its events and compares all tables.
func (a *audit) replay(ctx context.Context) error {
	const notCompared = "the other tables were not compared: the events cannot be replayed"
	if a.broken {
		a.report.add("events", "", "", notCompared)
		return nil
	}
	scratch, err := store.Scratch(ctx)
	if err != nil {
		return err
	}
	defer scratch.Close()
	var failed *store.ReplayError
	a.begin("replaying events", a.size)
	err = a.kept.Replay(ctx, scratch, a.advance)
	if errors.As(err, &failed) {
		a.report.add("events", fmt.Sprint(failed.Seq), "event", "does not follow from those before it: %v", failed.Err)
		a.report.add("events", "", "", notCompared)
		return nil
	}
	if err != nil {
		return err
	}
	return scratch.Read(ctx, func(fresh *store.Tx) error {
		a.fresh = fresh
		return a.compare()
	})
}
