package book_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/verify"
)

// Many sign at once, some of them the same request, each workstation with connections of
// its own: never is more than the seats given out, and a request has one license.
func TestManySigners(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		const seats, workstations, signers = 5, 4, 4
		ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats = seats })
		var mu sync.Mutex
		got := map[[32]byte]map[string]bool{} // the licenses of each request
		refused := 0
		var wait sync.WaitGroup
		for w := range workstations {
			b := ledgertest.Open(t, where)
			for s := range signers {
				wait.Go(func() {
					for _, q := range []*verify.Request{site(uint32(s), invoice), site(uint32(100+w*signers+s), invoice)} {
						license, err := b.Sign(ctx, by(), q, issue())
						mu.Lock()
						var refusal *ledger.Refusal
						switch {
						case errors.As(err, &refusal) && refusal.Rule == ledger.RuleSeats:
							refused++
						case err != nil:
							t.Error(err)
						case got[q.Hash] == nil:
							got[q.Hash] = map[string]bool{license.ID.String(): true}
						default:
							got[q.Hash][license.ID.String()] = true
						}
						mu.Unlock()
					}
				})
			}
		}
		wait.Wait()
		for _, ids := range got {
			if len(ids) != 1 {
				t.Errorf("one request has the licenses %v", ids)
			}
		}
		if len(got) != seats || refused == 0 || ledgertest.Count(t, where, "licenses") != seats {
			t.Errorf("%d requests have licenses, %d were refused, %d licenses are on record, want %d", len(got), refused, ledgertest.Count(t, where, "licenses"), seats)
		}
		wantSeats(t, b, invoice, seats, seats)
		wantClean(t, b)
	})
}

// child starts the test binary as another workstation.
func child(t *testing.T, task string, site int, where string) (*exec.Cmd, io.WriteCloser, *bufio.Scanner) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(binary)
	c.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %s", childVariable, task, site, where))
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c.ProcessState == nil {
			c.Process.Kill()
			c.Wait()
		}
	})
	return c, in, bufio.NewScanner(out)
}

func wantReady(t *testing.T, out *bufio.Scanner) {
	t.Helper()
	if !out.Scan() || out.Text() != childReady {
		t.Fatalf("a workstation says %q", out.Text())
	}
}

// Workstations, each a process, race for the last seat: all have been told that it is
// free, exactly one gets it, the rest are refused, and nobody sees a lock.
func TestProcessesRaceForTheLastSeat(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats = 2 })
		ledgertest.Signed(t, b, site(0, invoice))
		const racers = 4
		var starts []io.WriteCloser
		var says []*bufio.Scanner
		for i := range racers {
			_, in, out := child(t, taskSign, i+1, where)
			starts, says = append(starts, in), append(says, out)
		}
		for _, out := range says {
			wantReady(t, out)
		}
		for _, start := range starts {
			if _, err := start.Write([]byte("!")); err != nil {
				t.Fatal(err)
			}
		}
		got := map[string]int{}
		for _, out := range says {
			out.Scan()
			got[out.Text()]++
		}
		if got[childWon] != 1 || got[childRefused] != racers-1 {
			t.Errorf("the workstations say %v, want one %q and %d %q", got, childWon, racers-1, childRefused)
		}
		wantSeats(t, b, invoice, 2, 2)
		wantClean(t, b)
	})
}

// A workstation is killed at each point where it has something to lose, and somewhere in
// the middle of bulk: every license that it was given is on record, its lock is gone, who
// asks again gets the license, and the ledger is what its events say.
func TestKilled(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats = 1 << 20 })
		var given []string
		first := 1
		for _, task := range []string{taskSign, taskLocked, taskWrite, taskBulk} {
			c, _, out := child(t, task, first, where)
			if task != taskBulk {
				wantReady(t, out)
			}
			for task == taskBulk && len(given) < 120 { // it is at its third batch, or anywhere after that
				if !out.Scan() {
					t.Fatal("bulk has ended")
				}
				given = append(given, out.Text())
			}
			if err := c.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			for task == taskBulk && out.Scan() { // and what it said before it died
				if id := out.Text(); len(id) == len(given[0]) {
					given = append(given, id)
				}
			}
			c.Wait()
			ledgertest.Signed(t, b, site(uint32(first), invoice))
			first++
		}
		known := map[string]bool{}
		rows, err := ledgertest.Raw(t, where).Query("SELECT id FROM licenses")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				t.Fatal(err)
			}
			known[id] = true
		}
		for _, id := range given {
			if !known[id] {
				t.Errorf("license %q was given out and is not on record", id)
			}
		}
		if n := ledgertest.Count(t, where, "entitlements"); n != 1 {
			t.Errorf("%d entitlements: one that was not committed is there", n)
		}
		h := holding(t, b, invoice)
		wantSeats(t, b, invoice, uint64(len(h.Activations)), len(h.Activations))
		if len(h.Activations) < 120 {
			t.Errorf("%d activations, and 120 licenses were given out", len(h.Activations))
		}
		wantClean(t, b)
	})
}

