package desk

import (
	"context"
	"encoding/base32"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// State is how a request that waited stands.
type State string

// The states.
const (
	Waits   State = "waiting"
	Signed  State = "signed"  // by the staff; the license is on record in the ledger
	Refused State = "refused" // by the staff, who said why
)

// Waiting is a request that waits for the staff, or did.
type Waiting struct {
	Number  string    `json:"number"` // by which the customer asks about it
	Hash    [32]byte  `json:"-"`      // SHA-256 of the request's body
	Invoice string    `json:"invoice"`
	Request string    `json:"request"` // its text
	Word    string    `json:"word"`    // why it waits, in one word
	Why     string    `json:"why"`     // and in a sentence, for the staff
	Asked   time.Time `json:"asked"`   // first
	State   State     `json:"state"`
	Said    string    `json:"said,omitempty"` // what the staff told the customer
	By      string    `json:"by,omitempty"`   // who has settled it
	At      time.Time `json:"at,omitzero"`    // when
}

// The queue is bounded, so that a flood fills no disk and hides no customer.
const (
	MaxWaiting      = 10_000 // of all invoices
	MaxWaitingOfOne = 20     // of one invoice
	keepSettled     = 90 * 24 * time.Hour
	numberBytes     = 5
	pageOfWaiting   = 50
	MaxSaid         = 500 // bytes of what is told to a customer
)

// ErrFull says that the queue takes no more.
var ErrFull = hint.Errorf("too many requests wait for the vendor's staff").WithHint("send the request file by mail instead, or try again tomorrow")

// Add puts a request into the queue, and returns its number. The same request again gets the
// number that it has, unless it was settled long ago, and says why it waits now. One that was signed
// before, and has to be signed once more, waits again.
func (d *Desk) Add(ctx context.Context, w Waiting, random io.Reader) (*Waiting, error) {
	raw := make([]byte, numberBytes)
	if _, err := io.ReadFull(random, raw); err != nil {
		return nil, err
	}
	text := base32.StdEncoding.EncodeToString(raw)
	w.Number, w.State = text[:4]+"-"+text[4:], Waits
	known := &w
	err := d.db.Write(ctx, func(t *database.Tx) error {
		found, err := find(t, "hash = $1", w.Hash[:])
		if err != nil {
			return err
		}
		again := found != nil && found.State == Signed && !found.At.After(w.Asked)
		if found != nil && !again {
			known = found
			if found.State != Waits || found.Word == w.Word && found.Why == w.Why {
				return nil
			}
			found.Word, found.Why = w.Word, w.Why
			_, err := t.Exec("UPDATE {in}waiting SET word = $2, why = $3 WHERE number = $1", found.Number, w.Word, w.Why)
			return err
		}
		if _, err := t.Exec("DELETE FROM {in}waiting WHERE state <> 'waiting' AND settled < $1", w.Asked.Add(-keepSettled).Unix()); err != nil {
			return err
		}
		var all, own int
		if _, err := t.Row("SELECT count(*), coalesce(sum(CASE WHEN invoice = $1 THEN 1 ELSE 0 END), 0) FROM {in}waiting WHERE state = 'waiting'", []any{w.Invoice}, &all, &own); err != nil {
			return err
		}
		if all >= MaxWaiting || own >= MaxWaitingOfOne {
			return ErrFull
		}
		if again {
			w.Number = found.Number
			if _, err := t.Exec("DELETE FROM {in}waiting WHERE number = $1", found.Number); err != nil {
				return err
			}
		}
		_, err = t.Exec("INSERT INTO {in}waiting (number, hash, invoice, request, word, why, asked, state, said, settler, settled) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', 0)",
			w.Number, w.Hash[:], w.Invoice, w.Request, w.Word, w.Why, w.Asked.Unix(), string(Waits))
		return err
	})
	if err != nil {
		return nil, err
	}
	return known, nil
}

const columns = "number, hash, invoice, request, word, why, asked, state, said, settler, settled"

func scanWaiting(scan func(...any) error) (*Waiting, error) {
	w := new(Waiting)
	var hash []byte
	var asked, settled int64
	if err := scan(&w.Number, &hash, &w.Invoice, &w.Request, &w.Word, &w.Why, &asked, &w.State, &w.Said, &w.By, &settled); err != nil {
		return nil, err
	}
	copy(w.Hash[:], hash)
	w.Asked = time.Unix(asked, 0).UTC()
	if settled != 0 {
		w.At = time.Unix(settled, 0).UTC()
	}
	return w, nil
}

// find returns one, nil if there is none.
func find(t *database.Tx, where string, values ...any) (w *Waiting, err error) {
	err = t.Rows("SELECT "+columns+" FROM {in}waiting WHERE "+where, values, func(scan func(...any) error) error {
		w, err = scanWaiting(scan)
		return err
	})
	return w, err
}

// OfRequests returns what became of requests, by their hashes; those that never waited are
// missing.
func (d *Desk) OfRequests(ctx context.Context, hashes ...[32]byte) (map[[32]byte]*Waiting, error) {
	of := make(map[[32]byte]*Waiting)
	values := make([]any, len(hashes))
	for i, hash := range hashes {
		values[i] = hash[:]
	}
	err := d.db.Read(ctx, func(t *database.Tx) error {
		return t.RowsIn("SELECT "+columns+" FROM {in}waiting WHERE hash IN (%s)", values, func(scan func(...any) error) error {
			w, err := scanWaiting(scan)
			if err == nil {
				of[w.Hash] = w
			}
			return err
		})
	})
	return of, err
}

// Numbered returns the request of a number, in whatever case, and with or without its dash.
func (d *Desk) Numbered(ctx context.Context, number string) (w *Waiting, err error) {
	w, err = read(ctx, d, func(t *database.Tx) (*Waiting, error) { return numbered(t, number) })
	if err == nil && w == nil {
		err = hint.Errorf("no request has the number %q", number).WithHint("licensor queue list has those that wait")
	}
	return w, err
}

func numbered(t *database.Tx, number string) (*Waiting, error) {
	form := strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(number))
	if half := len(form) / 2; half > 0 {
		form = form[:half] + "-" + form[half:]
	}
	return find(t, "number = $1", form)
}

