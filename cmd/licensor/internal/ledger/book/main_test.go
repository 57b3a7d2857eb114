package book_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

func TestMain(m *testing.M) {
	if task := os.Getenv(childVariable); task != "" {
		os.Exit(runChild(task))
	}
	code := m.Run()
	ledgertest.Stop()
	os.Exit(code)
}

// childVariable makes the test binary a workstation of its own. Its value is a task, the
// number of the site, and the ledger's place.
const childVariable = "LEDGER_TEST_WORKSTATION"

// The tasks. All but bulk say childReady on standard output when they are there, and wait
// for a byte on standard input.
const (
	taskSign   = "sign"   // sign a request; it waits between the judgement and the lock
	taskLocked = "locked" // the same, but it waits under the lock, where a changed grant is signed again
	taskWrite  = "write"  // it waits when an event is in the tables and not committed
	taskBulk   = "bulk"   // sign batches until killed, and say the ids of each that is on record
)

// What a child says.
const (
	childReady   = "ready"
	childWon     = "won"
	childRefused = "refused"
)

func runChild(task string) int {
	if err := workstation(task); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// ready says so and waits.
func ready() error {
	fmt.Println(childReady)
	_, err := os.Stdin.Read(make([]byte, 1))
	return err
}

func workstation(task string) error {
	words := strings.SplitN(task, " ", 3)
	var n uint32
	if _, err := fmt.Sscan(words[1], &n); err != nil {
		return err
	}
	b, err := book.Open(ctx, words[2])
	if err != nil {
		return err
	}
	defer b.Close()
	sign := issue()
	switch words[0] {
	case taskBulk:
		for ; ; n += 50 {
			outcomes, err := b.SignBatch(ctx, by(), ledgertest.Sites(n, 50, invoice), sign)
			if err != nil {
				return err
			}
			for _, o := range outcomes {
				fmt.Println(o.License.ID)
			}
		}
	case taskWrite:
		return b.Store().Write(ctx, func(w *store.Writer) error {
			operation := by()
			e := ledgertest.Entitlement()
			e.Invoice = "HALF"
			if err := w.Record(&ledger.Event{Action: ledger.ActionEntitle, Invoice: e.Invoice, Detail: &e}, &operation); err != nil {
				return err
			}
			if _, _, err := w.Size(); err != nil { // so that it is written
				return err
			}
			return ready()
		})
	}
	calls := 0
	_, err = b.Sign(ctx, by(), site(n, invoice), func(grants []ledger.Grant) []ledger.Draft {
		calls++
		if words[0] == taskLocked && calls == 1 {
			if err := raiseCores(b); err != nil {
				fmt.Println(err)
			}
		} else if err := ready(); err != nil {
			return []ledger.Draft{{Err: err}}
		}
		return sign(grants)
	})
	var refusal *ledger.Refusal
	if errors.As(err, &refusal) && refusal.Rule == ledger.RuleSeats {
		fmt.Println(childRefused)
		return nil
	}
	if err == nil {
		fmt.Println(childWon)
	}
	return err
}

// raiseCores changes what every license of the invoice says.
func raiseCores(b *book.Book) error {
	_, err := b.Revise(ctx, by(), invoice, rules.NewAmendment(func(e *ledger.Entitlement) error { e.Limits["cores"]++; return nil }), issue())
	return err
}
