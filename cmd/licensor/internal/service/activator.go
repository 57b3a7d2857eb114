package service

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Queue keeps the requests that wait for the staff, beside the ledger.
type Queue interface {
	// Add puts a request in, or finds it there: it is the same one by its hash. The error is
	// ErrQueueFull where too many wait.
	Add(ctx context.Context, w Queued) (*Queued, error)
	// OfRequests returns what became of requests, by their hashes; those that never waited are
	// missing.
	OfRequests(ctx context.Context, hashes [][32]byte) (map[[32]byte]*Queued, error)
	// Signed notes that a request that waited has its license.
	Signed(ctx context.Context, number string, by string, now time.Time) error
	// KeepClosed keeps which invoices got too many wrong claims, each until some time, and
	// Closed returns them.
	KeepClosed(ctx context.Context, until map[string]time.Time, now time.Time) error
	Closed(ctx context.Context, now time.Time) (until map[string]time.Time, err error)
}

// Queued is a request, or a release, that waits for the staff or did.
type Queued struct {
	Number  string // by which the customer asks about it; Add gives it
	Hash    [32]byte
	Invoice string
	Text    string // of the statement, as it came
	Word    string // why it waits, in one word
	Why     string // and in a sentence, for staff
	Asked   time.Time
	Refused bool   // by staff
	Said    string // what staff told the customer
}

// ActivatorOptions are what an Activator takes.
type ActivatorOptions struct {
	Key        Key    // of a staff key, whose delegation says what it may sign
	Asks       bool   // its passphrase is asked of a person: by Load, and never while requests wait
	Queue      Queue  // nil: what would wait is refused
	Operator   string // of what is recorded; empty: "desk"
	MaxPerHour int    // licenses, the rest waits for staff; 0: DefaultMaxPerHour
	Now        func() time.Time
	Random     io.Reader
	Log        *slog.Logger // nil: nothing is logged
}

// DefaultMaxPerHour is how many licenses an Activator signs in an hour.
const DefaultMaxPerHour = 100

// Activator answers requests and releases with no person who looks at them. What a request
// says is all that tells who has sent it: anybody may. It may be used by many goroutines at
// once; several processes may have one on the same ledger.
type Activator struct {
	s       *Service
	o       ActivatorOptions
	guesses guesses
	desk    deskKey
	asking  chan *asking
	in      chan *activation
	late    chan Queued // put into the queue after their answer
	closed  chan closedInvoice
	closing chan struct{}
	close   sync.Once
	done    sync.WaitGroup
	coming  atomic.Int64 // requests that may be on their way to be signed
	groups  atomic.Int64 // that were asked about
	arrived chan struct{}
	signing atomic.Bool // a batch, since a moment ago
	idle    chan struct{}
	stats   struct{ signed, again, waits, declined, failed atomic.Int64 }
}

// Activated is what a request got.
type Activated struct {
	License []byte // the text of a license file; nil where it waits
	ID      format.ID
	Again   bool // it is on record since before

	// Where it waits for the staff.
	Waits  bool
	Number string // by which the customer asks about it; "" where nobody is told one
	Word   string // why, in one word; likewise
	Detail string // and in a sentence for the customer
	Next   string // what the customer does next

	license *ledger.License
}

// Declined says to whoever sent a statement why it gets nothing. It says nothing of what is on
// record of others.
type Declined struct {
	Rule   string // a rule, or the reason why the statement cannot be read, in one word
	Detail string
	Next   string
	cause  error
}

func (d *Declined) Error() string { return d.Detail }

// Hint returns what the customer does next.
func (d *Declined) Hint() string { return d.Next }

// Unwrap returns what was the reason, which is for staff.
func (d *Declined) Unwrap() error { return d.cause }

// ErrClosed is what a request gets that comes while the Activator closes.
var ErrClosed = hint.Errorf("the service is closing; nothing was signed").WithHint("send the same request again in a minute")

// ErrQueueFull is what a Queue returns that takes no more.
var ErrQueueFull = errors.New("too many requests wait for the staff")

