package ledger

import "time"

// Page is one page of entitlements, without their activations.
type Page struct {
	Holdings []Holding
	Next     string // names the page behind it; "": it is the last one
}

// EndingPage is one page of what ends, in the order of the ends.
type EndingPage struct {
	Endings []Ending
	Next    string // as in Page
}

// Buyer is a customer in a list.
type Buyer struct {
	Name    string
	Partner bool
	Sales   int // at most MostSales are counted
}

// MostSales is up to how many sales of a customer are counted for a list.
const MostSales = 100

// Bridge is an activation that runs on a bridge.
type Bridge struct {
	Activation string // of the new server
	From       string // whose seat it gets
	Invoice    string
	Until      time.Time
	Waits      bool // the seat is free, and waits for the new server's request
}

// Month is what a month has seen, or will see as things stand.
type Month struct {
	Begin  time.Time
	Sold   uint64 // entitlements that were sold in it and still stand
	Active uint64 // activations at its end (of this month: now) of what has not ended by then
	Ending uint64 // entitlements that end in it, before their grace, and were not canceled
}
