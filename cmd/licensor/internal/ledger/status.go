package ledger

import "time"

// Standing is what staff have made of a sale.
type Standing string

// The standings of a sale; empty is that of most.
const (
	StandingSuspended Standing = "suspended" // nothing new is signed until it is resumed
	StandingCanceled  Standing = "canceled"  // nothing is signed any more, and its licenses are revoked
)

// Status is the state of a sale or of an activation at a time, as people and programs are
// told of it. It follows from what is on record, and is recorded nowhere.
type Status string

// The states. Those of an activation that was closed are called as its State is.
const (
	StatusActive      Status = "active"
	StatusStandby     Status = "standby" // type failover: it runs while an emergency is declared
	StatusBridge      Status = "bridge"  // until its license ends
	StatusGrace       Status = "grace"   // the end is past, and its days of grace run
	StatusEnded       Status = "ended"
	StatusRevoked     Status = "revoked"   // of an activation: its newest license is
	StatusSuspended   Status = "suspended" // of a sale; licenses that were signed before run on
	StatusCanceled    Status = "canceled"  // of a sale
	StatusReleased    Status = Status(StateReleased)
	StatusDeactivated Status = Status(StateDeactivated)
	StatusVoid        Status = Status(StateVoid)
)

// Statuses are all of them.
var Statuses = []Status{StatusActive, StatusStandby, StatusBridge, StatusGrace, StatusEnded, StatusRevoked,
	StatusSuspended, StatusCanceled, StatusReleased, StatusDeactivated, StatusVoid}

// SaleStatuses are those that a sale may have.
var SaleStatuses = []Status{StatusActive, StatusStandby, StatusGrace, StatusEnded, StatusSuspended, StatusCanceled}

// Standing reports whether it is what staff have made of a sale, and no time changes it.
func (s Status) Standing() bool { return s == StatusSuspended || s == StatusCanceled }

// Closed reports whether it is that of an activation that has left its seat.
func (s Status) Closed() bool {
	return s == StatusReleased || s == StatusDeactivated || s == StatusVoid
}

// Status returns the state of a sale.
func (e *Entitlement) Status(now time.Time) Status {
	switch e.Standing {
	case StandingCanceled:
		return StatusCanceled
	case StandingSuspended:
		return StatusSuspended
	}
	return running(e.HardEnd(), e, now)
}

// Status returns the state of an activation of a sale.
func (h *Held) Status(of *Entitlement, now time.Time) Status {
	switch {
	case h.State != StateActive && h.State != StateBridge:
		return Status(h.State)
	case !h.Revoked.IsZero():
		return StatusRevoked
	case h.State == StateActive:
		return running(h.License.HardEnd, of, now)
	case h.License.HardEnd.After(now):
		return StatusBridge
	}
	return StatusEnded
}

// running returns the state of what ends at a time, the grace of its sale included.
func running(hardEnd time.Time, of *Entitlement, now time.Time) Status {
	grace := time.Duration(of.GraceDays) * 24 * time.Hour
	switch {
	case !hardEnd.IsZero() && !hardEnd.After(now):
		return StatusEnded
	case !hardEnd.IsZero() && !now.Before(hardEnd.Add(-grace)):
		return StatusGrace
	case of.Type == TypeFailover:
		return StatusStandby
	}
	return StatusActive
}
