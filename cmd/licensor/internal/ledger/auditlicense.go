package ledger

import (
	"database/sql"
	"encoding/hex"
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
	expires                                  int64 // 0: never
	seq                                      int64
	requestHash, machineKey                  []byte // none: bound to nothing
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
				if text := l.check(v, lists, a.revoked); text != "" {
					found.Lock()
					a.report.add("licenses", l.id, "", "%s", text)
					found.Unlock()
				}
			}
		})
	}
	err = a.kept.each(`SELECT l.id, l.activation, a.invoice, e.product, l.signer, l.epoch, l.issued, l.expires, l.request_hash, a.machine_key, l.seq, s.event
		FROM licenses l JOIN activations a ON a.id = l.activation JOIN entitlements e ON e.invoice = a.invoice
		JOIN events s ON s.seq = l.seq ORDER BY l.id`, nil,
		func(rows *sql.Rows) error {
			l := new(auditedLicense)
			if err := rows.Scan(&l.id, &l.activation, &l.invoice, &l.product, &l.signer, &l.epoch, &l.issued, &l.expires, &l.requestHash, &l.machineKey, &l.seq, &l.leaf); err != nil {
				return err
			}
			a.report.Licenses++
			a.advance()
			todo <- l
			return nil
		})
	close(todo)
	workers.Wait()
	for _, k := range a.revoked {
		a.auditKeep(k)
	}
	return err
}

// check returns what is wrong with a license, empty for nothing.
func (l *auditedLicense) check(v *verify.Verifier, lists map[uint64]*verify.RevocationList, revoked []*auditedKey) string {
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
	if text := judgeSigner(revoked, signed.File, l.seq); text != "" {
		return text
	}
	claims, err := licenseClaims(signed.File)
	if err != nil {
		return err.Error()
	}
	var request, machine []byte
	if claims.Binding != nil {
		request, machine = claims.Binding.Request[:], claims.Binding.Key
	}
	for _, c := range [...]struct{ name, got, want string }{
		{"id", got.ID.String(), l.id},
		{"activation", got.Activation, l.activation},
		{"invoice", got.Invoice, l.invoice},
		{"signer", got.SignedBy, l.signer},
		{"epoch", fmt.Sprint(got.Epoch), fmt.Sprint(l.epoch)},
		{"end", hardEnd(claims.Expires), hardEnd(l.expires)},
		{"request", boundTo(request), boundTo(l.requestHash)},
		{"machine key", boundTo(machine), boundTo(l.machineKey)},
	} {
		if c.got != c.want {
			return fmt.Sprintf("the license says %s %q, and the record %q", c.name, c.got, c.want)
		}
	}
	return ""
}

func hardEnd(seconds int64) string {
	if seconds == 0 {
		return "never"
	}
	return timeOf(seconds).Format(time.RFC3339)
}

// boundTo writes the hash or the key that a license is bound to.
func boundTo(b []byte) string {
	if len(b) == 0 {
		return "none"
	}
	return hex.EncodeToString(b)
}

// leastList returns the number of the revocation list that a license asks for. That one
// was in force when it was signed; a later one may have revoked it since.
func leastList(raw []byte) uint64 {
	claims, err := licenseClaims(raw)
	if err != nil {
		return 0
	}
	return claims.Terms.MinRevocation
}

// licenseClaims reads a license file without checking who signed it.
func licenseClaims(raw []byte) (*format.LicenseClaims, error) {
	file, err := format.ParseFile(raw)
	if err != nil {
		return nil, err
	}
	return format.UnmarshalLicense(file.License.UnverifiedPayload())
}
