package ledger

import (
	"context"
	"database/sql"
	"encoding/base32"
	"fmt"
	"io"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Activation is the use of one seat by one site.
type Activation struct {
	ID         string    `json:"id"`
	Site       string    `json:"site,omitempty"`
	Host       string    `json:"host,omitempty"`
	MachineKey []byte    `json:"machine_key"` // 32 bytes; the same key is the same site
	Since      time.Time `json:"since"`
}

// Name returns how people are told of the activation: by its id, and by what its
// request called the site and the server.
func (a *Activation) Name() string {
	name := a.ID
	if a.Site != "" {
		name += fmt.Sprintf(" site %q", a.Site)
	}
	if a.Host != "" {
		name += fmt.Sprintf(" on %q", a.Host)
	}
	return name
}

// activationIDSize makes ids of 13 characters: short enough to say, long enough that a
// million of them never meet.
const activationIDSize = 8

func newActivation(random io.Reader, request *verify.Request, now time.Time) (*Activation, error) {
	id := make([]byte, activationIDSize)
	if _, err := io.ReadFull(random, id); err != nil {
		return nil, fmt.Errorf("making an activation id: %w", err)
	}
	return &Activation{
		ID:         base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(id),
		Site:       request.Site,
		Host:       request.Host,
		MachineKey: request.Key.Bytes(),
		Since:      now.UTC().Truncate(time.Second),
	}, nil
}

const activationColumns = "id, site, host, machine_key, since"

func insertActivation(ctx context.Context, tx *sql.Tx, invoice string, a *Activation) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO activations (invoice, "+activationColumns+") VALUES ($1, $2, $3, $4, $5, $6)",
		invoice, a.ID, a.Site, a.Host, a.MachineKey, seconds(a.Since))
	return err
}

func scanActivation(row interface{ Scan(...any) error }) (*Activation, error) {
	var a Activation
	var since int64
	if err := row.Scan(&a.ID, &a.Site, &a.Host, &a.MachineKey, &since); err != nil {
		return nil, err
	}
	a.Since = timeOf(since)
	return &a, nil
}

// activations returns who uses the seats of an invoice, the oldest first.
func activations(ctx context.Context, q querier, invoice string) ([]*Activation, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+activationColumns+" FROM activations WHERE invoice = $1 ORDER BY since, id", invoice)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Activation
	for rows.Next() {
		a, err := scanActivation(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, rows.Err()
}

// License is a license on record.
type License struct {
	ID         format.ID `json:"id"`
	Activation string    `json:"activation"`
	Epoch      uint64    `json:"epoch"`
	Issued     time.Time `json:"issued"`
	Signer     string    `json:"signer"`  // the name of the staff key
	Request    []byte    `json:"request"` // the body that it answers
	File       []byte    `json:"file"`    // the license file's bytes, without the text form
}

const licenseColumns = "id, activation, epoch, issued, signer, request, file"

func insertLicense(ctx context.Context, tx *sql.Tx, requestHash [32]byte, l *License) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO licenses (request_hash, "+licenseColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		requestHash[:], l.ID.String(), l.Activation, int64(l.Epoch), seconds(l.Issued), l.Signer, l.Request, l.File)
	return err
}

func scanLicense(row interface{ Scan(...any) error }) (*License, error) {
	var l License
	var id string
	var issued int64
	if err := row.Scan(&id, &l.Activation, &l.Epoch, &issued, &l.Signer, &l.Request, &l.File); err != nil {
		return nil, err
	}
	var err error
	if l.ID, err = format.ParseID(id); err != nil {
		return nil, err
	}
	l.Issued = timeOf(issued)
	return &l, nil
}
