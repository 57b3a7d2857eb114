// Package service is what a vendor's staff can do, without a terminal: commands call it,
// and so could the handler of a web page. It prints nothing, asks nothing and reads no
// clock. What it needs from its caller comes as a value or as a function; what does not
// stop the work is told to Options.Warn. An error that a person can mend has a hint, see
// package hint; one of the file system comes as it is.
package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// Service is a vendor's home with its ledger.
type Service struct {
	home   home.Home
	ledger *ledger.Ledger
	Options
}

// Options are what the service takes from its surroundings.
type Options struct {
	Random      io.Reader
	AgentSocket string       // where the running ssh-agent listens; empty: there is none
	Warn        func(string) // what a person should know and what stops nothing
	Flags       string       // what a printed command needs to find the home, " --home DIR" or nothing
}

func (o *Options) warnf(format string, args ...any) { o.Warn(fmt.Sprintf(format, args...)) }

// Mode says what a ledger is opened for.
type Mode int

// The modes.
const (
	ToRead   Mode = iota
	ToChange      // an older ledger is brought up to date
	ToAudit       // nothing that the ledger says of itself is believed
	AsIs          // an older ledger stays as it is
)

// Open opens the ledger of a home. where is a database or a copy that Backup made, empty
// for the file in the home.
func Open(ctx context.Context, at home.Home, where string, mode Mode, o Options) (*Service, error) {
	if where == "" {
		where = at.LedgerFile()
	}
	open := map[Mode]func(context.Context, string) (*ledger.Ledger, error){
		ToRead: ledger.OpenToRead, ToChange: ledger.Open, ToAudit: ledger.OpenToAudit, AsIs: ledger.OpenAsIs,
	}[mode]
	l, err := open(ctx, where)
	if err != nil {
		return nil, err
	}
	return &Service{at, l, o}, nil
}

// OpenIfPresent is Open to read where there may be no ledger, as on the machine of the
// root key: nil where the home has none and no database is named.
func OpenIfPresent(ctx context.Context, at home.Home, where string, o Options) (*Service, error) {
	if where == "" {
		if _, err := os.Stat(at.LedgerFile()); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
	}
	return Open(ctx, at, where, ToRead, o)
}

// Close closes the ledger. It may be called twice.
func (s *Service) Close() error { return s.ledger.Close() }

// Vendor returns whose ledger it is.
func (s *Service) Vendor() string { return s.ledger.Vendor() }

// IsDatabase tells the address of a database from the path of a file.
func IsDatabase(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}

// IsCopy tells a file that Backup made from where a ledger lives: the file in the home,
// which is empty here, or a database.
func IsCopy(where string) bool { return where != "" && !IsDatabase(where) }
