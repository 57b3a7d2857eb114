package book_test

import (
	"bytes"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// proxy stands between a ledger and the server, and cuts one connection at a COMMIT:
// before the server has seen it, or after it has happened and before its answer is
// through.
type proxy struct {
	t     *testing.T
	armed atomic.Bool
	after bool
	cuts  atomic.Int32
}

// start returns the directory of the proxy's socket.
func (p *proxy) start() string {
	dir, err := os.MkdirTemp("", "cut")
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { os.RemoveAll(dir) })
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", filepath.Join(ledgertest.Socket(), ".s.PGSQL.5432"))
			if err != nil {
				client.Close()
				continue
			}
			go p.serve(client, server)
		}
	}()
	return dir
}

func (p *proxy) serve(client, server net.Conn) {
	var cutting atomic.Bool
	var once sync.Once
	hangUp := func() { once.Do(func() { client.Close(); server.Close() }) }
	defer hangUp()
	go func() {
		defer hangUp()
		answer := make([]byte, 64<<10)
		for {
			n, err := server.Read(answer)
			if err != nil {
				return
			}
			if cutting.Load() { // the answer to COMMIT: it has happened
				p.cuts.Add(1)
				return
			}
			if _, err := client.Write(answer[:n]); err != nil {
				return
			}
		}
	}()
	question := make([]byte, 64<<10)
	for {
		n, err := client.Read(question)
		if err != nil {
			return
		}
		if bytes.HasSuffix(question[:n], []byte("commit\x00")) && p.armed.CompareAndSwap(true, false) {
			if !p.after {
				p.cuts.Add(1)
				return
			}
			cutting.Store(true)
		}
		if _, err := server.Write(question[:n]); err != nil {
			return
		}
	}
}

func TestConnectionCutAtCommit(t *testing.T) {
	for name, after := range map[string]bool{"before the server has it": false, "before its answer is back": true} {
		t.Run(name, func(t *testing.T) {
			where := ledgertest.Postgres(t)
			ledgertest.Create(t, where)
			p := &proxy{t: t, after: after}
			address, err := url.Parse(where)
			if err != nil {
				t.Fatal(err)
			}
			query := address.Query()
			query.Set("host", p.start())
			address.RawQuery = query.Encode()
			b := ledgertest.Open(t, address.String())
			ledgertest.Sold(t, b, func(e *ledger.Entitlement) {})

			p.armed.Store(true)
			q := site(1, invoice)
			license, err := b.Sign(ctx, by(), q, issue())
			if p.cuts.Load() != 1 {
				t.Fatalf("%d connections were cut, want 1", p.cuts.Load())
			}
			recorded := ledgertest.Count(t, where, "licenses")
			if after {
				if err != nil || license == nil || recorded != 1 {
					t.Fatalf("it was recorded %d times, and Sign says %v, %v", recorded, license, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), "nothing was recorded") || hint.Of(err) == "" || recorded != 0 {
				t.Fatalf("it was recorded %d times, and Sign says %v", recorded, err)
			}
			same := ledgertest.Signed(t, b, q)
			if after && same.ID != license.ID || ledgertest.Count(t, where, "licenses") != 1 {
				t.Errorf("signed again: %s after %v", same.ID, license)
			}
			wantSeats(t, b, invoice, 1, 1)
			wantClean(t, b)
		})
	}
}

// terminate ends all connections of the victim, as an administrator does.
func terminate(t *testing.T) {
	t.Helper()
	var n int
	err := ledgertest.Raw(t, ledgertest.Address(nil)).
		QueryRow("SELECT COUNT(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE application_name = 'victim'").Scan(&n)
	if err != nil || n == 0 {
		t.Errorf("%d connections were ended, %v", n, err)
	}
}

// kill9 kills a process that serves the victim. The server then ends all others and
// recovers as after a power cut.
func kill9(t *testing.T) {
	t.Helper()
	var pid int
	db := ledgertest.Raw(t, ledgertest.Address(nil))
	if err := db.QueryRow("SELECT pid FROM pg_stat_activity WHERE application_name = 'victim' LIMIT 1").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	mine, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	process, err := os.FindProcess(pid)
	if err != nil || process.Kill() != nil {
		t.Fatalf("cannot kill %d: %v", pid, err)
	}
	// This connection is cut with all others. Until then the server may be as before.
	for mine.PingContext(ctx) == nil {
		time.Sleep(time.Millisecond)
	}
}

// Connections are cut from the server's side at each point where something is to lose:
// what was under way is told as an error with a hint, or is on record, and whoever asks
// again gets it.
func TestBackendsDie(t *testing.T) {
	for name, kill := range map[string]func(t *testing.T){"pg_terminate_backend": terminate, "kill -9": kill9} {
		t.Run(name, func(t *testing.T) {
			where := ledgertest.Postgres(t)
			ledgertest.Create(t, where)
			b := ledgertest.Open(t, where+"&application_name=victim")
			ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats = 9 })
			sign := issue()
			points := map[string]func(b *book.Book) error{
				"between the judgement and the lock": func(b *book.Book) error {
					_, err := b.Sign(ctx, by(), site(1, invoice), func(grants []ledger.Grant) []ledger.Draft { kill(t); return sign(grants) })
					return err
				},
				"in the transaction": func(b *book.Book) error {
					operation, e := by(), ledgertest.Entitlement()
					e.Invoice = "HALF"
					return b.Store().Write(ctx, func(w *store.Writer) error {
						if err := w.Record(&ledger.Event{Action: ledger.ActionEntitle, Invoice: e.Invoice, Detail: &e}, &operation); err != nil {
							return err
						}
						if _, _, err := w.Size(); err != nil { // so that it is written
							return err
						}
						kill(t)
						return nil
					})
				},
			}
			for point, run := range points {
				if err := run(b); err != nil && hint.Of(err) == "" {
					t.Errorf("%s: got %v, want an error with a hint", point, err)
				}
				// The server is back some time.
				err := signOnce(b)
				for deadline := time.Now().Add(30 * time.Second); err != nil && time.Now().Before(deadline); err = signOnce(b) {
					if hint.Of(err) == "" {
						t.Fatalf("%s: got %v, want an error with a hint", point, err)
					}
					time.Sleep(5 * time.Millisecond)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if n := ledgertest.Count(t, where, "entitlements"); n != 1 {
				t.Errorf("%d entitlements are on record: one that was not committed is there", n)
			}
			if n := ledgertest.Count(t, where, "licenses"); n != 1 {
				t.Errorf("%d licenses are on record, want 1", n)
			}
			wantSeats(t, b, invoice, 1, 1)
			wantClean(t, b)
		})
	}
}

func signOnce(b *book.Book) error {
	_, err := b.Sign(ctx, by(), site(1, invoice), issue())
	return err
}
