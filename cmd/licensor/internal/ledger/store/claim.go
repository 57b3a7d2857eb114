package store

import (
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
	"github.com/offlicense/offlicense/verify"
)

// Claim is what is on record of the claim that a request makes.
type Claim struct {
	Recorded  bool     // the request has got a license
	Known     bool     // its machine key is that of an active site of the invoice, or of a bridge
	Addresses []string // to which the invoice was sold; none: there is no such invoice, or they were forgotten
}

// Claims looks up what requests claim by the same statements, whatever it is: an invoice that
// there is not is asked for like one that was sold to somebody else.
func (t *Tx) Claims(requests []*verify.Request) ([]Claim, error) {
	type site struct{ invoice, key string }
	recorded, known, addresses := make(map[string]bool), make(map[site]bool), make(map[string][]string)
	var hashes, sites []any
	var invoices []string
	for _, q := range requests {
		hashes = append(hashes, q.Hash[:])
		sites = append(sites, q.Invoice, q.Key.Bytes())
		invoices = append(invoices, q.Invoice)
	}
	slices.Sort(invoices)
	named := anys(invoices)
	if err := t.tx.RowsIn("SELECT request_hash FROM licenses WHERE request_hash IN (%s)", hashes,
		database.Column(func(hash []byte) { recorded[string(hash)] = true })); err != nil {
		return nil, err
	}
	if err := t.tx.RowsFor("SELECT a.invoice, a.machine_key FROM asked JOIN activations a ON a.invoice = asked.a AND a.machine_key = asked.b WHERE a.state IN ('active', 'bridge')",
		2, sites, func(scan func(...any) error) error {
			var invoice string
			var key []byte
			err := scan(&invoice, &key)
			known[site{invoice, string(key)}] = true
			return err
		}); err != nil {
		return nil, err
	}
	sold := func(invoice, address string) { // more than once, see eachTuple
		if !slices.Contains(addresses[invoice], address) {
			addresses[invoice] = append(addresses[invoice], address)
		}
	}
	// An invoice that there is not gets an address, too, and it is left out here: so it takes as
	// long as one that was sold to somebody else.
	if err := t.tx.RowsFor("SELECT asked.a, m.address, CASE WHEN e.account IS NULL THEN 0 ELSE 1 END FROM asked LEFT JOIN entitlements e ON e.invoice = asked.a "+
		"JOIN emails m ON m.account = COALESCE(e.account, (SELECT account FROM emails ORDER BY account LIMIT 1))",
		1, named, database.Columns3(func(invoice, address string, there int64) {
			if there != 0 {
				sold(invoice, address)
			}
		})); err != nil {
		return nil, err
	}
	if err := t.tx.RowsIn("SELECT d.invoice, m.address FROM addresses d JOIN emails m ON m.account = d.account WHERE d.invoice IN (%s)", named, func(scan func(...any) error) error {
		var invoice, address string
		err := scan(&invoice, &address)
		sold(invoice, address)
		return err
	}); err != nil {
		return nil, err
	}
	all := make([]Claim, len(requests))
	for i, q := range requests {
		all[i] = Claim{recorded[string(q.Hash[:])], known[site{q.Invoice, string(q.Key.Bytes())}], addresses[q.Invoice]}
	}
	return all, nil
}

// NewestNumber returns the number of the newest revocation list, 0 if there is none.
func (t *Tx) NewestNumber() (n int64, err error) {
	_, err = t.tx.Row("SELECT COALESCE(MAX(number), 0) FROM revocation_lists", nil, &n)
	return n, err
}

// Load is how much a key has signed.
type Load struct {
	Living   int   // licenses that have not ended: a revocation list that takes the key back names them
	LastHour int   // licenses
	Seq      int64 // of the event with the newest one; 0: there is none
}

// Load counts what a key has signed by a name since an event.
func (t *Tx) Load(name string, key []byte, since int64, now time.Time) (l Load, err error) {
	_, err = t.tx.Row("SELECT COALESCE(SUM(CASE WHEN hard_end = 0 OR hard_end > $4 THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN issued > $5 THEN 1 ELSE 0 END), 0), COALESCE(MAX(seq), 0) FROM licenses WHERE signed_by = $1 AND signer_key = $2 AND seq > $3",
		[]any{name, key, since, now.Unix(), now.Add(-time.Hour).Unix()}, &l.Living, &l.LastHour, &l.Seq)
	return l, err
}
