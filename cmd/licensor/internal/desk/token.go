package desk

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// Right is what a user may do, or the bearer of a token.
type Right string

// The rights. Each is given by itself.
const (
	Read   Right = "read"
	Sell   Right = "sell"
	Sign   Right = "sign"
	Revoke Right = "revoke"
)

// Rights are all of them.
var Rights = []Right{Read, Sell, Sign, Revoke}

// Token is what a program of the vendor's shows to the service. Its text is known to that
// program alone: what is kept is a hash.
type Token struct {
	Name   string    `json:"name"`
	Rights []Right   `json:"rights"`
	Made   time.Time `json:"made"`
	By     string    `json:"by"`
}

// May reports whether the token has a right.
func (t *Token) May(r Right) bool { return slices.Contains(t.Rights, r) }

// tokenPrefix lets scanners of source code find a token that somebody has left in it.
const tokenPrefix = "olt_"

// AddToken makes a token of 256 bits, and returns its text, which nobody gets again.
func (d *Desk) AddToken(ctx context.Context, t Token, random io.Reader) (text string, err error) {
	if err := validName(t.Name); err != nil {
		return "", err
	}
	if t.Rights, err = validRights("token", t.Rights); err != nil {
		return "", err
	}
	raw := make([]byte, 32)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", err
	}
	text = tokenPrefix + base64.RawURLEncoding.EncodeToString(raw)
	hash := sha256.Sum256([]byte(text))
	err = d.db.Write(ctx, func(tx *database.Tx) error {
		var known string
		found, err := tx.Row("SELECT name FROM {in}tokens WHERE name = $1", []any{t.Name}, &known)
		switch {
		case err != nil:
			return err
		case found:
			return hint.Errorf("there is a token %q already", t.Name).WithHint("give another name, or remove it first: licensor desk token remove %s", t.Name)
		}
		_, err = tx.Exec("INSERT INTO {in}tokens (name, hash, rights, made, maker) VALUES ($1, $2, $3, $4, $5)",
			t.Name, hash[:], joined(t.Rights), t.Made.Unix(), t.By)
		return err
	})
	if err != nil {
		return "", err
	}
	return text, nil
}

// inOrder returns those of the rights that there are, each once.
func inOrder(rights []Right) (in []Right) {
	for _, r := range Rights {
		if slices.Contains(rights, r) {
			in = append(in, r)
		}
	}
	return in
}

func validRights(of string, rights []Right) ([]Right, error) {
	in := inOrder(rights)
	for _, r := range rights {
		if !slices.Contains(Rights, r) {
			return nil, hint.Errorf("there is no right %.64q", string(r)).WithHint("a %s has one or more of %s", of, joined(Rights))
		}
	}
	if len(in) == 0 {
		return nil, hint.Errorf("a %s has one or more of the rights %s", of, joined(Rights)).WithHint("name what the %s does, such as --right read --right sell", of)
	}
	return in, nil
}

func split(rights string) (list []Right) {
	for r := range strings.SplitSeq(rights, ",") {
		list = append(list, Right(r))
	}
	return list
}

func joined(rights []Right) string {
	words := make([]string, len(rights))
	for i, r := range rights {
		words[i] = string(r)
	}
	return strings.Join(words, ",")
}

const maxName = 64 // bytes

func validName(name string) error {
	if name == "" || len(name) > maxName || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return hint.Errorf("a token's name is 1 to %d of a to z, 0 to 9 and -", maxName).WithHint("name the program that uses it, such as shop")
	}
	return nil
}

// Bearer returns the token of a text, nil if there is none.
func (d *Desk) Bearer(ctx context.Context, text string) (token *Token, err error) {
	hash := sha256.Sum256([]byte(text))
	err = d.db.Read(ctx, func(t *database.Tx) error {
		return t.Rows("SELECT name, rights, made, maker FROM {in}tokens WHERE hash = $1", []any{hash[:]}, func(scan func(...any) error) error {
			token, err = scanToken(scan)
			return err
		})
	})
	return token, err
}

func scanToken(scan func(...any) error) (*Token, error) {
	t := new(Token)
	var rights string
	var made int64
	if err := scan(&t.Name, &rights, &made, &t.By); err != nil {
		return nil, err
	}
	t.Rights = split(rights)
	t.Made = time.Unix(made, 0).UTC()
	return t, nil
}

// Tokens returns all tokens, by name.
func (d *Desk) Tokens(ctx context.Context) (all []*Token, err error) {
	err = d.db.Read(ctx, func(t *database.Tx) error {
		return t.Rows("SELECT name, rights, made, maker FROM {in}tokens ORDER BY name", nil, func(scan func(...any) error) error {
			token, err := scanToken(scan)
			all = append(all, token)
			return err
		})
	})
	return all, err
}

// RemoveToken takes a token away: from then on it no longer works.
func (d *Desk) RemoveToken(ctx context.Context, name string) error {
	n, err := d.change(ctx, "DELETE FROM {in}tokens WHERE name = $1", name)
	if err == nil && n == 0 {
		return hint.Errorf("there is no token %q", name).WithHint("licensor desk token list has them all")
	}
	return err
}
