package counter

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	renewal = time.Minute
	dead    = 3 * time.Minute
)

// Options say where to count.
type Options struct {
	// Dir is the directory of the leases, which all processes of the product may write: one for
	// each limit that is counted.
	Dir string

	// OneProcess says that no other process counts: nothing is written, and Dir is not used.
	// False needs a directory that can be written.
	OneProcess bool

	Random io.Reader // required: names this process among others; crypto/rand.Reader
}

// Counter holds the leases of one process. It may be used by many goroutines at once.
type Counter struct {
	path  string // "": one process
	every time.Duration
	id    string

	mu      sync.Mutex
	memory  book     // of one process
	leases  []*Lease // that count, the oldest first
	most    uint64   // the limit that was given last
	renewed time.Time
}

// Lease is the place of one user.
type Lease struct {
	counter *Counter
}

// New returns a Counter that holds nothing yet. Nothing is read or written.
func New(o Options) (*Counter, error) {
	if o.Random == nil || o.Dir == "" && !o.OneProcess {
		return nil, errors.New("counter: Dir or Random is not set")
	}
	var id [16]byte
	if _, err := io.ReadFull(o.Random, id[:]); err != nil {
		return nil, err
	}
	c := &Counter{every: renewal, id: hex.EncodeToString(id[:])}
	if !o.OneProcess {
		c.path = filepath.Join(o.Dir, fileName)
	}
	return c, nil
}

var (
	// ErrNotWritable says that the directory of the leases is missing or cannot be written, so
	// that others could not be counted. The error also wraps the cause.
	ErrNotWritable = errors.New("the directory of concurrent users cannot be written")

	// ErrBusy says that others kept the file locked for two seconds.
	ErrBusy = errors.New("the record of concurrent users is locked")
)

// FullError says that there is no room for another user.
type FullError struct {
	InUse, Most uint64
	Until       time.Time // not zero: the record was damaged, and until then it is not known who is left
}

func (e *FullError) Error() string {
	if !e.Until.IsZero() {
		return fmt.Sprintf("the record of concurrent users was damaged, and nobody gets in until %s", e.Until.UTC().Format(time.RFC3339))
	}
	return fmt.Sprintf("%d of %d concurrent users are in", e.InUse, e.Most)
}

// LostError says that leases of this process are gone: it did not renew them in time, or
// somebody has struck them out, and others took the places. [Lease.Held] tells which.
type LostError struct{ Leases uint64 }

func (e *LostError) Error() string {
	return fmt.Sprintf("%d leases were not renewed in time, and others have taken their places", e.Leases)
}

// Acquire takes a place under the limit most. The error is a *[FullError] where there is none, and
// [ErrNotWritable] or [ErrBusy] where it cannot be known.
func (c *Counter) Acquire(most uint64, now time.Time) (*Lease, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.most = most
	got, state, err := c.update(uint64(len(c.leases))+1, now)
	if err != nil {
		return nil, err
	}
	lost := c.keep(got)
	if got == uint64(len(c.leases)) {
		var err error = &FullError{InUse: state.inUse(), Most: most, Until: state.unknownUntil(now)}
		if lost > 0 {
			err = errors.Join(err, &LostError{lost})
		}
		return nil, err
	}
	l := &Lease{c}
	c.leases = append(c.leases, l)
	return l, nil
}

// keep forgets the newest leases of those beyond what was got, and returns how many.
func (c *Counter) keep(got uint64) (lost uint64) {
	if have := uint64(len(c.leases)); got < have {
		lost, c.leases = have-got, c.leases[:got]
	}
	return lost
}

// Renew renews all leases of this process, which is due each minute. The error is a
// *[LostError] where others have taken places of it.
func (c *Counter) Renew(now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.renew(now)
}

func (c *Counter) renew(now time.Time) error {
	got, _, err := c.update(uint64(len(c.leases)), now)
	if err != nil {
		return err
	}
	if lost := c.keep(got); lost > 0 {
		return &LostError{lost}
	}
	return nil
}

// Release gives the place back. Of a lease that is gone, nothing happens. After an error
// the place is free at the next renewal.
func (l *Lease) Release(now time.Time) error {
	c := l.counter
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.leases, l)
	if i < 0 {
		return nil
	}
	c.leases = append(c.leases[:i:i], c.leases[i+1:]...)
	return c.renew(now)
}

// Held reports whether the lease still counts: it was not given back, is not lost, and was
// renewed in time.
func (l *Lease) Held(now time.Time) bool {
	c := l.counter
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.leases, l) && (c.path == "" || now.Sub(c.renewed) < dead)
}

// InUse returns how many users are in, of all processes.
func (c *Counter) InUse(now time.Time) (uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.memory
	if c.path != "" {
		f, err := open(c.path)
		if err != nil {
			return 0, err
		}
		defer f.Close()
		if b, err = readBook(f, now); err != nil {
			return 0, err
		}
	}
	return b.at(now, c.id).inUse(), nil
}

// Close gives all places back, as before the program ends.
func (c *Counter) Close(now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.leases) == 0 {
		return nil
	}
	c.leases = nil
	return c.renew(now)
}

// Keep renews each minute until the context is done. failed is told what went wrong.
func (c *Counter) Keep(ctx context.Context, now func() time.Time, failed func(error)) {
	ticker := time.NewTicker(c.every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := c.Renew(now()); err != nil {
				failed(err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// update records that this process wants so many places, and returns how many it got and
// the book after it.
func (c *Counter) update(want uint64, now time.Time) (got uint64, b book, err error) {
	now = now.UTC().Truncate(time.Second)
	if c.path == "" {
		c.memory, got = c.memory.with(c.id, uint64(len(c.leases)), want, c.most, now)
		return got, c.memory, nil
	}
	f, err := open(c.path)
	if err != nil {
		return 0, book{}, err
	}
	defer f.Close()
	if b, err = readBook(f, now); err != nil {
		return 0, book{}, err
	}
	b, got = b.with(c.id, uint64(len(c.leases)), want, c.most, now)
	if err := b.write(f); err != nil {
		return 0, book{}, notWritable(err)
	}
	c.renewed = now
	return got, b, nil
}
