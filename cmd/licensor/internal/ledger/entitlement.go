package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Entitlement is what one invoice line bought.
type Entitlement struct {
	Invoice      string            `json:"invoice"`
	Email        string            `json:"email"`
	Customer     string            `json:"customer"`
	Product      string            `json:"product"`
	Edition      string            `json:"edition,omitempty"`
	Type         string            `json:"type"`
	Seats        uint64            `json:"seats"`
	Expires      time.Time         `json:"expires,omitzero"` // zero: perpetual
	GraceDays    uint64            `json:"grace_days,omitempty"`
	UpdatesUntil time.Time         `json:"updates_until,omitzero"` // zero: all updates
	MaxVersion   string            `json:"max_version,omitempty"`
	Features     []string          `json:"features,omitempty"`
	Limits       map[string]uint64 `json:"limits,omitempty"`
}

// Terms returns what every license under the entitlement says.
func (e *Entitlement) Terms() format.Terms {
	return format.Terms{
		Type:         e.Type,
		Seats:        e.Seats,
		Invoice:      e.Invoice,
		Customer:     e.Customer,
		Edition:      e.Edition,
		GraceDays:    e.GraceDays,
		UpdatesUntil: seconds(e.UpdatesUntil),
		MaxVersion:   e.MaxVersion,
		Features:     e.Features,
		Limits:       e.Limits,
	}
}

// HardEnd returns when its licenses end, their grace included; zero: never.
func (e *Entitlement) HardEnd() time.Time {
	if e.Expires.IsZero() {
		return e.Expires
	}
	return e.Expires.Add(time.Duration(e.GraceDays) * 24 * time.Hour)
}

// check refuses an entitlement under which no license could be written.
func (e *Entitlement) check(vendor string, now time.Time) error {
	if strings.TrimSpace(e.Email) == "" || !strings.Contains(e.Email, "@") {
		return fmt.Errorf("invalid e-mail address %.64q", e.Email)
	}
	if e.Seats == 0 {
		return errors.New("it has no seats")
	}
	if e.MaxVersion != "" {
		if err := verify.ValidMaxVersion(e.MaxVersion); err != nil {
			return err
		}
	}
	if e.Expires.IsZero() && e.GraceDays > 0 {
		return errors.New("grace needs an end that it comes after")
	}
	if !e.Expires.IsZero() && e.Expires.Before(now) {
		return fmt.Errorf("it would have ended already, on %s", e.Expires.Format(time.DateOnly))
	}
	sample := format.LicenseClaims{
		Issuer: vendor, Activation: "sample", Product: e.Product,
		Expires: seconds(e.HardEnd()), IssuedAt: now.Unix(), Terms: e.Terms(),
	}
	sample.Terms.Epoch = 1
	_, err := sample.Marshal()
	var malformed *format.MalformedError
	if errors.As(err, &malformed) {
		return errors.New(malformed.Reason())
	}
	return err
}

// Entitle records what was bought.
func (l *Ledger) Entitle(ctx context.Context, by Operation, e Entitlement) error {
	if err := e.check(l.vendor, by.Now); err != nil {
		return &Error{Message: "this entitlement cannot be: " + err.Error(), Next: "correct it and try again; nothing was recorded"}
	}
	return l.change(ctx, by, func(tx *sql.Tx) error {
		if _, err := readEntitlement(ctx, tx, e.Invoice); err == nil {
			return &Error{
				Message: fmt.Sprintf("invoice %.64q is in the ledger already", e.Invoice),
				Next:    fmt.Sprintf("look at it with \"licensor list --invoice %s\"; give a second line of the same invoice its own number, such as %s-2", e.Invoice, e.Invoice),
			}
		} else if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		features, err := json.Marshal(e.Features)
		if err != nil {
			return err
		}
		limits, err := json.Marshal(e.Limits)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO entitlements (`+entitlementColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			e.Invoice, e.Email, e.Customer, e.Product, e.Edition, e.Type, int64(e.Seats), seconds(e.Expires),
			int64(e.GraceDays), seconds(e.UpdatesUntil), e.MaxVersion, string(features), string(limits)); err != nil {
			return err
		}
		return record(ctx, tx, by, actionEntitle, e.Invoice, "", e)
	})
}

const entitlementColumns = `invoice, email, customer, product, edition, type, seats, expires,
	grace_days, updates_until, max_version, features, limits`

// querier is what a transaction and a database have in common.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func readEntitlement(ctx context.Context, q querier, invoice string) (*Entitlement, error) {
	row := q.QueryRowContext(ctx, "SELECT "+entitlementColumns+" FROM entitlements WHERE invoice = $1", invoice)
	return scanEntitlement(row)
}

func scanEntitlement(row interface{ Scan(...any) error }) (*Entitlement, error) {
	var e Entitlement
	var expires, updatesUntil int64
	var features, limits []byte
	if err := row.Scan(&e.Invoice, &e.Email, &e.Customer, &e.Product, &e.Edition, &e.Type, &e.Seats, &expires,
		&e.GraceDays, &updatesUntil, &e.MaxVersion, &features, &limits); err != nil {
		return nil, err
	}
	e.Expires, e.UpdatesUntil = timeOf(expires), timeOf(updatesUntil)
	if err := json.Unmarshal(features, &e.Features); err != nil {
		return nil, fmt.Errorf("invoice %.64q: features: %w", e.Invoice, err)
	}
	if err := json.Unmarshal(limits, &e.Limits); err != nil {
		return nil, fmt.Errorf("invoice %.64q: limits: %w", e.Invoice, err)
	}
	return &e, nil
}

// seconds and timeOf store a time as seconds since 1970, the zero time as 0.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func timeOf(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
