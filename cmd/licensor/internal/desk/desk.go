// Package desk keeps what the service needs and what is no part of the ledger: the requests
// that wait for the staff, who of the staff may do what and how they sign in, the tokens of
// programs that call it, the answers that they were given, and the invoices that got too many
// wrong claims. Its SQL is here, as the ledger's is in its store; the database itself is opened
// there. It lies beside the ledger, in the file desk.db of the home or in the schema desk of the
// ledger's PostgreSQL database. Whoever loses it loses no license: what waited is asked for
// again, and new users and tokens are made.
package desk

import (
	"context"
	"errors"

	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

const schema = `
	CREATE TABLE IF NOT EXISTS {in}waiting (
		number  {text} PRIMARY KEY,
		hash    {blob} NOT NULL UNIQUE,
		invoice {text} NOT NULL,
		request {text} NOT NULL,
		word    {text} NOT NULL,
		why     {text} NOT NULL,
		asked   {int} NOT NULL,
		state   {text} NOT NULL,
		said    {text} NOT NULL,
		settler {text} NOT NULL,
		settled {int} NOT NULL
	){strict};
	CREATE INDEX IF NOT EXISTS waiting_state ON {in}waiting (state, asked, number);
	CREATE INDEX IF NOT EXISTS waiting_invoice ON {in}waiting (invoice, state);

	CREATE TABLE IF NOT EXISTS {in}tokens (
		name   {text} PRIMARY KEY,
		hash   {blob} NOT NULL UNIQUE,
		rights {text} NOT NULL,
		made   {int} NOT NULL,
		maker  {text} NOT NULL
	){strict};

	CREATE TABLE IF NOT EXISTS {in}answers (
		token   {text} NOT NULL,
		key     {text} NOT NULL,
		request {blob} NOT NULL,
		status  {int} NOT NULL,
		answer  {text} NOT NULL,
		given   {int} NOT NULL,
		PRIMARY KEY (token, key)
	){strict};

	CREATE TABLE IF NOT EXISTS {in}users (
		name     {text} PRIMARY KEY,
		rights   {text} NOT NULL,
		disabled {int} NOT NULL,
		term     {int} NOT NULL,
		changed  {int} NOT NULL,
		changer  {text} NOT NULL
	){strict};

	CREATE TABLE IF NOT EXISTS {in}links (
		name {text} PRIMARY KEY,
		hash {blob} NOT NULL UNIQUE,
		made {int} NOT NULL,
		used {int} NOT NULL
	){strict};

	CREATE TABLE IF NOT EXISTS {in}passkeys (
		id       {blob} PRIMARY KEY,
		name     {text} NOT NULL,
		label    {text} NOT NULL,
		key      {blob} NOT NULL,
		counter  {int} NOT NULL,
		backable {int} NOT NULL,
		made     {int} NOT NULL,
		used     {int} NOT NULL
	){strict};
	CREATE INDEX IF NOT EXISTS passkeys_name ON {in}passkeys (name, made);

	CREATE TABLE IF NOT EXISTS {in}handles (
		name   {text} PRIMARY KEY,
		handle {blob} NOT NULL
	){strict};

	CREATE TABLE IF NOT EXISTS {in}served (
		one    {int} PRIMARY KEY,
		origin {text} NOT NULL
	){strict};

	CREATE TABLE IF NOT EXISTS {in}notes (
		about {text} PRIMARY KEY,
		at    {int} NOT NULL,
		said  {text} NOT NULL,
		good  {int} NOT NULL
	){strict};

	CREATE TABLE IF NOT EXISTS {in}closed (
		invoice {text} PRIMARY KEY,
		until   {int} NOT NULL
	){strict};
`

// Desk is the open database.
type Desk struct{ db *database.DB }

// Open opens the desk beside the ledger of a home, which lies at where: a database, or empty
// for the file in the home. It is made where there is none.
func Open(ctx context.Context, at home.Home, where string) (*Desk, error) {
	return open(ctx, at, where, true)
}

func open(ctx context.Context, at home.Home, where string, make bool) (*Desk, error) {
	if where != "" && !database.IsPostgres(where) {
		return nil, errors.New("a copy of a ledger has no desk")
	}
	if err := at.Closed(); err != nil {
		return nil, err
	}
	db, err := database.OpenBeside(ctx, where, at.DeskFile(), "desk", schema, make)
	if err != nil || db == nil {
		return nil, err
	}
	return &Desk{db}, nil
}

// read asks for one answer.
func read[T any](ctx context.Context, d *Desk, ask func(t *database.Tx) (T, error)) (answer T, err error) {
	err = d.db.Read(ctx, func(t *database.Tx) (err error) {
		answer, err = ask(t)
		return err
	})
	return answer, err
}

// change runs one statement, and returns how many rows it has changed.
func (d *Desk) change(ctx context.Context, statement string, values ...any) (n int64, err error) {
	err = d.db.Write(ctx, func(t *database.Tx) (err error) {
		n, err = t.Exec(statement, values...)
		return err
	})
	return n, err
}

// Close closes the database.
func (d *Desk) Close() error { return d.db.Close() }