// Find returns the request of a number as Numbered takes it, or of the comparison code that the customer's tool shows;
// nil if there is none.
func (d *Desk) Find(ctx context.Context, of string) (w *Waiting, err error) {
	err = d.db.Read(ctx, func(t *database.Tx) (err error) {
		if w, err = numbered(t, of); err != nil || w != nil {
			return err
		}
		if first, last, is := ledger.HashesOf(of); is {
			w, err = find(t, "hash >= $1 AND hash <= $2", first, last)
		}
		return err
	})
	return w, err
}

// List returns one page of those in a state, the oldest first, behind the one that is named.
func (d *Desk) List(ctx context.Context, state State, behind *Waiting) (page []*Waiting, err error) {
	var asked int64
	var number string
	if behind != nil {
		asked, number = behind.Asked.Unix(), behind.Number
	}
	err = d.db.Read(ctx, func(t *database.Tx) error {
		return t.Rows(fmt.Sprintf("SELECT "+columns+" FROM {in}waiting WHERE state = $1 AND (asked > $2 OR asked = $2 AND number > $3) ORDER BY asked, number LIMIT %d", pageOfWaiting),
			[]any{string(state), asked, number}, func(scan func(...any) error) error {
				w, err := scanWaiting(scan)
				page = append(page, w)
				return err
			})
	})
	return page, err
}

// Count returns how many wait.
func (d *Desk) Count(ctx context.Context) (int, error) {
	return read(ctx, d, func(t *database.Tx) (n int, err error) {
		_, err = t.Row("SELECT count(*) FROM {in}waiting WHERE state = 'waiting'", nil, &n)
		return n, err
	})
}

// Settle says what became of a request. A second time is refused: two of the staff have
// looked at it. But what was refused may be signed.
func (d *Desk) Settle(ctx context.Context, number string, state State, said, by string, now time.Time) error {
	if len(said) > MaxSaid {
		return hint.Errorf("what the customer is told is longer than %d bytes", MaxSaid)
	}
	return d.db.Write(ctx, func(t *database.Tx) error {
		n, err := t.Exec("UPDATE {in}waiting SET state = $2, said = $3, settler = $4, settled = $5 WHERE number = $1 AND (state = 'waiting' OR state = 'refused' AND $2 = 'signed')",
			number, string(state), said, by, now.Unix())
		if err != nil || n == 1 {
			return err
		}
		w, err := find(t, "number = $1", number)
		switch {
		case err != nil:
			return err
		case w == nil:
			return hint.Errorf("no request has the number %q", number).WithHint("licensor queue list has those that wait")
		}
		return hint.Errorf("request %s was %s by %s", number, w.State, w.By).WithHint("licensor queue list has those that wait")
	})
}

// SettleSigned says that a request is signed, unless that is noted already; w is as it is then.
func (d *Desk) SettleSigned(ctx context.Context, w *Waiting, by string, now time.Time) error {
	err := d.Settle(ctx, w.Number, Signed, "", by, now)
	if is, gone := d.Numbered(ctx, w.Number); gone == nil && is.State == Signed {
		*w = *is
		return nil
	}
	return err
}
