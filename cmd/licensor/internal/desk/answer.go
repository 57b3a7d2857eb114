package desk

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// Answer is what a call with an idempotency key was answered.
type Answer struct {
	Request [32]byte // SHA-256 of what was asked: the same key with another question is a mistake
	Status  int      // of HTTP; 0: it is being carried out
	Body    string
}

const (
	keepAnswers = 7 * 24 * time.Hour

	// CarryOutTime is how long a call may take. One that has taken its key for longer has
	// broken off with its process.
	CarryOutTime = 2 * time.Minute
)

// TakeKey takes a key of a token for a call that is about to be carried out: no other one gets
// it. It returns what the key was taken for before, or nil. Where the call before has broken
// off, known has the status 0 and taken is true as well: what it did may be on record.
func (d *Desk) TakeKey(ctx context.Context, token, key string, request [32]byte, now time.Time) (taken bool, known *Answer, err error) {
	err = d.db.Write(ctx, func(t *database.Tx) error {
		taken, known = false, nil
		if _, err := t.Exec("DELETE FROM {in}answers WHERE given < $1", now.Add(-keepAnswers).Unix()); err != nil {
			return err
		}
		a, hash, given := new(Answer), []byte(nil), int64(0)
		found, err := t.Row("SELECT request, status, answer, given FROM {in}answers WHERE token = $1 AND key = $2",
			[]any{token, key}, &hash, &a.Status, &a.Body, &given)
		switch copy(a.Request[:], hash); {
		case err != nil:
			return err
		case !found:
			taken = true
			_, err = t.Exec("INSERT INTO {in}answers (token, key, request, status, answer, given) VALUES ($1, $2, $3, 0, '', $4)", token, key, request[:], now.Unix())
			return err
		}
		known = a
		if a.Status == 0 && a.Request == request && now.Sub(time.Unix(given, 0)) > CarryOutTime {
			taken = true
			_, err = t.Exec("UPDATE {in}answers SET given = $3 WHERE token = $1 AND key = $2", token, key, now.Unix())
		}
		return err
	})
	return taken, known, err
}

// KeepAnswer keeps what the call was answered that has taken a key, for seven days.
func (d *Desk) KeepAnswer(ctx context.Context, token, key string, status int, body string, now time.Time) error {
	_, err := d.change(ctx, "UPDATE {in}answers SET status = $3, answer = $4, given = $5 WHERE token = $1 AND key = $2", token, key, status, body, now.Unix())
	return err
}

// FreeKey frees a key that was taken for a call that has changed nothing.
func (d *Desk) FreeKey(ctx context.Context, token, key string) error {
	_, err := d.change(ctx, "DELETE FROM {in}answers WHERE token = $1 AND key = $2 AND status = 0", token, key)
	return err
}

// ForgetAnswers removes what programs were answered that has an e-mail address in it, if there
// is a desk.
func ForgetAnswers(ctx context.Context, at home.Home, where, address string) error {
	if where != "" && !database.IsPostgres(where) {
		return nil // a copy
	}
	d, err := open(ctx, at, where, false)
	if err != nil || d == nil {
		return err
	}
	defer d.Close()
	quoted, err := json.Marshal(address)
	if err != nil {
		return err
	}
	said := strings.ToLower(string(quoted))
	return d.db.Write(ctx, func(t *database.Tx) error {
		var found [][2]string
		if err := t.Rows("SELECT token, key, answer FROM {in}answers", nil, func(scan func(...any) error) error {
			var key [2]string
			var answer string
			err := scan(&key[0], &key[1], &answer)
			if strings.Contains(strings.ToLower(answer), said) {
				found = append(found, key)
			}
			return err
		}); err != nil {
			return err
		}
		for _, key := range found {
			if _, err := t.Exec("DELETE FROM {in}answers WHERE token = $1 AND key = $2", key[0], key[1]); err != nil {
				return err
			}
		}
		return nil
	})
}
