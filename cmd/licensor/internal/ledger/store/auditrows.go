package store

import "time"

// LicenseRow is what the tables say of a license, for the audit.
type LicenseRow struct {
	ID, Activation, Invoice, Product, SignedBy string
	Epoch                                      uint64
	Issued, HardEnd                            time.Time // HardEnd zero: never
	SignerKey                                  []byte
	RequestHash, MachineKey                    []byte // none: bound to nothing
	Seq                                        int64
	Leaf                                       []byte // the event that signed it
}

// EachLicenseRow calls f for every license of an activation that was sold.
func (t *Tx) EachLicenseRow(f func(*LicenseRow) error) error {
	return t.each(`SELECT l.id, l.activation, a.invoice, e.product, l.signed_by, l.signer_key, l.epoch, l.issued, l.hard_end, l.request_hash, a.machine_key, l.seq, s.event
		FROM licenses l JOIN activations a ON a.id = l.activation JOIN entitlements e ON e.invoice = a.invoice
		JOIN events s ON s.seq = l.seq ORDER BY l.id`, nil, func(scan func(...any) error) error {
		r := new(LicenseRow)
		if err := scan(&r.ID, &r.Activation, &r.Invoice, &r.Product, &r.SignedBy, &r.SignerKey, &r.Epoch, (*unixTime)(&r.Issued), (*unixTime)(&r.HardEnd),
			&r.RequestHash, &r.MachineKey, &r.Seq, &r.Leaf); err != nil {
			return err
		}
		return f(r)
	})
}

// ListRow is what the tables say of a revocation list, for the audit.
type ListRow struct {
	Number    uint64
	Issued    time.Time
	SignedBy  string
	SignerKey []byte // of a delegated key; none: a root
	Seq       int64
	Leaf      []byte // the event that published it
}

// EachList calls f for every revocation list, the oldest first.
func (t *Tx) EachList(f func(*ListRow) error) error {
	return t.each("SELECT r.number, r.issued, r.signed_by, r.signer_key, r.seq, s.event FROM revocation_lists r JOIN events s ON s.seq = r.seq ORDER BY r.number",
		nil, func(scan func(...any) error) error {
			r := new(ListRow)
			if err := scan(&r.Number, (*unixTime)(&r.Issued), &r.SignedBy, &r.SignerKey, &r.Seq, &r.Leaf); err != nil {
				return err
			}
			return f(r)
		})
}
