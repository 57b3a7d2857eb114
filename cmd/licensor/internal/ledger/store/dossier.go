package store

import (
	"crypto/sha256"
	"encoding/json"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
	"github.com/offlicense/offlicense/format"
)

// Wanted says what is looked up: one of these.
type Wanted struct {
	Invoice    string // as it is on record
	Activation string
	License    format.ID
	Code       string // the comparison code of a request
}

// mostDetailed is of how many activations a dossier has the licenses.
const mostDetailed = 20

// Dossier returns all that is on record of what is wanted, nil if nothing is.
func (t *Tx) Dossier(w Wanted) (*ledger.Dossier, error) {
	d := &ledger.Dossier{Activation: w.Activation, License: w.License}
	if first, last, ok := ledger.HashesOf(w.Code); ok {
		// Newer requests come first: nobody has seen two of one code yet.
		if found, err := t.tx.Row("SELECT id FROM licenses WHERE request_hash >= $1 AND request_hash <= $2 ORDER BY seq DESC LIMIT 1",
			[]any{first, last}, database.Text(&d.License)); err != nil || !found {
			return nil, err
		}
	}
	if d.License != (format.ID{}) {
		if found, err := t.tx.Row("SELECT activation FROM licenses WHERE id = $1", []any{d.License.String()}, &d.Activation); err != nil || !found {
			return nil, err
		}
	}
	invoice := w.Invoice
	if d.Activation != "" {
		if found, err := t.tx.Row("SELECT invoice FROM activations WHERE id = $1", []any{d.Activation}, &invoice); err != nil || !found {
			return nil, err
		}
	}
	if invoice == "" {
		return nil, nil
	}
	holdings, err := t.List(Filter{Invoice: invoice, Ended: true})
	if err != nil || len(holdings) == 0 {
		return nil, err
	}
	d.Holding, invoice = holdings[0], holdings[0].Invoice
	if _, err := t.tx.Row("SELECT seller FROM entitlements WHERE invoice = $1", []any{invoice}, &d.Seller); err != nil {
		return nil, err
	}
	var ids []string
	for _, a := range d.Activations {
		if len(ids) < mostDetailed && (d.Activation == "" || d.Activation == a.ID) {
			ids = append(ids, a.ID)
		}
	}
	d.Licenses, err = t.licensesOf(ids)
	return d, err
}

// licensesOf returns the licenses of activations in the order of their epochs.
func (t *Tx) licensesOf(activations []string) (map[string][]ledger.LicenseRecord, error) {
	all := make(map[string][]ledger.LicenseRecord)
	err := t.tx.RowsIn(`SELECT l.id, l.activation, l.epoch, l.issued, l.hard_end, l.signed_by, l.signer_key, l.need, l.named, l.request_hash,
		COALESCE(r.since, 0), COALESCE(r.why, ''), COALESCE(r.list, 0)
		FROM licenses l LEFT JOIN revocations r ON r.license = l.id WHERE l.activation IN (%s) ORDER BY l.activation, l.epoch`,
		anys(activations), func(scan func(...any) error) error {
			var l ledger.LicenseRecord
			var r ledger.Revocation
			var named, hash []byte
			if err := scan(database.Text(&l.ID), &l.Activation, &l.Epoch, (*database.Time)(&l.Issued), (*database.Time)(&l.HardEnd), &l.SignedBy, &l.SignerKey, &l.Need, &named, &hash,
				(*database.Time)(&r.Since), &r.Why, &r.List); err != nil {
				return err
			}
			var components []format.Component
			if err := json.Unmarshal(named, &components); err != nil {
				return ledger.Damaged("the components of license %s: %v", l.ID, err)
			}
			for _, c := range components {
				l.Components = append(l.Components, c.Label)
			}
			if len(hash) == sha256.Size {
				l.Code = format.ComparisonCode([sha256.Size]byte(hash))
			}
			if !r.Since.IsZero() {
				r.License, r.Activation = l.ID, l.Activation
				l.Revoked = &r
			}
			all[l.Activation] = append(all[l.Activation], l)
			return nil
		})
	return all, err
}
