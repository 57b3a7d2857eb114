package desk

import (
	"context"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// Answer is what a call with an idempotency key was answered.
type Answer struct {
	Request [32]byte // SHA-256 of what was asked: the same key with another question is a mistake
	Status  int      // of HTTP
	Body    string
}

const keepAnswers = 7 * 24 * time.Hour

// AnswerOf returns what a token's call with a key was answered, nil if there was none in the last
// seven days.
func (d *Desk) AnswerOf(ctx context.Context, token, key string, now time.Time) (answer *Answer, err error) {
	err = d.db.Read(ctx, func(t *store.BesideTx) error {
		a, hash := new(Answer), []byte(nil)
		found, err := t.Row("SELECT request, status, answer FROM {in}answers WHERE token = $1 AND key = $2 AND given >= $3",
			[]any{token, key, now.Add(-keepAnswers).Unix()}, &hash, &a.Status, &a.Body)
		if copy(a.Request[:], hash); found {
			answer = a
		}
		return err
	})
	return answer, err
}

// KeepAnswer keeps what a call was answered.
func (d *Desk) KeepAnswer(ctx context.Context, token, key string, a Answer, now time.Time) error {
	return d.db.Change(ctx, func(t *store.BesideTx) error {
		if _, err := t.Exec("DELETE FROM {in}answers WHERE given < $1 OR token = $2 AND key = $3", now.Add(-keepAnswers).Unix(), token, key); err != nil {
			return err
		}
		_, err := t.Exec("INSERT INTO {in}answers (token, key, request, status, answer, given) VALUES ($1, $2, $3, $4, $5, $6)",
			token, key, a.Request[:], a.Status, a.Body, now.Unix())
		return err
	})
}
