// Package audit judges a ledger. It replays the log through the rules: each event must
// follow from those before it. Then it compares what is stored: the hashes with the
// events, the tables with what follows from them, an older checkpoint with today's log.
// It trusts nothing in the database but the order of the events, and the vendor's roots
// alone for who may sign.
//
// It does not find who obeys the rules. A thief with a staff key and the right to write
// can sell to themselves and sign, as staff do. So the report lists what was sold and
// which rules were lifted since the checkpoint: people know which of these they did.
package audit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
	"golang.org/x/mod/sumdb/tlog"
)

// Against is what an audit holds the ledger against.
type Against struct {
	// Verifier trusts the vendor's roots. Every license on record is judged by it, at
	// the time when it was issued. Required.
	Verifier *verify.Verifier

	// Now is the auditor's clock: what was recorded later is of the future. Zero: not known,
	// and nothing is.
	Now time.Time

	// Checkpoint is an older signed head of the log, kept elsewhere; nil: none. Keys are
	// those that may have signed it.
	Checkpoint []byte
	Keys       []keys.PublicKey

	// Draft is the move that the ledger is a copy for, not open yet; zero: it is none.
	Draft ledger.MoveID

	// Progress, if not nil, is told now and then what the audit does, and how much of
	// that is done; total is 0 where it is not known.
	Progress func(step string, done, total int64)
}

// Memory is a limit of the memory of a process that makes an audit, in bytes, from which on
// it collects garbage before it takes more ([debug.SetMemoryLimit]). Of a million activations
// with a hundred to an invoice 0.37 GB are in use in the end, and the process comes to 0.86 GB
// at most, the database's cache included; with 780 MiB it would be 0.93 GB and 3 % less
// processor time. A sale takes another 1.2 KB.
const Memory = 700 << 20

// Report is what an audit found. Without a checkpoint it cannot say whether the newest
// events were dropped together with all their effects, nor whether the whole history
// was rewritten: see package ledger.
type Report struct {
	Events   int64
	Licenses int64 // that were judged, as the next three
	Requests int64 // with a signature
	Releases int64
	Lists    int64

	// Forgotten are e-mail addresses that were removed. What the rules ask of them was not
	// judged.
	Forgotten int
	Head      string // the log's root hash in Base64, computed from the events
	Since     int64  // how many events the checkpoint vouches for; 0: there was none
	Findings  []Finding
	More      int // findings that are not listed

	// What was sold, and for what rules were lifted, since the checkpoint.
	Sales     []Sale
	Overrides []Override
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

// addAll adds what another report has found.
func (r *Report) addAll(other *Report) {
	room := min(maxFindings-len(r.Findings), len(other.Findings))
	r.Findings = append(r.Findings, other.Findings[:room]...)
	r.More += len(other.Findings) - room + other.More
}

// Run judges a ledger. It reads the schema first; what does not belong there stops it.
// Then it replays the log, in memory: each event must follow by the rules from those
// before it, each license says what was granted and is signed by who may sign it. From
// the events it makes the log's hashes, and whether today's log continues an older
// checkpoint; and it compares all tables with what follows. It reads one state of the
// ledger, while others go on working, and changes nothing.
//
// The error says that the audit could not be made. What it found is in the report.
func Run(ctx context.Context, s *store.Store, against Against) (*Report, error) {
	a, err := run(ctx, s, against, (*audit).compare)
	if err != nil {
		return nil, err
	}
	return a.report, nil
}

// run judges the log, and then does the rest.
func run(ctx context.Context, s *store.Store, against Against, rest func(*audit) error) (*audit, error) {
	if against.Verifier == nil {
		return nil, errors.New("an audit needs the vendor's roots")
	}
	a := &audit{against: against, report: new(Report), state: newState(), progress: against.Progress}
	a.state.version = store.VersionOf(against.Draft)
	err := s.Read(ctx, func(t *store.Tx) error {
		a.kept, a.state.readRequest, a.keptLog = t, a.readRequest, keptLog{read: a.readHashes, next: math.MinInt64}
		for _, step := range [...]func(*audit) error{(*audit).schema, (*audit).readEmails, (*audit).events, (*audit).future, (*audit).log, (*audit).checkpoint, (*audit).counts, rest} {
			if err := step(a); err != nil || a.stopped {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.sinceCheckpoint()
	return a, nil
}

// audit is one run.
type audit struct {
	against Against
	report  *Report
	kept    *store.Tx // the ledger that is audited
	stopped bool      // by its schema
	state   *state    // that follows from its events
	vendor  string    // as the first event has it
	tree    tree
	keptLog keptLog
	broken  bool // the events cannot be replayed

	older     *tlog.Tree // that the checkpoint is of; nil: there is none
	then      tlog.Hash  // the root hash when the log was as long as that
	rewritten bool       // since the checkpoint, with what it vouches for

	reading sync.Mutex // of the log: a page, or one event

	imported map[rules.ForProduct]time.Time // production, by the operation that is judged
	ahead    []*ledger.Event                // of the future, and no later one says that the clock was wrong

	there, judged counts

	progress    func(step string, done, total int64)
	step        string
	done, total int64
}

// counts say how many things with a signature there are.
type counts struct{ licenses, requests, releases, lists int64 }

// counts wants that whatever has a signature was judged.
func (a *audit) counts() error {
	a.report.Forgotten = a.state.unknown
	a.report.Licenses, a.report.Requests, a.report.Releases, a.report.Lists = a.judged.licenses, a.judged.requests, a.judged.releases, a.judged.lists
	for _, c := range [...]struct {
		what          string
		there, judged int64
	}{
		{"licenses", a.there.licenses, a.judged.licenses},
		{"signed requests", a.there.requests, a.judged.requests},
		{"releases", a.there.releases, a.judged.releases},
		{"revocation lists", a.there.lists, a.judged.lists},
	} {
		if c.there != c.judged {
			a.report.add("events", "", "", "of %d %s on record %d were judged", c.there, c.what, c.judged)
		}
	}
	return nil
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

// schema names what does not belong into the database. What tables seem to hold then
// means nothing.
func (a *audit) schema() error {
	a.begin("reading the schema", 0)
	strange, err := a.kept.Strange()
	if err != nil {
		return err
	}
	for _, s := range strange {
		a.report.add(s.Table, s.Row, "", "%s", s.Text)
	}
	if a.stopped = len(strange) > 0; a.stopped {
		a.report.add(strange[0].Table, "", "", "nothing was judged: the schema is not that of a ledger")
	}
	return nil
}
