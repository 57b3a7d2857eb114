package ledger

import "time"

// ReportBy says what each row of a report is about.
type ReportBy string

// What a report is by.
const (
	ByProduct  ReportBy = "product"
	ByMonth    ReportBy = "month"
	ByCustomer ReportBy = "customer"
)

// ReportQuery says what a report counts.
type ReportQuery struct {
	By    ReportBy
	Since time.Time // what happened from then on; zero: from the beginning
	Until time.Time // and before then; zero: up to now
	Now   time.Time
}

// Counts are what a report says of its rows. Sold, Renewed, Canceled and Ended are
// entitlements, and what became of them in the time of the report.
type Counts struct {
	Sold     uint64 `json:"sold"`
	Renewed  uint64 `json:"renewed"` // renewals; one entitlement may have had several
	Canceled uint64 `json:"canceled"`
	Ended    uint64 `json:"ended"`      // with their grace, and were not canceled
	Active   uint64 `json:"active"`     // activations now, of what has not ended; no revoked ones
	Free     uint64 `json:"free_seats"` // now, of what can be activated; none where as many as needed may be
}

// Add adds other counts.
func (c *Counts) Add(other Counts) {
	c.Sold += other.Sold
	c.Renewed += other.Renewed
	c.Canceled += other.Canceled
	c.Ended += other.Ended
	c.Active += other.Active
	c.Free += other.Free
}

// ReportRow is a row of a report.
type ReportRow struct {
	Name string `json:"name"` // a product, a customer, or a month like 2026-11
	Counts
}
