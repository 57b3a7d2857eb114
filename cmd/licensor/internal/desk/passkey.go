package desk

import (
	"context"
	"io"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// Passkey is one of a user's.
type Passkey struct {
	ID       []byte // the authenticator's own
	User     string
	Label    string // as the user calls it
	Key      []byte // COSE_Key
	Counter  uint32 // of its signatures; always 0 where it has none
	Backable bool   // it may be copied to other devices of its owner
	Made     time.Time
	Used     time.Time // last; zero for never
}

// MaxPasskeys is how many one user has at most.
const MaxPasskeys = 20

// AddPasskey keeps a new one of a user, who has lost nothing since they were read.
func (d *Desk) AddPasskey(ctx context.Context, by *User, p Passkey) error {
	p.User = by.Name
	return d.db.Write(ctx, func(t *database.Tx) error {
		u, err := user(t, p.User)
		if err != nil {
			return err
		}
		if u == nil || u.Disabled || u.Term != by.Term {
			return hint.Errorf("what %s may do was changed meanwhile", p.User).WithHint("sign in again")
		}
		own, err := passkeys(t, "name = $1", p.User)
		if err != nil {
			return err
		}
		if len(own) >= MaxPasskeys {
			return hint.Errorf("there are %d passkeys already", MaxPasskeys).WithHint("remove one that is not used any more")
		}
		known, err := passkeys(t, "id = $1", p.ID)
		if err != nil {
			return err
		}
		if len(known) > 0 {
			return hint.Errorf("this passkey is known already").WithHint("sign in with it, or choose another device")
		}
		_, err = t.Exec("INSERT INTO {in}passkeys (id, name, label, key, counter, backable, made, used) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)",
			p.ID, p.User, p.Label, p.Key, int64(p.Counter), whether(p.Backable), p.Made.Unix())
		return err
	})
}

// Passkeys returns those of a user, the oldest first.
func (d *Desk) Passkeys(ctx context.Context, user string) ([]*Passkey, error) {
	return read(ctx, d, func(t *database.Tx) ([]*Passkey, error) { return passkeys(t, "name = $1", user) })
}

// Passkey returns the one of an id, nil if there is none.
func (d *Desk) Passkey(ctx context.Context, id []byte) (*Passkey, error) {
	found, err := read(ctx, d, func(t *database.Tx) ([]*Passkey, error) { return passkeys(t, "id = $1", id) })
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// UsePasskey counts a signature of a passkey. Where it has a counter that has not gone on, some
// device has a copy of it: good is false, and nothing is counted.
func (d *Desk) UsePasskey(ctx context.Context, id []byte, counter uint32, now time.Time) (good bool, err error) {
	n, err := d.change(ctx, "UPDATE {in}passkeys SET counter = $2, used = $3 WHERE id = $1 AND (counter < $2 OR counter = 0 AND $2 = 0)", id, int64(counter), now.Unix())
	return n == 1, err
}

// RemovePasskey takes a passkey of a user away.
func (d *Desk) RemovePasskey(ctx context.Context, user string, id []byte) error {
	n, err := d.change(ctx, "DELETE FROM {in}passkeys WHERE name = $1 AND id = $2", user, id)
	if err == nil && n == 0 {
		return hint.Errorf("there is no such passkey of %s", user).WithHint("load the page again: it was removed already")
	}
	return err
}

func passkeys(t *database.Tx, where string, value any) (all []*Passkey, err error) {
	err = t.Rows("SELECT id, name, label, key, counter, backable, made, used FROM {in}passkeys WHERE "+where+" ORDER BY made, id", []any{value}, func(scan func(...any) error) error {
		p := new(Passkey)
		var counter, backable, made, used int64
		if err := scan(&p.ID, &p.User, &p.Label, &p.Key, &counter, &backable, &made, &used); err != nil {
			return err
		}
		p.Counter, p.Backable, p.Made = uint32(counter), backable != 0, time.Unix(made, 0).UTC()
		if used != 0 {
			p.Used = time.Unix(used, 0).UTC()
		}
		all = append(all, p)
		return nil
	})
	return all, err
}

func whether(is bool) int {
	if is {
		return 1
	}
	return 0
}

// Handle is what authenticators keep of a user: it is random, for a name that is hashed can be
// guessed (section 14.6.1 of Web Authentication). It is made when it is asked for first, and stays.
func (d *Desk) Handle(ctx context.Context, name string, random io.Reader) (handle []byte, err error) {
	read := func(t *database.Tx) error {
		_, err := t.Row("SELECT handle FROM {in}handles WHERE name = $1", []any{name}, &handle)
		return err
	}
	if err := d.db.Read(ctx, read); err != nil || handle != nil {
		return handle, err
	}
	err = d.db.Write(ctx, func(t *database.Tx) error {
		if err := read(t); err != nil || handle != nil {
			return err
		}
		handle = make([]byte, 32)
		if _, err := io.ReadFull(random, handle); err != nil {
			return err
		}
		_, err := t.Exec("INSERT INTO {in}handles (name, handle) VALUES ($1, $2)", name, handle)
		return err
	})
	if err != nil {
		return nil, err
	}
	return handle, nil
}
