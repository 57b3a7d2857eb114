package desk

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// LinkTime is how long a link that signs in is good for.
const LinkTime = 10 * time.Minute

// MakeLink makes the secret of a link with which a user signs in once, 256 bits. It replaces
// the one before. What is kept is a hash.
func (d *Desk) MakeLink(ctx context.Context, name string, now time.Time, random io.Reader) (secret string, err error) {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", err
	}
	secret = base64.RawURLEncoding.EncodeToString(raw)
	hash := sha256.Sum256([]byte(secret))
	err = d.db.Write(ctx, func(t *database.Tx) error {
		switch u, err := user(t, name); {
		case err != nil:
			return err
		case u == nil:
			return hint.Errorf("there is no user %.64q", name).WithHint("name who signs in with --operator; licensor desk user add NAME --right read,sell adds one")
		case u.Disabled:
			return hint.Errorf("the user %s is disabled", name).WithHint("licensor desk user add %s --right %s enables it", name, joined(u.Rights))
		}
		if _, err := t.Exec("DELETE FROM {in}links WHERE name = $1", name); err != nil {
			return err
		}
		_, err := t.Exec("INSERT INTO {in}links (name, hash, made, used) VALUES ($1, $2, $3, 0)", name, hash[:], now.Unix())
		return err
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

const another = "ask for another one at the vendor's workstation: licensor desk login --operator NAME"

// Link returns who signs in with the secret of a link, and uses nothing up.
func (d *Desk) Link(ctx context.Context, secret string, now time.Time) (*User, error) {
	return read(ctx, d, func(t *database.Tx) (*User, error) { return linked(t, secret, now) })
}

// UseLink is Link, and the link is used then: of two at the same moment one gets in. A text that
// is no secret holds up nobody who writes.
func (d *Desk) UseLink(ctx context.Context, secret string, now time.Time) (u *User, err error) {
	if _, err := d.Link(ctx, secret, now); err != nil {
		return nil, err
	}
	err = d.db.Write(ctx, func(t *database.Tx) error {
		if u, err = linked(t, secret, now); err != nil {
			return err
		}
		_, err = t.Exec("UPDATE {in}links SET used = $2 WHERE name = $1", u.Name, now.Unix())
		return err
	})
	if err != nil {
		return nil, err
	}
	return u, nil
}

func linked(t *database.Tx, secret string, now time.Time) (*User, error) {
	hash := sha256.Sum256([]byte(secret))
	var name string
	var made, used int64
	found, err := t.Row("SELECT name, made, used FROM {in}links WHERE hash = $1", []any{hash[:]}, &name, &made, &used)
	age := now.Sub(time.Unix(made, 0))
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, hint.Errorf("this link is none, or a newer one has replaced it").WithHint(another)
	case used != 0:
		return nil, hint.Errorf("this link was used at %s", time.Unix(used, 0).UTC().Format("2006-01-02 15:04 UTC")).WithHint(another)
	case age > LinkTime || age < -LinkTime:
		return nil, hint.Errorf("this link is older than %d minutes", LinkTime/time.Minute).WithHint(another)
	}
	u, err := user(t, name)
	if err == nil && (u == nil || u.Disabled) {
		err = hint.Errorf("this link is none, or a newer one has replaced it").WithHint(another)
	}
	return u, err
}

// SetOrigin keeps under which address the staff's site is reached, for links to it.
func (d *Desk) SetOrigin(ctx context.Context, origin string) error {
	return d.db.Write(ctx, func(t *database.Tx) error {
		if _, err := t.Exec("DELETE FROM {in}served"); err != nil {
			return err
		}
		_, err := t.Exec("INSERT INTO {in}served (one, origin) VALUES (1, $1)", origin)
		return err
	})
}

// Origin returns what was kept last, empty for nothing.
func (d *Desk) Origin(ctx context.Context) (string, error) {
	return read(ctx, d, func(t *database.Tx) (origin string, err error) {
		_, err = t.Row("SELECT origin FROM {in}served", nil, &origin)
		return origin, err
	})
}
