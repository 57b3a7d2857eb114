package ledger_test

import (
	"bytes"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
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

// start returns the folder of the proxy's socket.
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
			create(t, where)
			p := &proxy{t: t, after: after}
			address, err := url.Parse(where)
			if err != nil {
				t.Fatal(err)
			}
			query := address.Query()
			query.Set("host", p.start())
			address.RawQuery = query.Encode()
			l := openLedger(t, address.String())
			entitle(t, l, entitlement())

			p.armed.Store(true)
			q := request(t, 1, nil)
			license, err := sign(t, l, q)
			if p.cuts.Load() != 1 {
				t.Fatalf("%d connections were cut, want 1", p.cuts.Load())
			}
			recorded := count(t, where, "licenses")
			if after {
				if err != nil || license == nil || recorded != 1 {
					t.Fatalf("it was recorded %d times, and Sign says %v, %v", recorded, license, err)
				}
			} else {
				var known *ledger.Error
				if !errors.As(err, &known) || !strings.Contains(known.Message, "nothing was recorded") || known.Next == "" || recorded != 0 {
					t.Fatalf("it was recorded %d times, and Sign says %v", recorded, err)
				}
			}
			again := signed(t, l, q)
			if after && again.ID != license.ID || count(t, where, "licenses") != 1 || holding(t, l, "INV0042-1").Usage.Seats != 1 {
				t.Errorf("signed again: %s after %v", again.ID, license)
			}
			wantClean(t, l, nil)
		})
	}
}

// Connections are cut from the server's side at any instant, by an administrator or by
// the death of the process that serves them: each sign ends in nothing or in a
// recorded activation, and whoever asks again gets it.
func TestBackendsDieInMidSign(t *testing.T) {
	for name, kill := range map[string]func(t *testing.T){
		"pg_terminate_backend": func(t *testing.T) {
			for range 60 {
				ledgertest.Raw(t, ledgertest.Address(nil)).Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'")
				time.Sleep(7 * time.Millisecond)
			}
		},
		"kill -9": func(t *testing.T) { // the server recovers as after a power cut
			for range 3 {
				var pid int
				db := ledgertest.Raw(t, ledgertest.Address(nil))
				for db.QueryRow("SELECT pid FROM pg_stat_activity WHERE application_name = 'victim' LIMIT 1").Scan(&pid) != nil {
					time.Sleep(5 * time.Millisecond)
				}
				process, err := os.FindProcess(pid)
				if err != nil || process.Kill() != nil {
					t.Errorf("cannot kill %d: %v", pid, err)
				}
				time.Sleep(300 * time.Millisecond)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			where := ledgertest.Postgres(t)
			create(t, where)
			l := openLedger(t, where+"&application_name=victim")
			sold(t, l, func(e *ledger.Entitlement) { e.Seats = 1 << 20 })
			done := make(chan struct{})
			go func() {
				defer close(done)
				kill(t)
			}()
			given := map[string]bool{}
			failures := 0
			for site := uint32(1); ; site++ {
				q, err := siteRequest(site, "INV0042-1")
				if err != nil {
					t.Fatal(err)
				}
				var known *ledger.Error
				license, err := sign(t, l, q)
				for deadline := time.Now().Add(20 * time.Second); err != nil && time.Now().Before(deadline); license, err = sign(t, l, q) {
					if !errors.As(err, &known) || known.Next == "" {
						t.Fatalf("got %v, want an error with a hint", err)
					}
					failures++
					time.Sleep(10 * time.Millisecond)
				}
				if err != nil {
					t.Fatal(err)
				}
				given[license.ID.String()] = true
				select {
				case <-done:
				default:
					continue
				}
				break
			}
			if failures == 0 {
				t.Error("no connection was cut: nothing was tested")
			}
			if n := count(t, where, "licenses"); n != len(given) || count(t, where, "activations") != n || holding(t, l, "INV0042-1").Usage.Seats != uint64(n) {
				t.Errorf("%d licenses on record, %d given out, %d seats", n, len(given), holding(t, l, "INV0042-1").Usage.Seats)
			}
			t.Logf("%d licenses, %d failures", len(given), failures)
			wantClean(t, l, nil)
		})
	}
}

// A command that the database cancels, for its time limit here, was not cut off.
func TestPostgresCancels(t *testing.T) {
	where := ledgertest.Postgres(t)
	create(t, where)
	l := openLedger(t, where+"&statement_timeout=200")
	other, err := raw(t, where).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer other.Rollback()
	if _, err := other.Exec("SELECT pg_advisory_xact_lock(x'6f66666c6963'::bigint)"); err != nil { // as who writes holds it
		t.Fatal(err)
	}
	err = l.Entitle(ctx, operation(), entitlement())
	var known *ledger.Error
	if !errors.As(err, &known) || !strings.Contains(known.Message, "statement timeout") || strings.Contains(known.Message, "was cut") || known.Next == "" {
		t.Errorf("got %v, want that the database cancelled it", err)
	}
}

func TestPostgresErrorsSayWhatToDo(t *testing.T) {
	where := ledgertest.Postgres(t)
	create(t, where)
	for name, test := range map[string]struct{ address, want string }{
		"nobody there":     {"postgres://u:secret@/x?host=" + url.QueryEscape(t.TempDir()), "cannot be reached"},
		"no such database": {strings.Replace(where, "/postgres?", "/none?", 1), "no such database"},
		"no ledger":        {ledgertest.Address(url.Values{"search_path": {"pg_temp"}}), "no ledger"},
		"malformed":        {"postgres://u:secret@host:port/x", "malformed address"},
		"unknown user":     {strings.Replace(where, "postgres@", "stranger:secret@", 1), "does not let this user in"},
		"read only":        {where + "&default_transaction_read_only=on", ""},
	} {
		l, err := ledger.Open(ctx, test.address)
		if test.want == "" {
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if err = l.Entitle(ctx, operation(), entitlement()); err == nil || !strings.Contains(err.Error(), "only be read") {
				t.Errorf("%s: got %v", name, err)
			}
			continue
		}
		var known *ledger.Error
		if !errors.As(err, &known) || !strings.Contains(known.Message, test.want) || known.Next == "" {
			t.Errorf("%s: got %v, want an error that says %q, with a hint", name, err, test.want)
		} else if strings.Contains(known.Message, "secret") {
			t.Errorf("%s: the password is in %q", name, known.Message)
		}
	}
}
