package service

import (
	"container/list"
	"slices"
	"sync"
	"time"
)

const (
	mostGuesses  = 5         // wrong claims for an invoice
	guessesIn    = time.Hour // in which they are counted
	mostInvoices = 1 << 16   // that are remembered, about 16 MB
)

// guesses counts wrong claims by the invoice as it was typed, known or not. Its memory is
// bounded: the invoice whose last wrong claim is longest ago is forgotten first.
type guesses struct {
	mu     sync.Mutex
	of     map[string]*list.Element
	recent list.List // of *guessed, the newest first
}

type guessed struct {
	invoice string
	at      []time.Time // of the last ones, the oldest first
}

// count returns how many wrong claims an invoice got in the last hour, of the last ones.
func (g *guesses) count(invoice string, now time.Time) (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	e := g.of[invoice]
	if e == nil {
		return 0
	}
	for _, at := range e.Value.(*guessed).at {
		if now.Sub(at) < guessesIn {
			n++
		}
	}
	return n
}

// wrong notes wrong claims. It returns until when no more are answered; zero: they are.
func (g *guesses) wrong(invoice string, n int, now time.Time) (until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	e := g.of[invoice]
	if e == nil {
		if g.of == nil {
			g.of = make(map[string]*list.Element)
		}
		e = g.recent.PushFront(&guessed{invoice: invoice})
		g.of[invoice] = e
		if len(g.of) > mostInvoices {
			oldest := g.recent.Remove(g.recent.Back()).(*guessed)
			delete(g.of, oldest.invoice)
		}
	}
	g.recent.MoveToFront(e)
	one := e.Value.(*guessed)
	one.at = append(one.at, slices.Repeat([]time.Time{now}, n)...)
	one.at = one.at[max(0, len(one.at)-mostGuesses):]
	if len(one.at) == mostGuesses && now.Sub(one.at[0]) < guessesIn {
		until = one.at[0].Add(guessesIn)
	}
	return until
}

// remember closes invoices as another process has.
func (g *guesses) remember(closed map[string]time.Time) {
	for invoice, until := range closed {
		g.wrong(invoice, mostGuesses, until.Add(-guessesIn))
	}
}
