package ledgertest

import (
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
	"github.com/offlicense/offlicense/verify"
)

// Drive has so many clients do n things, one after the other each, and returns how long all
// took, and each, the fastest first.
func Drive(clients, n int, do func(i int) error, t testing.TB) (time.Duration, []time.Duration) {
	var next atomic.Int64
	var wait sync.WaitGroup
	took := make([]time.Duration, n)
	start := time.Now()
	for range clients {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				start := time.Now()
				if err := do(int(i)); err != nil {
					t.Error(err)
					return
				}
				took[i] = time.Since(start)
			}
		})
	}
	wait.Wait()
	all := time.Since(start)
	slices.Sort(took)
	return all, took
}

// Bare is what a service does at least: it checks a request, signs, checks what it has signed, and
// commits the same rows as the ledger in groups, with no rule and nothing read.
type Bare struct {
	testing.TB
	db      *sql.DB
	tables  []bareTable
	key     ed25519.PrivateKey
	in      chan bareRows
	done    sync.WaitGroup
	prepare map[string]*sql.Stmt
	dollar  bool
	most    int
}

type bareTable struct {
	name string
	rows [][]any
	per  int // rows of one license
}

type bareRows struct {
	i    int
	done chan error
}

// NewBare takes the rows of another ledger behind its first events, which sold, and the empty
// tables of its own. It commits so many licenses at once, at most.
func NewBare(t testing.TB, own, from string, sold, most int) *Bare {
	b := &Bare{TB: t, most: most, in: make(chan bareRows), prepare: make(map[string]*sql.Stmt), dollar: database.IsPostgres(from)}
	source := Raw(t, from)
	for _, name := range []string{"events", "log", "activations", "licenses"} {
		rows, err := source.Query("SELECT * FROM " + name)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		table := bareTable{name: name, per: 1}
		for rows.Next() {
			row := make([]any, len(columns))
			into := make([]any, len(columns))
			for i := range row {
				into[i] = &row[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			table.rows = append(table.rows, row)
		}
		rows.Close()
		switch name {
		case "events":
			table.rows = table.rows[sold:]
		case "log":
			table.rows, table.per = table.rows[2*sold:], 2
		}
		b.tables = append(b.tables, table)
	}
	if !database.IsPostgres(own) {
		db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(own)+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=trusted_schema(OFF)")
		if err != nil {
			t.Fatal(err)
		}
		b.db = db
	} else {
		b.db = Raw(t, own)
	}
	for _, table := range b.tables {
		if _, err := b.db.Exec("DELETE FROM " + table.name); err != nil {
			t.Fatal(err)
		}
	}
	_, b.key, _ = ed25519.GenerateKey(rand.Reader)
	b.done.Go(b.commit)
	return b
}

// Close waits until all is committed.
func (b *Bare) Close() {
	close(b.in)
	b.done.Wait()
	b.db.Close()
}

// Activate answers the request whose license the other ledger has as number i.
func (b *Bare) Activate(text []byte, i int) error {
	q, err := verify.OpenRequest(text)
	if err != nil {
		return err
	}
	signature := ed25519.Sign(b.key, q.Body)
	if !ed25519.Verify(b.key.Public().(ed25519.PublicKey), q.Body, signature) {
		return fmt.Errorf("a wrong signature")
	}
	one := bareRows{i, make(chan error, 1)}
	b.in <- one
	return <-one.done
}

func (b *Bare) commit() {
	for one := range b.in {
		group := []bareRows{one}
	gather:
		for len(group) < b.most {
			select {
			case one, open := <-b.in:
				if !open {
					break gather
				}
				group = append(group, one)
			default:
				break gather
			}
		}
		err := b.write(group)
		for _, one := range group {
			one.done <- err
		}
	}
}

func (b *Bare) write(group []bareRows) error {
	tx, err := b.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, table := range b.tables {
		var rows [][]any
		for _, one := range group {
			for i := range table.per {
				if at := one.i*table.per + i; at < len(table.rows) {
					rows = append(rows, table.rows[at])
				}
			}
		}
		for len(rows) > 0 {
			for _, n := range [...]int{64, 8, 1} {
				for len(rows) >= n {
					if err := b.insert(tx, table.name, rows[:n]); err != nil {
						return fmt.Errorf("%s: %w", table.name, err)
					}
					rows = rows[n:]
				}
			}
		}
	}
	return tx.Commit()
}

func (b *Bare) insert(tx *sql.Tx, table string, rows [][]any) error {
	width := len(rows[0])
	key := fmt.Sprint(table, len(rows))
	stmt := b.prepare[key]
	if stmt == nil {
		place := 0
		tuples := make([]string, len(rows))
		for i := range tuples {
			places := make([]string, width)
			for j := range places {
				place++
				places[j] = "?"
				if b.dollar {
					places[j] = fmt.Sprint("$", place)
				}
			}
			tuples[i] = "(" + strings.Join(places, ", ") + ")"
		}
		var err error
		if stmt, err = b.db.Prepare("INSERT INTO " + table + " VALUES " + strings.Join(tuples, ", ")); err != nil {
			return err
		}
		b.prepare[key] = stmt
	}
	_, err := tx.Stmt(stmt).Exec(slices.Concat(rows...)...)
	return err
}
