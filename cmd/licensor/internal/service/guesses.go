package service

import (
	"container/list"
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

// tooMany reports whether an invoice got so many wrong claims that no more are answered.
func (g *guesses) tooMany(invoice string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	e := g.of[invoice]
	if e == nil {
		return false
	}
	at := e.Value.(*guessed).at
	return len(at) == mostGuesses && now.Sub(at[0]) < guessesIn
}

// wrong notes a wrong claim.
func (g *guesses) wrong(invoice string, now time.Time) {
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
	if one.at = append(one.at, now); len(one.at) > mostGuesses {
		one.at = one.at[1:]
	}
}
