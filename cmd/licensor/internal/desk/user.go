package desk

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// User is one of the staff who signs in with a browser. The operator of what they do is their
// name.
type User struct {
	Name     string    `json:"name"`
	Rights   []Right   `json:"rights"`
	Disabled bool      `json:"disabled"`
	Changed  time.Time `json:"changed"` // last
	By       string    `json:"by"`      // who has changed it

	// Term counts how often the user was disabled or lost a right: who signed in before that
	// signs in again.
	Term int64 `json:"-"`
}

// May reports whether the user has a right.
func (u *User) May(r Right) bool { return !u.Disabled && slices.Contains(u.Rights, r) }

// With returns the user's rights and one more, as --right takes them.
func (u *User) With(r Right) string { return joined(inOrder(append(slices.Clone(u.Rights), r))) }

// CheckUserName refuses what is no name of a user.
func CheckUserName(name string) error {
	if name == "" || len(name) > maxName || strings.Trim(name[:1], "._@-") == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._@-") != "" {
		return hint.Errorf("a user's name is 1 to %d of a to z, 0 to 9, and . _ @ - behind the first", maxName).WithHint("name the person, such as anna or anna@acme.example")
	}
	return nil
}

// AddUser adds a user, or gives one that there is other rights and enables it. known is the user
// before, nil if there was none.
func (d *Desk) AddUser(ctx context.Context, u User) (known *User, err error) {
	if err := CheckUserName(u.Name); err != nil {
		return nil, err
	}
	rights, err := validRights("user", u.Rights)
	if err != nil {
		return nil, err
	}
	err = d.changeUser(ctx, u.Name, func(t *database.Tx, was *User) (now *User, err error) {
		known = was
		now = &User{Name: u.Name, Rights: rights, Changed: u.Changed, By: u.By}
		if was != nil {
			now.Term = was.Term
		}
		return now, nil
	})
	return known, err
}

// DisableUser ends the sessions of a user, who signs in no more, and forgets their passkeys; their
// name stays.
func (d *Desk) DisableUser(ctx context.Context, name, by string, at time.Time) error {
	return d.changeUser(ctx, name, func(_ *database.Tx, was *User) (*User, error) {
		if was == nil {
			return nil, noUser(name)
		}
		now := *was
		now.Disabled, now.Changed, now.By = true, at, by
		return &now, nil
	})
}

func noUser(name string) error {
	return hint.Errorf("there is no user %.64q", name).WithHint("licensor desk user list has them all; licensor desk user add NAME --right read,sell adds one")
}

// changeUser changes a user, nil before for one that there is not. Somebody who may revoke
// stays. Whoever loses a right is signed out, and their link no longer works.
func (d *Desk) changeUser(ctx context.Context, name string, change func(t *database.Tx, was *User) (*User, error)) error {
	return d.db.Write(ctx, func(t *database.Tx) error {
		all, err := users(t, "")
		if err != nil {
			return err
		}
		var was *User
		others := false
		for _, u := range all {
			if u.Name == name {
				was = u
			} else if u.May(Revoke) {
				others = true
			}
		}
		now, err := change(t, was)
		if err != nil {
			return err
		}
		if was == nil {
			_, err = t.Exec("INSERT INTO {in}users (name, rights, disabled, term, changed, changer) VALUES ($1, $2, 0, 0, $3, $4)",
				now.Name, joined(now.Rights), now.Changed.Unix(), now.By)
			return err
		}
		if was.May(Revoke) && !now.May(Revoke) && !others {
			return hint.Errorf("%s is the last one who may revoke", name).WithHint("give the right to somebody else first: licensor desk user add NAME --right %s", joined(Rights))
		}
		if slices.ContainsFunc(was.Rights, func(r Right) bool { return was.May(r) && !now.May(r) }) {
			now.Term++
			if _, err := t.Exec("DELETE FROM {in}links WHERE name = $1", name); err != nil {
				return err
			}
		}
		if now.Disabled { // a device that was lost lets nobody in when the user is enabled again
			if _, err := t.Exec("DELETE FROM {in}passkeys WHERE name = $1", name); err != nil {
				return err
			}
		}
		_, err = t.Exec("UPDATE {in}users SET rights = $2, disabled = $3, term = $4, changed = $5, changer = $6 WHERE name = $1",
			name, joined(now.Rights), whether(now.Disabled), now.Term, now.Changed.Unix(), now.By)
		return err
	})
}

// User returns a user, nil if there is none.
func (d *Desk) User(ctx context.Context, name string) (*User, error) {
	return read(ctx, d, func(t *database.Tx) (*User, error) { return user(t, name) })
}

func user(t *database.Tx, name string) (*User, error) {
	found, err := users(t, "WHERE name = $1", name)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// Users returns all users, by name.
func (d *Desk) Users(ctx context.Context) ([]*User, error) {
	return read(ctx, d, func(t *database.Tx) ([]*User, error) { return users(t, "") })
}

func users(t *database.Tx, where string, values ...any) (all []*User, err error) {
	err = t.Rows("SELECT name, rights, disabled, term, changed, changer FROM {in}users "+where+" ORDER BY name", values, func(scan func(...any) error) error {
		u := new(User)
		var rights string
		var disabled, changed int64
		if err := scan(&u.Name, &rights, &disabled, &u.Term, &changed, &u.By); err != nil {
			return err
		}
		u.Rights, u.Disabled, u.Changed = split(rights), disabled != 0, time.Unix(changed, 0).UTC()
		all = append(all, u)
		return nil
	})
	return all, err
}