// Others write while a batch is signed: what was judged before is judged again, only what
// has changed is signed again, and no seat is given out twice.
func TestOthersWriteWhileABatchIsSigned(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats = 2 })
		ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Invoice, e.Seats = "P-2", 2 })
		other := ledgertest.Open(t, where)
		sign := issue()
		var meanwhile sync.Once
		var mu sync.Mutex
		signed := map[string]int{} // by invoice
		requests := []*verify.Request{site(1, invoice), site(2, invoice), site(1, "P-2"), site(2, "P-2")}
		outcomes, err := b.SignBatch(ctx, by(), requests, func(grants []ledger.Grant) []ledger.Draft {
			meanwhile.Do(func() { // between the judgement and the lock
				if err := raiseCores(other); err != nil {
					t.Error(err)
				}
				ledgertest.Signed(t, other, site(3, invoice))
			})
			mu.Lock()
			defer mu.Unlock()
			for _, g := range grants {
				signed[g.Entitlement.Invoice]++
			}
			return sign(grants)
		})
		if err != nil {
			t.Fatal(err)
		}
		if signed[invoice] != 3 || signed["P-2"] != 2 {
			t.Errorf("signed: %v, want that the one of two that still has a seat is signed again", signed)
		}
		if got := says(t, outcomes[0].License); got.Limits["cores"] != 17 {
			t.Errorf("the license says %v, not what was amended meanwhile", got.Limits)
		}
		ledgertest.WantRefusal(t, outcomes[1].Err, ledger.RuleSeats)
		for _, o := range outcomes[2:] {
			if o.Err != nil || says(t, o.License).Limits["cores"] != 16 {
				t.Errorf("the other invoice: %+v", o)
			}
		}
		wantSeats(t, b, invoice, 2, 2)
		wantClean(t, b)
	})
}

// The last seat goes while a person still confirms the signature.
func TestLastSeatGoesWhileSigning(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		ledgertest.Sold(t, b, func(e *ledger.Entitlement) {})
		other, sign := ledgertest.Open(t, where), issue()
		license, err := b.Sign(ctx, by(), site(1, invoice), func(grants []ledger.Grant) []ledger.Draft {
			ledgertest.Signed(t, other, site(2, invoice))
			return sign(grants)
		})
		ledgertest.WantRefusal(t, err, ledger.RuleSeats)
		if license != nil || ledgertest.Count(t, where, "licenses") != 1 {
			t.Errorf("got %v, and %d licenses are on record", license, ledgertest.Count(t, where, "licenses"))
		}
	})
}

// The key is revoked while it signs.
func TestKeyIsRevokedWhileSigning(t *testing.T) {
	b, where := ledgertest.New(t)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) {})
	other, sign := ledgertest.Open(t, where), issue()
	_, err := b.Sign(ctx, by(), site(1, invoice), func(grants []ledger.Grant) []ledger.Draft {
		if _, _, err := other.RevokeKey(ctx, because("stolen"), ledger.RevokedKey{Name: "anna", Public: ledgertest.Public(ledgertest.Staff).Bytes()}, nil); err != nil {
			t.Error(err)
		}
		return sign(grants)
	})
	ledgertest.WantRefusal(t, err, ledger.RuleRevoked, "anna")
	wantSeats(t, b, invoice, 0, 0)
}

// What cannot be signed leaves nothing behind, and stops no other one: its seat is for
// the next.
func TestIssueFailsForSome(t *testing.T) {
	b, where := ledgertest.New(t)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats = 2 })
	broken, sign := errors.New("the key is gone"), issue()
	fails := site(1, invoice)
	failing := func(grants []ledger.Grant) []ledger.Draft {
		drafts := sign(grants)
		for i, g := range grants {
			if g.Request.Hash == fails.Hash {
				drafts[i] = ledger.Draft{Err: broken}
			}
		}
		return drafts
	}
	events := ledgertest.Count(t, where, "events")
	if _, err := b.Sign(ctx, by(), fails, failing); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := b.Sign(ctx, by(), fails, func([]ledger.Grant) []ledger.Draft { return nil }); err == nil {
		t.Error("no license was signed, and there is no error")
	}
	if n := ledgertest.Count(t, where, "events"); n != events {
		t.Errorf("%d events of what was not signed", n-events)
	}
	outcomes, err := b.SignBatch(ctx, by(), []*verify.Request{site(2, invoice), fails, fails, site(3, invoice), site(4, invoice)}, failing)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range outcomes {
		switch i {
		case 0, 3:
			if o.Err != nil || says(t, o.License).Invoice != invoice {
				t.Errorf("request %d: %+v", i, o)
			}
		case 1, 2:
			if !errors.Is(o.Err, broken) || o.License != nil {
				t.Errorf("request %d: %+v", i, o)
			}
		default:
			ledgertest.WantRefusal(t, o.Err, ledger.RuleSeats)
		}
	}
	wantSeats(t, b, invoice, 2, 2)
	wantClean(t, b)
}
