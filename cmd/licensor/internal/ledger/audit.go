package ledger

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
	"golang.org/x/mod/sumdb/tlog"
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
// was written anew: see the package comment.
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

// Audit recomputes everything: the log's hashes from the events, and from those whether
// today's log continues an older checkpoint; all tables, by replaying the events with
// the code that recorded them into a ledger of its own, and comparing row by row; and
// every license's signature. It reads one state of the ledger, changes nothing, and
// takes about as much temporary space as the ledger has.
//
// The error says that the audit could not be made. What it found is in the report.
func (l *Ledger) Audit(ctx context.Context, against Against) (*Report, error) {
	if against.Verifier == nil {
		return nil, errors.New("an audit needs the vendor's roots")
	}
	a := &audit{report: new(Report), progress: against.Progress}
	err := l.read(ctx, func(t *transaction) error {
		a.kept = t
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

// audit is one run of Audit.
type audit struct {
	report *Report
	kept   *transaction // the ledger that is audited
	fresh  *transaction // the one that follows from its events
	vendor string       // as the first event has it
	hashes hashes       // of the tree over the events as they are
	size   int64
	signed int64 // how many of them signed a license
	broken bool  // the events cannot be replayed

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

// hashes are the hashes of a tree by tlog's index.
type hashes []hash

// ReadHashes implements tlog.HashReader.
func (h hashes) ReadHashes(indexes []int64) ([]hash, error) {
	found := make([]hash, len(indexes))
	for i, index := range indexes {
		found[i] = h[index]
	}
	return found, nil
}

// events reads all events and hashes them.
func (a *audit) events() error {
	var last int64
	if _, err := a.kept.row("SELECT COALESCE(MAX(seq), 0) FROM events", nil, &last); err != nil {
		return err
	}
	a.begin("reading events", last)
	next := int64(1)
	return a.kept.each("SELECT seq, event FROM events ORDER BY seq", nil, func(rows *sql.Rows) error {
		var seq int64
		var leaf []byte
		if err := rows.Scan(&seq, &leaf); err != nil {
			return err
		}
		if seq != next {
			a.broken = true
			a.report.add("events", fmt.Sprint(next), "", "is missing: the next event is %d", seq)
		}
		next = seq + 1
		e, err := parseEvent(leaf)
		switch {
		case err != nil:
			a.broken = true
			a.report.add("events", fmt.Sprint(seq), "event", "was changed by hand: %v", err)
		case e.Seq != seq:
			a.broken = true
			a.report.add("events", fmt.Sprint(seq), "seq", "was moved by hand: the event there says that it is event %d", e.Seq)
		case e.Action == ActionCreate && a.vendor == "":
			a.vendor = e.Detail.(Created).Vendor
		case e.Action == ActionSign:
			a.signed++
		case e.Action == ActionRevoke:
			a.noteRevoked(e)
		}
		a.advance()
		added, err := tlog.StoredHashesForRecordHash(a.size, tlog.RecordHash(leaf), a.hashes)
		a.hashes = append(a.hashes, added...)
		a.size++
		a.report.Events++
		return err
	})
}

// log compares the table log with the hashes of the events. A changed event changes
// the hashes above it too: only what it does not explain is named besides.
func (a *audit) log() error {
	if a.broken { // events that are missing shift all hashes after them
		return nil
	}
	var changed []int64
	a.begin("comparing hashes", int64(len(a.hashes)))
	next := int64(0)
	err := a.kept.each("SELECT idx, hash FROM log ORDER BY idx", nil, func(rows *sql.Rows) error {
		var index int64
		var kept []byte
		if err := rows.Scan(&index, &kept); err != nil {
			return err
		}
		a.advance()
		for ; next < min(index, int64(len(a.hashes))); next++ {
			a.report.add("log", fmt.Sprint(next), "", "is missing: the events make it")
		}
		next = index + 1
		if index < 0 {
			a.report.add("log", fmt.Sprint(index), "", "was added by hand: no event makes it")
			return nil
		}
		level, n := tlog.SplitStoredHashIndex(index)
		switch extra := index >= int64(len(a.hashes)); {
		case extra && level == 0:
			changed = append(changed, n)
			a.report.add("events", fmt.Sprint(n+1), "", "is missing: events were dropped from the end, or its hash, row %d of table log, was added by hand", index)
			return nil
		case !extra && bytes.Equal(kept, a.hashes[index][:]):
			return nil
		}
		if level == 0 {
			changed = append(changed, n)
			a.report.add("events", fmt.Sprint(n+1), "event", "is not what was recorded: its hash is not that of row %d of table log, or that row was changed", index)
		} else if !slices.ContainsFunc(changed, func(leaf int64) bool { return leaf>>level == n }) {
			a.report.add("log", fmt.Sprint(index), "hash", "is not the hash of the events %d to %d", n<<level+1, (n+1)<<level)
		}
		return nil
	})
	for ; next < int64(len(a.hashes)); next++ {
		a.report.add("log", fmt.Sprint(next), "", "is missing: the events make it")
	}
	return err
}

// checkpoint compares the log with an older head of it.
func (a *audit) checkpoint(against Against) error {
	head, err := tlog.TreeHash(a.size, a.hashes)
	if err != nil {
		return err
	}
	a.report.Head = base64.StdEncoding.EncodeToString(head[:])
	if against.Checkpoint == nil {
		return nil
	}
	older, err := openCheckpoint(against.Checkpoint, originOf(cmp.Or(a.vendor, a.kept.l.vendor)), against.Keys)
	if err != nil {
		return &Error{Message: err.Error(), Next: "give the checkpoint as \"licensor checkpoint\" printed it, and check which vendor's it is"}
	}
	a.report.Since = older.N
	switch {
	case older.N > a.size:
		a.report.add("events", span(a.size+1, older.N), "", "dropped: the checkpoint was made when the newest event was number %d, and now it is %d", older.N, a.size)
		return nil
	case older.N == 0:
		return nil
	}
	proof, err := tlog.ProveTree(a.size, older.N, a.hashes)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, a.size, head, older.N, older.Hash); err != nil {
		a.report.add("events", span(1, older.N), "", "not what the checkpoint was made of: the history was written anew")
	}
	return nil
}

// span names rows that follow each other.
func span(from, to int64) string {
	if from == to {
		return fmt.Sprint(from)
	}
	return fmt.Sprintf("%d to %d", from, to)
}

// replay makes the ledger again from its events and compares all tables.
func (a *audit) replay(ctx context.Context) error {
	const notCompared = "the other tables were not compared: the events cannot be replayed"
	if a.broken {
		a.report.add("events", "", "", notCompared)
		return nil
	}
	// What migrations would add is not there yet in a ledger of an older schema version.
	version, err := a.kept.l.schemaVersion(ctx, a.kept.tx)
	var known *Error
	if errors.As(err, &known) { // it was changed by hand, as the comparison will find
		version, err = len(migrations), nil
	}
	if err != nil {
		return err
	}
	scratch, err := openScratch(ctx, version)
	if err != nil {
		return err
	}
	defer scratch.Close()
	var failed *replayError
	a.begin("replaying events", a.size)
	err = a.kept.replay(ctx, scratch, a.advance)
	if errors.As(err, &failed) {
		a.report.add("events", fmt.Sprint(failed.seq), "event", "does not follow from those before it: %v", failed.err)
		a.report.add("events", "", "", notCompared)
		return nil
	}
	if err != nil {
		return err
	}
	return scratch.read(ctx, func(fresh *transaction) error {
		a.fresh = fresh
		return a.compare()
	})
}
