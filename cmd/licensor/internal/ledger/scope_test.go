package ledger_test

import (
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/scopetest"
)

// An audit finds every license on record that its key was not allowed to sign, whatever
// program has put it there.
func TestAuditFindsWhatIsOutOfScope(t *testing.T) {
	for _, c := range scopetest.Cases() {
		for name, outside := range map[string]bool{"inside": false, "outside": true} {
			t.Run(c.Name+"/"+name, func(t *testing.T) {
				l, _ := newLedger(t)
				entitle(t, l, entitlement())
				if _, err := l.Sign(ctx, operation(), request(t, 1, nil), carelessly(t, c, outside)); err != nil {
					t.Fatal(err)
				}
				r := audited(t, l, nil)
				// What the cases sign is not what was granted, which is another finding.
				r.Findings = slices.DeleteFunc(r.Findings, func(f ledger.Finding) bool { return strings.HasPrefix(f.Text, "the license says ") })
				switch {
				case !outside && !r.OK():
					t.Errorf("found: %v", r.Findings)
				case outside && (len(r.Findings) != 1 || r.Findings[0].Table != "licenses" ||
					!strings.Contains(r.Findings[0].Text, "out-of-scope") || !strings.HasSuffix(r.Findings[0].Text, c.Refusal())):
					t.Errorf("found: %v, want one license out of scope: %s", r.Findings, c.Dimension)
				}
			})
		}
	}
}

// carelessly signs a case of the matrix without looking at the scope.
func carelessly(t *testing.T, c scopetest.Case, outside bool) ledger.Issue {
	return each(func(g ledger.Grant) (format.ID, []byte, string, error) {
		e := g.Entitlement
		license := &format.LicenseClaims{
			Issuer: "acme.example", Activation: g.Activation, Product: e.Product, IssuedAt: now.Unix(), Expires: e.HardEnd().Unix() + 100*24*60*60,
			Terms: e.Terms(),
			Binding: &format.Binding{
				Key: g.Request.Key.Bytes(), Request: g.Request.Hash, Need: 1,
				Components: []format.Component{{Label: format.LabelMachineID, Hash: []byte("machine1")}},
			},
		}
		license.Terms.Epoch, license.Terms.GraceDays = g.Epoch, 0
		delegation := *staff(t).Delegation
		c.License(license)
		if outside {
			c.Outside(&delegation, license)
		} else {
			c.Inside(&delegation, license)
		}
		var err error
		if license.ID, err = format.NewID(rand.Reader); err != nil {
			return format.ID{}, nil, "", err
		}
		payload, err := license.Marshal()
		if err != nil {
			return format.ID{}, nil, "", err
		}
		_, text, err := issuer.Delegate(key(t, 101), key(t, 102).Public(), delegation, rand.Reader)
		if err != nil {
			return format.ID{}, nil, "", err
		}
		rawDelegation, err := format.DecodeTextAs(text, format.Delegation)
		if err != nil {
			return format.ID{}, nil, "", err
		}
		signed, err := format.Seal(format.License, key(t, 102).Public().ID(), payload, key(t, 102).Sign)
		if err != nil {
			return format.ID{}, nil, "", err
		}
		file, err := format.MarshalFile(rawDelegation, signed, nil)
		return license.ID, file, delegation.Name, err
	})
}
