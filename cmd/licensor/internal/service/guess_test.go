package service

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// TestGuesses: an unknown invoice and a wrong address get one answer; after five of them in an
// hour a right claim gets the same one as a wrong one, and only the right one is queued.
func TestGuesses(t *testing.T) {
	v := newVendor(t, "")
	now := ledgertest.Now
	v.now = func() time.Time { return now }
	v.sell(func(e *ledger.Entitlement) { e.Seats = 10 })
	a, queue := v.activator(nil)
	recorded := requestText(t, 1, nil)
	v.wantLicense(a, recorded)

	answer := func(text []byte) string {
		done, err := a.Activate(ctx, text)
		return fmt.Sprintf("%+v %#v", done, err)
	}
	for i, invoice := range []string{"INV0042-1", "UNKNOWN-1"} {
		for n := range uint32(mostGuesses) {
			v.wantDeclined(a, requestText(t, 100+10*uint32(i)+n, wrongMail(invoice)), "claim")
		}
	}
	right := requestText(t, 2, nil)
	limited := answer(right)
	for i, text := range [][]byte{requestText(t, 3, wrongMail("INV0042-1")), requestText(t, 4, of("UNKNOWN-1")), requestText(t, 4, wrongMail("UNKNOWN-1"))} {
		if got := answer(text); got != limited {
			t.Errorf("%d: got %s, want %s", i, got, limited)
		}
	}
	if done := v.wantLicense(a, recorded); !done.Again {
		t.Error("a request on record was signed again")
	}
	v.wantLicense(a, requestText(t, 1, func(q *format.Request) { q.Time++ })) // of a known key
	v.wantDeclined(a, requestText(t, 5, of("UNKNOWN-2")), "claim")

	// Another process knows, too.
	a.Close()
	a, _ = v.activator(func(o *ActivatorOptions) { o.Queue = queue })
	if err := a.Load(ctx); err != nil {
		t.Fatal(err)
	}
	if got := answer(requestText(t, 6, wrongMail("INV0042-1"))); got != limited {
		t.Errorf("after another start: got %s, want %s", got, limited)
	}
	now = now.Add(guessesIn + time.Second)
	a.Close()
	if words := queue.words(); !slices.Equal(words, []string{waitsForGuesses}) {
		t.Errorf("the queue has %v", words)
	}
	a, _ = v.activator(func(o *ActivatorOptions) { o.Queue = queue })
	v.wantLicense(a, right)
	if words := queue.words(); len(words) != 0 {
		t.Errorf("the queue has %v", words)
	}
	v.wantDeclined(a, requestText(t, 3, wrongMail("INV0042-1")), "claim")
}

// TestGuessesAtOnce: many claims at the same moment are no more guesses than one after the other.
func TestGuessesAtOnce(t *testing.T) {
	v := newVendor(t, "")
	v.sell(nil)
	a, _ := v.activator(nil)
	var group []*asking
	for n := range uint32(3 * mostGuesses) {
		q, err := verify.OpenRequest(requestText(t, 10+n, wrongMail("INV0042-1")))
		if err != nil {
			t.Fatal(err)
		}
		group = append(group, &asking{q, make(chan asked, 1)})
	}
	a.answer(ctx, group)
	answered := 0
	for _, one := range group {
		if !(<-one.done).closed {
			answered++
		}
	}
	if answered != mostGuesses {
		t.Errorf("%d guesses were answered, want %d", answered, mostGuesses)
	}
}

// TestGuessesAreBounded: neither invoices nor wrong claims fill the memory.
func TestGuessesAreBounded(t *testing.T) {
	var g guesses
	now := ledgertest.Now
	g.wrong("kept", 2*mostGuesses, now)
	for i := range mostInvoices + 10 {
		g.wrong(fmt.Sprint(i), 1, now)
		g.wrong("kept", 1, now)
	}
	if len(g.of) != mostInvoices || g.recent.Len() != mostInvoices {
		t.Errorf("%d invoices are remembered", len(g.of))
	}
	if g.count("kept", now) != mostGuesses || g.count("0", now) != 0 || g.count("kept", now.Add(guessesIn)) != 0 {
		t.Error("the wrong invoice was forgotten")
	}
}

// BenchmarkGuess tells how much longer a wrong e-mail address takes than an unknown invoice:
// x-unknown is the quotient of the medians of 2,000 tries of each, which take turns.
func BenchmarkGuess(b *testing.B) {
	for _, place := range []string{"SQLite", "PostgreSQL"} {
		b.Run(place, func(b *testing.B) {
			where := ""
			if place == "PostgreSQL" {
				where = ledgertest.Postgres(b)
			}
			v := newVendor(b, where)
			const tries = 2_000
			texts := [2][][]byte{}
			for i := range tries {
				invoice := fmt.Sprint("INV", i)
				v.sell(func(e *ledger.Entitlement) { e.Invoice = invoice })
				texts[0] = append(texts[0], requestText(b, uint32(2*i), wrongMail(fmt.Sprint("UNK", i))))
				texts[1] = append(texts[1], requestText(b, uint32(2*i+1), wrongMail(invoice)))
			}
			a, _ := v.activator(nil)
			ratio := 0.0
			for b.Loop() {
				a.guesses = guesses{}
				var took [2][]time.Duration
				for i := range tries {
					for k := range took {
						k := (k + i) % 2
						start := time.Now()
						if _, err := a.Activate(ctx, texts[k][i]); err == nil {
							b.Fatal("a wrong claim is answered")
						}
						took[k] = append(took[k], time.Since(start))
					}
				}
				slices.Sort(took[0])
				slices.Sort(took[1])
				ratio = took[1][tries/2].Seconds() / took[0][tries/2].Seconds()
				b.ReportMetric(float64(took[0][tries/2].Microseconds()), "µs/unknown")
			}
			b.ReportMetric(ratio, "x-unknown")
			b.ReportMetric(math.Abs(ratio-1)*100, "%-apart")
		})
	}
}
