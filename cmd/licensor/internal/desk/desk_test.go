package desk_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	ledgertest.Stop()
	os.Exit(code)
}

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// everywhere opens a desk beside a ledger of each kind.
func everywhere(t *testing.T, f func(t *testing.T, open func() *desk.Desk)) {
	ledgertest.Everywhere(t, func(t *testing.T, where string) {
		at := home.Home{Dir: t.TempDir()}
		if !strings.HasPrefix(where, "postgres") {
			where = ""
		}
		f(t, func() *desk.Desk {
			d, err := desk.Open(t.Context(), at, where)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { d.Close() })
			return d
		})
	})
}

func waiting(n int, invoice string) desk.Waiting {
	return desk.Waiting{Hash: [32]byte{1, byte(n >> 8), byte(n)}, Invoice: invoice, Request: "OLQ1:...", Word: "binding", Why: "it is bound to nothing", Asked: now}
}

// TestQueue: a request waits once, however often it is asked, until somebody settles it.
func TestQueue(t *testing.T) {
	everywhere(t, func(t *testing.T, open func() *desk.Desk) {
		d, other, ctx := open(), open(), t.Context()
		first, err := d.Add(ctx, waiting(1, "A-1"), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		again, err := other.Add(ctx, waiting(1, "A-1"), rand.Reader)
		if err != nil || again.Number != first.Number || again.State != desk.Waits || len(first.Number) != 9 {
			t.Fatalf("got %+v, %v, want number %s", again, err, first.Number)
		}
		sold := waiting(1, "A-1") // meanwhile it waits for something else
		sold.Word, sold.Why = "seats", "all are in use"
		if again, err := other.Add(ctx, sold, rand.Reader); err != nil || again.Number != first.Number || again.Word != "seats" {
			t.Fatalf("got %+v, %v", again, err)
		}
		of, err := other.OfRequests(ctx, [32]byte{9}, first.Hash)
		if w := of[first.Hash]; err != nil || len(of) != 1 || w == nil || w.Number != first.Number || w.Why != sold.Why || !w.Asked.Equal(now) {
			t.Fatalf("got %+v, %v", of, err)
		}
		if err := d.Settle(ctx, first.Number, desk.Refused, "ask for the right edition", "anna", now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		w, err := d.Add(ctx, waiting(1, "A-1"), rand.Reader)
		if err != nil || w.State != desk.Refused || w.Said != "ask for the right edition" || w.By != "anna" || !w.At.Equal(now.Add(time.Hour)) {
			t.Fatalf("got %+v, %v", w, err)
		}
		if err := other.Settle(ctx, first.Number, desk.Refused, "no", "bob", now); err == nil || !strings.Contains(err.Error(), "was refused by anna") {
			t.Errorf("settled twice: %v", err)
		}
		if err := other.Settle(ctx, first.Number, desk.Signed, "", "bob", now); err != nil { // after all
			t.Error(err)
		}
		if err := other.Settle(ctx, first.Number, desk.Refused, "no", "anna", now); err == nil || !strings.Contains(err.Error(), "was signed by bob") {
			t.Errorf("settled twice: %v", err)
		}
		// A renewal of it that is not signed without a person waits under the same number.
		renewed := waiting(1, "A-1")
		renewed.Asked = now.Add(time.Minute)
		if w, err := d.Add(ctx, renewed, rand.Reader); err != nil || w.Number != first.Number || w.State != desk.Waits {
			t.Fatalf("got %+v, %v", w, err)
		}
		for _, typed := range []string{first.Number, strings.ToLower(first.Number), strings.ReplaceAll(first.Number, "-", " ")} {
			if w, err := d.Find(ctx, typed); err != nil || w == nil || w.Number != first.Number {
				t.Errorf("%q finds %v, %v", typed, w, err)
			}
		}
		if w, err := d.Numbered(ctx, first.Number); err != nil || w.State != desk.Waits || w.By != "" || !w.Asked.Equal(renewed.Asked) {
			t.Fatalf("got %+v, %v", w, err)
		}
		if err := other.Settle(ctx, first.Number, desk.Signed, "", "bob", renewed.Asked); err != nil {
			t.Error(err)
		}
		if err := d.Settle(ctx, "AAAA-AAAA", desk.Signed, "", "bob", now); err == nil || !strings.Contains(err.Error(), "no request has the number") {
			t.Errorf("got %v", err)
		}
		// What was settled long ago is forgotten.
		late := waiting(2, "A-2")
		late.Asked = now.AddDate(0, 4, 0)
		if _, err := d.Add(ctx, late, rand.Reader); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Numbered(ctx, first.Number); err == nil {
			t.Error("it is there after 4 months")
		}
	})
}

// TestClosed: which invoices got too many wrong claims is kept until its time, of so many.
func TestClosed(t *testing.T) {
	everywhere(t, func(t *testing.T, open func() *desk.Desk) {
		d, ctx := open(), t.Context()
		later := now.Add(time.Hour)
		for _, until := range []time.Time{now.Add(time.Minute), later} {
			if err := d.KeepClosed(ctx, map[string]time.Time{"A-1": until, "A-2": now.Add(time.Minute)}, now); err != nil {
				t.Fatal(err)
			}
		}
		closed, err := open().Closed(ctx, now.Add(time.Minute))
		if err != nil || len(closed) != 1 || !closed["A-1"].Equal(later) {
			t.Fatalf("got %v, %v", closed, err)
		}
		many := make(map[string]time.Time)
		for i := range 10_100 {
			many[fmt.Sprint(i)] = later
		}
		if err := d.KeepClosed(ctx, many, now); err != nil {
			t.Fatal(err)
		}
		if closed, err := d.Closed(ctx, now); err != nil || len(closed) != 10_000 {
			t.Fatalf("%d are kept, %v", len(closed), err)
		}
	})
}

// TestQueueIsBounded: one invoice takes so many places, however many processes ask at once.
func TestQueueIsBounded(t *testing.T) {
	everywhere(t, func(t *testing.T, open func() *desk.Desk) {
		desks := []*desk.Desk{open(), open()}
		var group sync.WaitGroup
		var mu sync.Mutex
		full := 0
		for i := range 2 * desk.MaxWaitingOfOne {
			group.Go(func() {
				_, err := desks[i%2].Add(t.Context(), waiting(i, "A-1"), rand.Reader)
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, desk.ErrFull) {
					full++
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if n, err := desks[0].Count(t.Context()); n != desk.MaxWaitingOfOne || full != desk.MaxWaitingOfOne || err != nil {
			t.Errorf("%d wait and %d were refused, %v", n, full, err)
		}
		if _, err := desks[0].Add(t.Context(), waiting(1000, "A-2"), rand.Reader); err != nil {
			t.Errorf("another invoice: %v", err)
		}
	})
}

// TestPages: each that waits is on one page, the oldest first.
func TestPages(t *testing.T) {
	everywhere(t, func(t *testing.T, open func() *desk.Desk) {
		d := open()
		for i := range 120 {
			w := waiting(i, fmt.Sprintf("A-%d", i))
			w.Asked = now.Add(time.Duration(i/7) * time.Second)
			if _, err := d.Add(t.Context(), w, rand.Reader); err != nil {
				t.Fatal(err)
			}
		}
		seen := make(map[string]bool)
		var behind *desk.Waiting
		for {
			page, err := d.List(t.Context(), desk.Waits, behind)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, w := range page {
				if seen[w.Number] || behind != nil && w.Asked.Before(behind.Asked) {
					t.Errorf("%s is out of order", w.Number)
				}
				seen[w.Number], behind = true, w
			}
		}
		if len(seen) != 120 {
			t.Errorf("got %d, want 120", len(seen))
		}
	})
}

func TestTokens(t *testing.T) {
	everywhere(t, func(t *testing.T, open func() *desk.Desk) {
		d, ctx := open(), t.Context()
		text, err := d.AddToken(ctx, desk.Token{Name: "shop", Rights: []desk.Right{desk.Read, desk.Sell}, Made: now, By: "anna"}, rand.Reader)
		if err != nil || len(text) < 40 {
			t.Fatalf("%q, %v", text, err)
		}
		token, err := open().Bearer(ctx, text)
		if err != nil || token == nil || token.Name != "shop" || !token.May(desk.Sell) || token.May(desk.Sign) || token.May(desk.Revoke) {
			t.Fatalf("got %+v, %v", token, err)
		}
		for _, wrong := range []string{"", text[:len(text)-1], text + "A", "olt_"} {
			if token, err := d.Bearer(ctx, wrong); token != nil || err != nil {
				t.Errorf("%q is taken: %v", wrong, err)
			}
		}
		for _, bad := range []desk.Token{
			{Name: "shop", Rights: []desk.Right{desk.Read}}, {Name: "x", Rights: []desk.Right{"all"}}, {Name: "x"}, {Name: "A b", Rights: desk.Rights},
		} {
			if _, err := d.AddToken(ctx, bad, rand.Reader); err == nil {
				t.Errorf("%+v is taken", bad)
			}
		}
		if err := d.RemoveToken(ctx, "shop"); err != nil {
			t.Fatal(err)
		}
		if token, err := d.Bearer(ctx, text); token != nil || err != nil {
			t.Errorf("a removed token is taken: %v", err)
		}
		if err := d.RemoveToken(ctx, "shop"); err == nil {
			t.Error("removed twice")
		}
	})
}

// TestAnswers: a key is one call's, until it is answered, and its answer is kept. One that has
// broken off is taken up by the same call alone.
func TestAnswers(t *testing.T) {
	everywhere(t, func(t *testing.T, open func() *desk.Desk) {
		d, ctx := open(), t.Context()
		one, two := [32]byte{5}, [32]byte{6}
		take := func(key string, request [32]byte, at time.Time, taken bool, known *desk.Answer) {
			t.Helper()
			got, was, err := d.TakeKey(ctx, "shop", key, request, at)
			if err != nil || got != taken || (was == nil) != (known == nil) || was != nil && *was != *known {
				t.Errorf("got %v, %+v, %v, want %v, %+v", got, was, err, taken, known)
			}
		}
		take("k1", one, now, true, nil)
		take("k1", one, now.Add(time.Minute), false, &desk.Answer{Request: one})
		take("k1", two, now.Add(time.Hour), false, &desk.Answer{Request: one})
		take("k1", one, now.Add(time.Hour), true, &desk.Answer{Request: one})
		take("k1", one, now.Add(time.Hour), false, &desk.Answer{Request: one})
		if err := d.KeepAnswer(ctx, "shop", "k1", 201, `{"invoice":"A-1"}`, now); err != nil {
			t.Fatal(err)
		}
		want := &desk.Answer{Request: one, Status: 201, Body: `{"invoice":"A-1"}`}
		take("k1", one, now.Add(time.Hour), false, want)
		take("k1", two, now.Add(time.Hour), false, want)
		if err := d.FreeKey(ctx, "shop", "k1"); err != nil {
			t.Fatal(err)
		}
		take("k1", one, now.Add(time.Hour), false, want) // what was answered stays
		if taken, _, err := d.TakeKey(ctx, "crm", "k1", two, now); !taken || err != nil {
			t.Errorf("another token's key: %v, %v", taken, err)
		}
		take("k2", one, now, true, nil)
		if err := d.FreeKey(ctx, "shop", "k2"); err != nil {
			t.Fatal(err)
		}
		take("k2", two, now, true, nil)
		take("k1", two, now.AddDate(0, 0, 8), true, nil)

		other, winners := open(), make(chan bool, 8)
		var wait sync.WaitGroup
		for i := range cap(winners) {
			wait.Go(func() {
				taken, _, err := []*desk.Desk{d, other}[i%2].TakeKey(ctx, "shop", "raced", one, now)
				if err != nil {
					t.Error(err)
				}
				winners <- taken
			})
		}
		wait.Wait()
		n := 0
		for range cap(winners) {
			if <-winners {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d have taken one key", n)
		}
	})
}

// TestNotes: a note takes the place of the one before it, and no desk is made for one.
func TestNotes(t *testing.T) {
	ledgertest.Everywhere(t, func(t *testing.T, where string) {
		at, ctx := home.Home{Dir: t.TempDir()}, t.Context()
		if !strings.HasPrefix(where, "postgres") {
			where = ""
		}
		leave := func(said string, good bool) {
			t.Helper()
			if err := desk.Leave(ctx, at, where, desk.Note{About: desk.NoteAudit, At: now, Said: said, Good: good}); err != nil {
				t.Fatal(err)
			}
		}
		leave("nowhere", true)
		if _, err := os.Stat(at.DeskFile()); err == nil {
			t.Error("a desk was made")
		}
		d, err := desk.Open(ctx, at, where)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if notes, err := d.Notes(ctx); len(notes) > 0 || err != nil {
			t.Errorf("got %v, %v", notes, err)
		}
		leave("3 findings", false)
		leave("nothing was found", true)
		notes, err := d.Notes(ctx)
		if want := (desk.Note{About: desk.NoteAudit, At: now, Said: "nothing was found", Good: true}); err != nil || len(notes) != 1 || notes[desk.NoteAudit] != want {
			t.Errorf("got %v, %v", notes, err)
		}
		if err := desk.Leave(ctx, at, "copy.db", desk.Note{About: desk.NoteBackup, At: now}); err != nil {
			t.Error(err)
		}
	})
}
