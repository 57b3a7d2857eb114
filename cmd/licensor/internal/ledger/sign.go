package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Offer is what the rules say to a request.
type Offer struct {
	Entitlement *Entitlement
	SeatsUsed   uint64      // by all activations of the entitlement
	Activation  *Activation // the site's own, nil if it has no seat yet
	Epoch       uint64      // of the license that would be written
	License     *License    // what the same request got before; nil: nothing
}

// Preview says what Sign would do, and changes nothing. The error is a *Refusal if the
// rules give no license.
func (l *Ledger) Preview(ctx context.Context, request *verify.Request, now time.Time) (*Offer, error) {
	offer, err := judge(ctx, l.db, request, now)
	if err == nil && offer.License == nil {
		err = checkClock(ctx, l.db, now)
	}
	if err != nil {
		return nil, l.explain(err)
	}
	return offer, nil
}

// Grant is a license that the rules allow and nobody has signed yet.
type Grant struct {
	Entitlement *Entitlement
	Activation  string
	Epoch       uint64
	Request     *verify.Request
}

// Issue writes and signs the license of a grant. It returns the license file's bytes.
type Issue func(Grant) (id format.ID, file []byte, signer string, err error)

// Sign gives a request its seat and its license. Both are recorded in one durable
// transaction before the license is returned; a request that has been signed before
// gets the very same license again.
func (l *Ledger) Sign(ctx context.Context, by Operation, request *verify.Request, issue Issue) (*License, error) {
	var license *License
	err := l.change(ctx, by, func(tx *sql.Tx) error {
		offer, err := judge(ctx, tx, request, by.Now)
		if err != nil {
			return err
		}
		if offer.License != nil {
			license = offer.License
			return nil
		}
		activation := offer.Activation
		if activation == nil {
			if activation, err = newActivation(by.Random, request, by.Now); err != nil {
				return err
			}
			if err := insertActivation(ctx, tx, request.Invoice, activation); err != nil {
				return err
			}
		}
		id, file, signer, err := issue(Grant{offer.Entitlement, activation.ID, offer.Epoch, request})
		if err != nil {
			return err
		}
		license = &License{
			ID: id, Activation: activation.ID, Epoch: offer.Epoch, Issued: by.Now.UTC().Truncate(time.Second),
			Signer: signer, Request: request.Body, File: file,
		}
		if err := insertLicense(ctx, tx, request.Hash, license); err != nil {
			return err
		}
		return record(ctx, tx, by, actionSign, request.Invoice, activation.ID, signDetail{activation, license})
	})
	if err != nil {
		return nil, err
	}
	return license, nil
}

// signDetail is what a sign event says.
type signDetail struct {
	Activation *Activation `json:"activation"`
	License    *License    `json:"license"`
}

// judge applies the rules of licensing to a request.
func judge(ctx context.Context, q querier, request *verify.Request, now time.Time) (*Offer, error) {
	e, err := readEntitlement(ctx, q, request.Invoice)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	if err != nil || format.AccountHash(e.Invoice, e.Email) != request.Account {
		return nil, &Refusal{RuleClaim,
			fmt.Sprintf("no entitlement has the invoice %.64q and the e-mail address that the request was made with", request.Invoice),
			"compare both with the customer, who makes a new request with the right ones; \"licensor list\" shows what was sold"}
	}
	offer := &Offer{Entitlement: e}
	used, err := activations(ctx, q, e.Invoice)
	if err != nil {
		return nil, err
	}
	offer.SeatsUsed = uint64(len(used))
	if i := slices.IndexFunc(used, func(a *Activation) bool { return bytes.Equal(a.MachineKey, request.Key.Bytes()) }); i >= 0 {
		offer.Activation = used[i]
	}
	if offer.License, err = licenseFor(ctx, q, request.Hash); err != nil || offer.License != nil {
		return offer, err
	}
	if err := checkRules(e, used, offer.Activation, request, now); err != nil {
		return nil, err
	}
	offer.Epoch, err = nextEpoch(ctx, q, offer.Activation)
	return offer, err
}

func checkRules(e *Entitlement, used []*Activation, own *Activation, request *verify.Request, now time.Time) error {
	switch {
	case request.Product != e.Product:
		return &Refusal{RuleProduct,
			fmt.Sprintf("the request is for %s, and invoice %q bought %s", request.Product, e.Invoice, e.Product),
			"the customer makes a new request with --product " + e.Product}
	case request.Type != e.Type:
		return &Refusal{RuleType,
			fmt.Sprintf("the request is for a %s license, and invoice %q bought %s", request.Type, e.Invoice, e.Type),
			"the customer makes a new request with --type " + e.Type + ", or with the invoice that bought " + request.Type}
	case !e.Expires.IsZero() && (now.After(e.Expires) || !now.Before(e.HardEnd())):
		return &Refusal{RuleTerm,
			fmt.Sprintf("invoice %q ended on %s", e.Invoice, e.Expires.Format(time.DateOnly)),
			"sales records the renewal under its own invoice, and the customer makes a request with that"}
	case own == nil && uint64(len(used)) >= e.Seats:
		return &Refusal{RuleSeats,
			fmt.Sprintf("no seat of invoice %q is free, %d of %d are in use: %s", e.Invoice, len(used), e.Seats, holders(used)),
			"sales sells another seat, or the customer goes on using the site that has it"}
	}
	return nil
}

// holders names who has the seats, and since when.
func holders(used []*Activation) string {
	const most = 3
	var names []string
	for _, a := range used[:min(len(used), most)] {
		names = append(names, fmt.Sprintf("%s since %s", a.Name(), a.Since.Format(time.DateOnly)))
	}
	if more := len(used) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return join(names)
}

// licenseFor returns the license that a request got before, nil if it got none.
func licenseFor(ctx context.Context, q querier, requestHash [32]byte) (*License, error) {
	license, err := scanLicense(q.QueryRowContext(ctx, "SELECT "+licenseColumns+" FROM licenses WHERE request_hash = $1", requestHash[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return license, err
}

func nextEpoch(ctx context.Context, q querier, a *Activation) (uint64, error) {
	if a == nil {
		return 1, nil
	}
	var epoch uint64
	err := q.QueryRowContext(ctx, "SELECT COALESCE(MAX(epoch), 0) + 1 FROM licenses WHERE activation = $1", a.ID).Scan(&epoch)
	return epoch, err
}
