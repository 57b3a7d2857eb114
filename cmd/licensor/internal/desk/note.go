package desk

import (
	"context"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// What is noted of the care that the ledger gets.
const (
	NoteAudit      = "audit"
	NoteBackup     = "backup"
	NoteCheckpoint = "checkpoint"
)

// Note says when something was last done with the ledger, so that the desk's pages can tell.
// It proves nothing: who can write to the desk can write this.
type Note struct {
	About string
	At    time.Time
	Said  string // what came of it, in a few words
	Good  bool
}

// Leave leaves a note on the desk of a home, in place of the one before it; where there is no
// desk, nowhere.
func Leave(ctx context.Context, at home.Home, where string, n Note) error {
	if where != "" && !database.IsPostgres(where) {
		return nil // a copy
	}
	if at.Closed() != nil {
		return nil // the ledger has moved away
	}
	d, err := open(ctx, at, where, false)
	if err != nil || d == nil {
		return err
	}
	defer d.Close()
	good := 0
	if n.Good {
		good = 1
	}
	return d.db.Write(ctx, func(t *database.Tx) error {
		if _, err := t.Exec("DELETE FROM {in}notes WHERE about = $1", n.About); err != nil {
			return err
		}
		_, err := t.Exec("INSERT INTO {in}notes (about, at, said, good) VALUES ($1, $2, $3, $4)", n.About, n.At.Unix(), n.Said, good)
		return err
	})
}

// Notes returns all notes, by what they are about.
func (d *Desk) Notes(ctx context.Context) (map[string]Note, error) {
	all := make(map[string]Note)
	err := d.db.Read(ctx, func(t *database.Tx) error {
		return t.Rows("SELECT about, at, said, good FROM {in}notes", nil, func(scan func(...any) error) error {
			var n Note
			var at, good int64
			err := scan(&n.About, &at, &n.Said, &good)
			n.At, n.Good = time.Unix(at, 0).UTC(), good != 0
			all[n.About] = n
			return err
		})
	})
	return all, err
}
