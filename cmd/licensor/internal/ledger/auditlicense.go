package ledger

import (
	"database/sql"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// auditedLicense is a license and what the tables say of it.
type auditedLicense struct {
	id, activation, invoice, product, signer string
	epoch                                    uint64
	issued                                   unixTime
	leaf                                     []byte // the event that signed it
}

// licenses verifies every license on record, on all processors.
func (a *audit) licenses(v *verify.Verifier) error {
	lists, err := a.lists(v)
	if err != nil {
		return err
	}
	a.begin("verifying licenses", a.signed)
	todo := make(chan *auditedLicense, 256)
	var found sync.Mutex
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for l := range todo {
				if text := l.check(v, lists); text != "" {
					found.Lock()
					a.report.add("licenses", l.id, "", "%s", text)
					found.Unlock()
				}
			}
		})
	}
	err = a.kept.each(`SELECT l.id, l.activation, a.invoice, e.product, l.signer, l.epoch, l.issued, s.event
		FROM licenses l JOIN activations a ON a.id = l.activation JOIN entitlements e ON e.invoice = a.invoice
		JOIN events s ON s.seq = l.seq ORDER BY l.id`, nil,
		func(rows *sql.Rows) error {
			l := new(auditedLicense)
			if err := rows.Scan(&l.id, &l.activation, &l.invoice, &l.product, &l.signer, &l.epoch, &l.issued, &l.leaf); err != nil {
				return err
			}
			a.report.Licenses++
			a.advance()
			todo <- l
			return nil
		})
	close(todo)
	workers.Wait()
	return err
}

// check returns what is wrong with a license, empty for nothing.
func (l *auditedLicense) check(v *verify.Verifier, lists map[uint64]*verify.RevocationList) string {
	signed, err := licenseIn(l.leaf)
	if err != nil {
		return err.Error()
	}
	text := format.EncodeText(format.LicenseFile, signed.File)
	facts := verify.Facts{Now: time.Time(l.issued), Product: l.product, AnyMachine: true, Emergency: true}
	if list := lists[leastList(signed.File)]; list != nil {
		facts.Revocations = []*verify.RevocationList{list}
	}
	got, err := v.Check([]byte(text), facts)
	if err != nil {
		return fmt.Sprintf("the license does not verify: %v", err)
	}
	for _, c := range [...]struct{ name, got, want string }{
		{"id", got.ID.String(), l.id},
		{"activation", got.Activation, l.activation},
		{"invoice", got.Invoice, l.invoice},
		{"signer", got.SignedBy, l.signer},
		{"epoch", fmt.Sprint(got.Epoch), fmt.Sprint(l.epoch)},
	} {
		if c.got != c.want {
			return fmt.Sprintf("the license says %s %q, and the record %q", c.name, c.got, c.want)
		}
	}
	return ""
}

// leastList returns the number of the revocation list that a license asks for. That one
// was in force when it was signed; a later one may have revoked it since.
func leastList(raw []byte) uint64 {
	file, err := format.ParseFile(raw)
	if err != nil {
		return 0
	}
	claims, err := format.UnmarshalLicense(file.License.UnverifiedPayload())
	if err != nil {
		return 0
	}
	return claims.Terms.MinRevocation
}