// NewActivator starts an Activator. It signs nothing before the first request.
func (s *Service) NewActivator(o ActivatorOptions) *Activator {
	if o.Operator == "" {
		o.Operator = "desk"
	}
	if o.MaxPerHour == 0 {
		o.MaxPerHour = DefaultMaxPerHour
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &Activator{s: s, o: o, asking: make(chan *asking), in: make(chan *activation), late: make(chan Queued, maxLate), closed: make(chan closedInvoice, maxLate), closing: make(chan struct{}), arrived: make(chan struct{}, 1), idle: make(chan struct{}, 1)}
	a.desk = deskKey{s: s, o: &a.o}
	a.done.Go(a.askAll)
	a.done.Go(a.signAll)
	a.done.Go(a.queueLate)
	a.done.Go(a.keepAllClosed)
	return a
}

// Load loads the key, so that who may be asked for its passphrase is asked now, and which
// invoices got too many wrong claims. Its error says why there is none.
func (a *Activator) Load(ctx context.Context) error {
	if a.o.Queue != nil {
		closed, err := a.o.Queue.Closed(ctx, a.o.Now())
		if err != nil {
			return err
		}
		a.guesses.remember(closed)
	}
	if _, _, err := a.desk.ready(ctx, a.o.Now()); err != nil && a.desk.failed == nil {
		return err
	}
	return a.desk.failed
}

// Close ends the Activator once what it has begun is on record. A second time it does nothing.
func (a *Activator) Close() {
	a.close.Do(func() { close(a.closing) })
	a.done.Wait()
}

// ActivatorStats are for metrics: since the start, but for Load.
type ActivatorStats struct {
	Signed, Again, Waits, Declined, Failed int64
	Living, LastHour                       int // of the key; see Load
}

// Stats returns how often what was answered.
func (a *Activator) Stats() ActivatorStats {
	load := a.desk.load(a.o.Now())
	return ActivatorStats{a.stats.signed.Load(), a.stats.again.Load(), a.stats.waits.Load(), a.stats.declined.Load(), a.stats.failed.Load(), load.Living, load.LastHour}
}

func (a *Activator) operation() ledger.Operation {
	return ledger.Operation{Operator: a.o.Operator, Now: a.o.Now(), Random: a.o.Random, Automatic: true}
}

// Activate answers a request with its license, or says that it waits. The same request again
// gets the newest license of its site. The error is a *Declined where it gets none; any other
// error is the service's own trouble, and the same request may be sent again.
func (a *Activator) Activate(ctx context.Context, text []byte) (*Activated, error) {
	c := &call{text: text, arrived: a.comes()}
	defer c.arrived()
	var err error
	if c.q, err = verify.OpenRequest(text); err != nil {
		return a.count(nil, unreadable(err, "offlicense request"))
	}
	return a.count(a.activate(ctx, c))
}

// call is one request that is being answered.
type call struct {
	q       *verify.Request
	text    []byte
	arrived func() // it is where it is signed, or does not come there
}

func (a *Activator) activate(ctx context.Context, c *call) (*Activated, error) {
	now := a.o.Now()
	asked, err := a.ask(ctx, c.q)
	switch {
	case err != nil:
		return nil, err
	case asked.Recorded:
		return a.recorded(ctx, &asked.Asked, c)
	case asked.closed:
		if asked.Right {
			a.queueLater(queued(c, &rules.Waiting{Word: waitsForGuesses, Message: "too many wrong e-mail addresses were given for this invoice"}, now))
		}
		return &Activated{Waits: true, Detail: "This request waits for the vendor.", Next: "Send the same request again later."}, nil
	case !asked.Right:
		return nil, wrongClaim
	case asked.waits != nil && asked.waits.Refused:
		return nil, refusedByStaff(asked.waits)
	case asked.waits != nil:
		return a.tryAgain(ctx, asked.waits, c)
	}
	return a.sign(ctx, c)
}

// tryAgain signs a request that waits, if what it waited for has come.
func (a *Activator) tryAgain(ctx context.Context, w *Queued, c *call) (*Activated, error) {
	done, err := a.sign(ctx, c)
	if err == nil && done.License != nil {
		if err := a.o.Queue.Signed(ctx, w.Number, a.o.Operator, a.o.Now()); err != nil { // the license stands
			a.o.Log.Warn("queue", "error", err.Error())
		}
	}
	return done, err
}

// recorded answers a request that is on record, without the signer if its newest license is
// what it gets.
func (a *Activator) recorded(ctx context.Context, asked *book.Asked, c *call) (*Activated, error) {
	switch {
	case asked.Err != nil:
		return a.refused(ctx, asked.Err, c)
	case asked.Offer.License == nil:
		return a.sign(ctx, c)
	}
	return a.licensed(asked.Offer.License, true)
}

func (a *Activator) licensed(license *ledger.License, again bool) (*Activated, error) {
	file, err := a.desk.licenseTexts().Text(license)
	if err != nil {
		return nil, err
	}
	return &Activated{License: file, ID: license.ID, Again: again, license: license}, nil
}

// Carried returns the text of the codes of a license, for the way back to a console: the short
// one if there is one, else the file's.
func (a *Activator) Carried(done *Activated) (string, error) {
	short, err := a.desk.licenseTexts().Carried(done.license, LeaveOut{})
	if err != nil || short != "" {
		return short, err
	}
	raw, err := format.DecodeTextAs(done.License, format.LicenseFile)
	if err != nil {
		return "", err
	}
	return format.EncodeText(format.LicenseFile, raw), nil
}

// refused puts a request into the queue that staff may sign, and declines another one.
func (a *Activator) refused(ctx context.Context, err error, c *call) (*Activated, error) {
	waits := rules.Waits(err)
	var scope *verify.Refusal
	if waits == nil && errors.As(err, &scope) {
		waits = &rules.Waiting{Word: waitsForScope, Message: err.Error()}
	}
	if waits == nil {
		return nil, declined(err)
	}
	return a.enqueue(ctx, queued(c, waits, a.o.Now()))
}

func queued(c *call, waits *rules.Waiting, now time.Time) Queued {
	return Queued{Hash: c.q.Hash, Invoice: c.q.Invoice, Text: string(c.text), Word: waits.Word, Why: waits.Message, Asked: now}
}

func (a *Activator) enqueue(ctx context.Context, w Queued) (*Activated, error) {
	if a.o.Queue == nil {
		return nil, &Declined{w.Word, "The service may not sign this.", "Send the request file to the vendor.", nil}
	}
	known, err := a.o.Queue.Add(ctx, w)
	if err != nil {
		if errors.Is(err, ErrQueueFull) {
			return nil, &Declined{"queue", "Too many requests wait for the vendor's staff.", "Send the request file to the vendor, or try again tomorrow.", err}
		}
		return nil, err
	}
	if known.Refused {
		return nil, refusedByStaff(known)
	}
	return &Activated{Waits: true, Number: known.Number, Word: w.Word, Detail: waitText(w.Word), Next: "Send the same request again later: once it is signed, the answer is the license."}, nil
}

// count notes what was answered.
func (a *Activator) count(done *Activated, err error) (*Activated, error) {
	var no *Declined
	switch {
	case errors.As(err, &no):
		a.stats.declined.Add(1)
	case err != nil:
		a.stats.failed.Add(1)
	case done.Waits:
		a.stats.waits.Add(1)
	case done.Again:
		a.stats.again.Add(1)
	default:
		a.stats.signed.Add(1)
	}
	if err != nil {
		return nil, err
	}
	return done, nil
}

var wrongClaim = &Declined{string(ledger.RuleClaim), "Nothing was sold under this invoice to this e-mail address.",
	"Compare both with the purchase mail, and make a new request.", nil}

func refusedByStaff(w *Queued) error {
	said := w.Said
	if said == "" {
		said = "The vendor has refused this request."
	}
	return &Declined{"refused", said, "Ask the vendor; the number is " + w.Number + ".", nil}
}

// declined says a refusal to a customer; another error stays what it is.
func declined(err error) error {
	var refusal *ledger.Refusal
	if IsOfService(err) || !errors.As(err, &refusal) {
		return err
	}
	if refusal.Rule == ledger.RuleClaim {
		return wrongClaim
	}
	detail, next := refusal.CustomerSentences()
	return &Declined{string(refusal.Rule), detail, next, refusal}
}

// unreadable says of a statement that it cannot be read.
func unreadable(err error, command string) error {
	word, why := "malformed", err.Error()
	var refusal *verify.Refusal
	if errors.As(err, &refusal) {
		word = string(refusal.Reason)
	}
	if malformed, ok := errors.AsType[*format.MalformedError](err); ok {
		why = malformed.Reason()
	}
	return &Declined{word, "This cannot be read: " + why + ".", "Send what \"" + command + "\" has written, whole.", err}
}
