package store

import (
	"time"

	"github.com/offlicense/offlicense/verify"
)

// Claim is what is on record of the claim that a request makes.
type Claim struct {
	Recorded  bool     // the request has got a license
	Known     bool     // its machine key is that of an active site of the invoice, or of a bridge
	Addresses []string // to which the invoice was sold; none: there is no such invoice, or they were forgotten
}

// Claim looks a claim up by three statements, whatever it claims: for an invoice that there is
// not as for one that was sold to somebody else. It reads nothing but an address more of that.
func (t *Tx) Claim(q *verify.Request) (*Claim, error) {
	var one int
	c := new(Claim)
	var err error
	if c.Recorded, err = t.row("SELECT 1 FROM licenses WHERE request_hash = $1 LIMIT 1", []any{q.Hash[:]}, &one); err != nil {
		return nil, err
	}
	if c.Known, err = t.row("SELECT 1 FROM activations WHERE invoice = $1 AND machine_key = $2 AND state IN ('active', 'bridge') LIMIT 1", []any{q.Invoice, q.Key.Bytes()}, &one); err != nil {
		return nil, err
	}
	const addresses = "SELECT m.address FROM entitlements e JOIN emails m ON m.account = e.account WHERE e.invoice = $1 " +
		"UNION ALL SELECT m.address FROM addresses d JOIN emails m ON m.account = d.account WHERE d.invoice = $1"
	return c, t.each(addresses, []any{q.Invoice}, values(&c.Addresses))
}

// Load is how much a key has signed.
type Load struct {
	Living   int // licenses that have not ended: a revocation list that takes the key back names them
	LastHour int // licenses
}

// Load counts what a key has signed by a name.
func (t *Tx) Load(name string, key []byte, now time.Time) (l Load, err error) {
	_, err = t.row("SELECT COALESCE(SUM(CASE WHEN hard_end = 0 OR hard_end > $3 THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN issued > $4 THEN 1 ELSE 0 END), 0) FROM licenses WHERE signed_by = $1 AND signer_key = $2",
		[]any{name, key, now.Unix(), now.Add(-time.Hour).Unix()}, &l.Living, &l.LastHour)
	return l, err
}
