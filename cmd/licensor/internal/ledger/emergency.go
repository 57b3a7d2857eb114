package ledger

import (
	"database/sql"
	"fmt"
	"math"
	"math/bits"

	"github.com/offlicense/offlicense/format"
)

// The days of emergency of an entitlement of type failover. So many are sold for each
// seat, and no day is used twice: a license carries what is left for its activation,
// and what an activation carries is nobody else's until it is closed. Then what it has
// used stays used.
//
// The number in a license is of all emergencies of its activation: a site counts on
// under the next license (verify/site). So a renewal carries again what the last one
// did, the days used until then included.

// TotalEmergencyDays returns the days of emergency of all seats together.
func (e *Entitlement) TotalEmergencyDays() uint64 {
	if e.Type != failover {
		return 0
	}
	high, low := bits.Mul64(e.Seats, e.EmergencyDays)
	if high > 0 {
		return math.MaxUint64
	}
	return low
}

// carriedDays returns, by active activation of an invoice, the most days that any of
// its licenses carries: an older one may still be installed. The licenses themselves
// are asked; the grants of this batch are noted in the same map.
func (v *view) carriedDays(invoice string) (map[string]uint64, error) {
	if carried, known := v.days[invoice]; known {
		return carried, nil
	}
	carried := make(map[string]uint64)
	query := `SELECT s.event FROM activations a JOIN licenses l ON l.activation = a.id JOIN events s ON s.seq = l.seq
		WHERE a.invoice = $1 AND a.state IN ('active', 'bridge') AND a.state = 'active'`
	err := v.each(query, []any{invoice}, func(rows *sql.Rows) error {
		var leaf []byte
		if err := rows.Scan(&leaf); err != nil {
			return err
		}
		l, err := licenseIn(leaf)
		if err != nil {
			return err
		}
		days, err := l.emergencyDays()
		carried[l.Activation] = max(carried[l.Activation], days)
		return err
	})
	if err != nil {
		return nil, err
	}
	v.days[invoice] = carried
	return carried, nil
}

// emergencyDays returns the days that a license carries.
func (l *License) emergencyDays() (uint64, error) {
	file, err := format.ParseFile(l.File)
	if err != nil {
		return 0, damaged("license %s: %v", l.ID, err)
	}
	claims, err := format.UnmarshalLicense(file.License.UnverifiedPayload())
	if err != nil {
		return 0, damaged("license %s: %v", l.ID, err)
	}
	return claims.Terms.EmergencyDays, nil
}

// daysLeft returns the days that the next license of an activation carries; "" is one
// that is about to begin.
func (v *view) daysLeft(e *sold, activation string) (uint64, error) {
	if e.Type != failover {
		return 0, nil
	}
	carried, err := v.carriedDays(e.Invoice)
	if err != nil {
		return 0, err
	}
	left := e.TotalEmergencyDays() - min(e.TotalEmergencyDays(), e.usage.EmergencyDays)
	for id, days := range carried {
		if id != activation {
			// Where fewer are sold than before, the next license carries no more.
			left -= min(left, days, e.EmergencyDays)
		}
	}
	return min(left, e.EmergencyDays), nil
}

// checkDaysLeft refuses where daysLeft are none: a license that carries none would not
// be limited.
func (v *view) checkDaysLeft(e *sold, activation string) (uint64, error) {
	left, err := v.daysLeft(e, activation)
	if err != nil || left > 0 || e.Type != failover {
		return left, err
	}
	total, used := e.TotalEmergencyDays(), e.usage.EmergencyDays
	next := fmt.Sprintf("sales sells more, and records them with \"licensor amend %s --emergency-days N\"", e.Invoice)
	if used >= total {
		return 0, refuse(RuleEmergency, liftSales, next, "no day of emergency of invoice %q is left; used up: %d of %d", e.Invoice, used, total)
	}
	return 0, refuse(RuleEmergency, liftSales, next+"; or a server that has some gives its license up (\"licensor release\")",
		"no day of emergency of invoice %q is left; used up: %d of %d, and other active servers have the rest", e.Invoice, used, total)
}

// daysUsed returns the days that an activation which is closed has used, by what it
// says itself: no more than it ever had.
func (v *view) daysUsed(a *activationRow, claimed uint64) (uint64, error) {
	e, err := v.mustBeSold(a.invoice)
	if err != nil || e.Type != failover {
		return 0, err
	}
	carried, err := v.carriedDays(a.invoice)
	return min(claimed, carried[a.ID]), err
}
