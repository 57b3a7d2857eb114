package audit

import (
	"encoding/hex"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// licenses verifies every license on record, on all processors.
func (a *audit) licenses(v *verify.Verifier) error {
	lists, err := a.lists(v)
	if err != nil || a.missing["licenses"] || a.missing["activations"] || a.missing["entitlements"] {
		return err
	}
	a.begin("verifying licenses", a.signed)
	todo := make(chan *store.LicenseRow, 256)
	var found sync.Mutex
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for l := range todo {
				if text := a.checkLicense(v, lists, l); text != "" {
					found.Lock()
					a.report.add("licenses", l.ID, "", "%s", text)
					found.Unlock()
				}
			}
		})
	}
	err = a.kept.EachLicenseRow(func(l *store.LicenseRow) error {
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

// checkLicense returns what is wrong with a license, empty for nothing.
func (a *audit) checkLicense(v *verify.Verifier, lists map[uint64]*verify.RevocationList, l *store.LicenseRow) string {
	signed, err := ledger.LicenseIn(l.Leaf)
	if err != nil {
		return err.Error()
	}
	file, err := format.ParseFile(signed.File)
	if err != nil {
		return err.Error()
	}
	claims, err := format.UnmarshalLicense(file.License.UnverifiedPayload())
	if err != nil {
		return err.Error()
	}
	facts := verify.Facts{Now: l.Issued, Product: l.Product, AnyMachine: true, Emergency: true}
	// The list that it asks for was in force when it was signed; a later one may have
	// revoked it since.
	if list := lists[claims.Terms.MinRevocation]; list != nil {
		facts.Revocations = []*verify.RevocationList{list}
	}
	got, err := v.Check([]byte(format.EncodeText(format.LicenseFile, signed.File)), facts)
	if err != nil {
		return fmt.Sprintf("the license does not verify: %v", err)
	}
	for _, k := range a.revoked {
		if text := k.judge(file, l.SignerKey, l.Seq); text != "" {
			return text
		}
	}
	_, signer, err := ledger.DelegatedKey(file.Delegation)
	if err != nil {
		return err.Error()
	}
	var request, machine []byte
	if claims.Binding != nil {
		request, machine = claims.Binding.Request[:], claims.Binding.Key
	}
	for _, c := range [...]struct{ name, got, want string }{
		{"id", got.ID.String(), l.ID},
		{"activation", got.Activation, l.Activation},
		{"invoice", got.Invoice, l.Invoice},
		{"signer", got.SignedBy, l.SignedBy},
		{"signer's key", hex.EncodeToString(signer.Bytes()), hex.EncodeToString(l.SignerKey)},
		{"epoch", fmt.Sprint(got.Epoch), fmt.Sprint(l.Epoch)},
		{"end", hardEnd(ledger.TimeOf(claims.Expires)), hardEnd(l.HardEnd)},
		{"request", boundTo(request), boundTo(l.RequestHash)},
		{"machine key", boundTo(machine), boundTo(l.MachineKey)},
	} {
		if c.got != c.want {
			return fmt.Sprintf("the license says %s %q, and the record %q", c.name, c.got, c.want)
		}
	}
	return ""
}

func hardEnd(end time.Time) string {
	if end.IsZero() {
		return "never"
	}
	return end.Format(time.RFC3339)
}

// boundTo writes the hash or the key that a license is bound to.
func boundTo(b []byte) string {
	if len(b) == 0 {
		return "none"
	}
	return hex.EncodeToString(b)
}
