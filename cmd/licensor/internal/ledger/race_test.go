package ledger_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

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

// Eight workstations, each a process, race for the last seat: exactly one gets it, the
// rest get the refusal, and nobody sees a lock.
func TestEightProcessesRaceForTheLastSeat(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 2 })
		signed(t, l, request(t, 1, nil))
		const racers = 8
		var starts []io.WriteCloser
		var says []*bufio.Scanner
		for site := range racers {
			_, in, out := child(t, "race", site+1, where)
			if !out.Scan() || out.Text() != childReady {
				t.Fatalf("workstation %d says %q", site, out.Text())
			}
			starts, says = append(starts, in), append(says, out)
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
		if h := holding(t, l, "INV0042-1"); h.Usage.Seats != 2 || len(h.Activations) != 2 {
			t.Errorf("%d seats are used by %d activations, want 2", h.Usage.Seats, len(h.Activations))
		}
		wantClean(t, l, nil)
	})
}

// A workstation is killed while it signs, many times: every license that it was given
// is on record, and the ledger is what its events say.
func TestKilledInMidSign(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 1 << 20 })
		var given []string
		for round := range 12 {
			c, _, out := child(t, "loop", 1000*round+1, where)
			time.AfterFunc(time.Duration(40+13*round)*time.Millisecond, func() { c.Process.Kill() })
			for out.Scan() {
				given = append(given, out.Text())
			}
			c.Wait()
		}
		if len(given) < 12 {
			t.Fatalf("only %d licenses were given out: %v", len(given), given)
		}
		known := map[string]bool{}
		rows, err := raw(t, where).Query("SELECT id FROM licenses")
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
		if n := count(t, where, "activations"); n != len(known) || n < len(given) {
			t.Errorf("%d activations, %d licenses on record, %d given out", n, len(known), len(given))
		}
		wantClean(t, l, nil)
	})
}

// Others write while a batch is signed: what was judged before is judged again, and
// no seat is given out twice.
func TestOthersWriteWhileABatchIsSigned(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 2 })
		other, once := openLedger(t, where), true
		sign := issue(t, now)
		mine := request(t, 1, nil)
		license, err := l.Sign(ctx, operation(), mine, each(func(g ledger.Grant) (id format.ID, file []byte, signer string, err error) {
			if once { // between the judgement and the lock
				once = false
				if _, err := other.Amend(ctx, operation(), "INV0042-1", func(e *ledger.Entitlement) error { e.Limits["cores"] = 99; return nil }, sign); err != nil {
					t.Error(err)
				}
				signed(t, other, request(t, 2, nil))
			}
			return one(sign, g)
		}))
		if err != nil {
			t.Fatal(err)
		}
		if got := says(t, license); got.Limits["cores"] != 99 {
			t.Errorf("the license says %v, not what was amended meanwhile", got.Limits)
		}
		_, err = l.Sign(ctx, operation(), request(t, 3, nil), sign)
		wantRefusal(t, err, ledger.RuleSeats)
		wantClean(t, l, nil)
	})
}

// The last seat goes while a person still confirms the signature.
func TestLastSeatGoesWhileSigning(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		entitle(t, l, entitlement())
		other, sign := openLedger(t, where), issue(t, now)
		license, err := l.Sign(ctx, operation(), request(t, 1, nil), each(func(g ledger.Grant) (format.ID, []byte, string, error) {
			signed(t, other, request(t, 2, nil))
			return one(sign, g)
		}))
		wantRefusal(t, err, ledger.RuleSeats)
		if license != nil || count(t, where, "licenses") != 1 {
			t.Errorf("got %v, and %d licenses are on record", license, count(t, where, "licenses"))
		}
	})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		execute(t, where, "UPDATE schema_version SET version = 999")
		for name, open := range map[string]func() error{
			"to write": func() error { _, err := ledger.Open(ctx, where); return err },
			"to read":  func() error { _, err := ledger.OpenToRead(ctx, where); return err },
		} {
			if err := open(); err == nil || !strings.Contains(err.Error(), "newer licensor") || !strings.Contains(err.Error(), "999") {
				t.Errorf("%s: got %v, want that a newer licensor wrote it", name, err)
			}
		}
	})
}

func TestNoLedgerThere(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		if err := ledger.Create(ctx, operation(), where, "evil.example"); err == nil {
			t.Error("a ledger was made over another")
		}
		for _, table := range tableNames(t, where) {
			execute(t, where, "DROP TABLE "+table)
		}
		for name, open := range map[string]func() error{
			"to write": func() error { _, err := ledger.Open(ctx, where); return err },
			"to read":  func() error { _, err := ledger.OpenToRead(ctx, where); return err },
		} {
			if err := open(); err == nil || !strings.Contains(err.Error(), "no ledger") {
				t.Errorf("%s: got %v, want that there is none", name, err)
			}
		}
	})
}
