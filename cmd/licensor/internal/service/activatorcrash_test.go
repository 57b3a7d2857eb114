package service

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

// crashing names, in the environment of a process that is to be killed, its home, its ledger
// and the first site that asks.
const crashing = "ACTIVATOR_TEST_CRASHING"

// crash is that process: clients ask for one site after the other, for ever, and each says on
// standard output what it was answered.
func crash(what string) {
	words := strings.Split(what, "\n")
	from, err := strconv.Atoi(words[2])
	if err != nil {
		panic(err)
	}
	s, err := Open(context.Background(), home.Home{Dir: words[0]}, words[1], ToChange, Options{Random: rand.Reader, Warn: func(string) {}})
	if err != nil {
		panic(err)
	}
	a := s.NewActivator(ActivatorOptions{Key: Key{Name: "desk"}, Now: func() time.Time { return ledgertest.Now }, Random: rand.Reader, MaxPerHour: 1e6})
	var mu sync.Mutex
	next := from
	for range 16 {
		go func() {
			for {
				mu.Lock()
				n := next
				next++
				mu.Unlock()
				done, err := a.Activate(context.Background(), requestText(crashingTB{}, uint32(n), nil))
				if err != nil {
					panic(err)
				}
				fmt.Printf("%d %s\n", n, done.ID) // one write
			}
		}()
	}
	select {}
}

// crashingTB is for helpers that fail a test.
type crashingTB struct{ testing.TB }

func (crashingTB) Helper()           {}
func (crashingTB) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// TestKilledActivator: a process is killed while 16 clients ask it. Each client that got an
// answer is on record; each that got none gets its license by asking again, and the same one
// ever after; an audit finds nothing.
func TestKilledActivator(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		kills := 8
		if v.where != "" {
			kills = 3
		}
		v.sell(func(e *ledger.Entitlement) { e.Seats = 1_000_000 })
		answered := make(map[int]string)
		asked, met := 0, 0
		for range kills {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s\n%s\n%d", crashing, v.at.Dir, v.where, asked))
			cmd.Stderr = os.Stderr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			// It is killed a while after so many answers: on a slow machine, too, there are some.
			after := 1 + mathrand.IntN(40)
			for lines := bufio.NewScanner(out); lines.Scan(); {
				n, id, whole := strings.Cut(lines.Text(), " ")
				site, err := strconv.Atoi(n)
				if err != nil || !whole {
					t.Fatalf("the process says %q", lines.Text())
				}
				answered[site] = id
				asked = max(asked, site+1)
				if after--; after == 0 {
					time.AfterFunc(time.Duration(mathrand.IntN(20))*time.Millisecond, func() { cmd.Process.Kill() })
				}
			}
			cmd.Wait()
			asked += 16 // those that got no answer may have asked for later sites
			v.wantClean()
			if after <= 0 {
				met++
			}
		}
		if met != kills || len(answered) < kills {
			t.Fatalf("%d of %d processes were killed at work, with %d answers", met, kills, len(answered))
		}
		h, err := v.Holding(ctx, "INV0042-1")
		if err != nil {
			t.Fatal(err)
		}
		recorded := len(h.Activations)
		a, _ := v.activator(nil)
		var group sync.WaitGroup
		for n := range asked {
			group.Go(func() {
				text := requestText(t, uint32(n), nil)
				first, err := a.Activate(ctx, text)
				if err != nil {
					t.Error(err)
					return
				}
				again, err := a.Activate(ctx, text)
				if err != nil || first.ID != again.ID || answered[n] != "" && (first.ID.String() != answered[n] || !first.Again) {
					t.Errorf("site %d was answered %q, and then %s and %v, %v", n, answered[n], first.ID, again, err)
				}
			})
		}
		group.Wait()
		if h, err = v.Holding(ctx, "INV0042-1"); err != nil || int(h.SeatsUsed) != asked || recorded < len(answered) {
			t.Errorf("%d seats are used by %d sites, %d were answered and %d on record: %v", h.SeatsUsed, asked, len(answered), recorded, err)
		}
		v.wantClean()
	})
}
