package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Operation is who changes the ledger, when and why.
type Operation struct {
	Operator string
	Now      time.Time
	Why      string    // empty where no reason is asked for
	Random   io.Reader // for new ids
}

// action is what an event says was done.
type action string

const (
	actionEntitle action = "entitle"
	actionSign    action = "sign"
)

// clockTolerance is how far the clocks of two workstations may be apart.
const clockTolerance = time.Hour

// change runs f in a transaction that commits durably if f returns nil.
func (l *Ledger) change(ctx context.Context, by Operation, f func(tx *sql.Tx) error) error {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return l.explain(err)
	}
	defer tx.Rollback()
	if err := checkClock(ctx, tx, by.Now); err != nil {
		return l.explain(err)
	}
	if err := f(tx); err != nil {
		return l.explain(err)
	}
	return l.explain(tx.Commit())
}

// checkClock refuses a workstation whose clock is behind the newest record: its
// licenses would begin in the past and their records would be out of order.
func checkClock(ctx context.Context, q querier, now time.Time) error {
	var newest int64
	err := q.QueryRowContext(ctx, "SELECT time FROM events ORDER BY seq DESC LIMIT 1").Scan(&newest)
	if err != nil && err != sql.ErrNoRows {
		return err
	}
	if recorded := time.Unix(newest, 0); now.Add(clockTolerance).Before(recorded) {
		return &Error{
			Message: fmt.Sprintf("the clock of this workstation says %s, and the ledger has a record of %s",
				now.UTC().Format(time.RFC3339), recorded.UTC().Format(time.RFC3339)),
			Next: "set the clock and try again; nothing was changed",
		}
	}
	return nil
}

// record appends an event. Its detail is the effect in full, so that the tables can be
// made again from the events alone.
func record(ctx context.Context, tx *sql.Tx, by Operation, a action, invoice, activation string, detail any) error {
	encoded, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO events (time, operator, action, invoice, activation, why, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		by.Now.Unix(), by.Operator, a, invoice, activation, by.Why, string(encoded))
	return err
}
