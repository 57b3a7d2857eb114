package site

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// carriedText is a license as a code carries it.
func carriedText(t *testing.T, file []byte, r *Request, withDelegation bool) []byte {
	t.Helper()
	raw, err := format.DecodeTextAs(file, format.LicenseFile)
	if err != nil {
		t.Fatal(err)
	}
	body, err := r.Request.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	carried, err := format.Carry(raw, body, withDelegation)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(format.EncodeText(format.CarriedLicense, carried))
}

func delegationText(t *testing.T) []byte {
	t.Helper()
	raw, err := sitetest.Delegation()
	if err != nil {
		t.Fatal(err)
	}
	return format.EncodeFile(format.Delegation, raw)
}

// TestInstallCarried: what is installed is the whole file, whichever way it came.
func TestInstallCarried(t *testing.T) {
	v := sitetest.Verifier(t)
	s := At(filepath.Join(t.TempDir(), "S"))
	r := request(t, s, options(t))
	later := options(t)
	later.Now = now.Add(1e9)
	request(t, s, later) // one of several
	file := license(t, r, nil)
	o := InstallOptions{Components: cluster(t), Now: now}
	short := carriedText(t, file, r, false)
	if _, err := s.Install(v, short, o); !errors.Is(err, verify.UnknownKey) {
		t.Fatalf("on the first trip, without a delegation: %v", err)
	}
	o.Delegations = [][]byte{delegationText(t)}
	if l, err := s.Judge(v, carriedText(t, file, r, true), program(t), now); err != nil {
		t.Fatalf("judged: %v, %v", l, err)
	}
	for name, text := range map[string][]byte{"with its delegation": carriedText(t, file, r, true), "with the product's": short} {
		os.Remove(s.path(licenseFile))
		if name == "with its delegation" {
			o.Delegations = nil
		} else {
			o.Delegations = [][]byte{delegationText(t)}
		}
		if _, err := s.Install(v, text, o); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := os.ReadFile(s.path(licenseFile)); err != nil || !bytes.Equal(got, file) {
			t.Errorf("%s: installed\n%s, %v\nwant\n%s", name, got, err, file)
		}
	}
	o.Delegations = nil
	renewed := license(t, r, func(l *format.LicenseClaims) { l.ID[0]++; l.Terms.Epoch = 2 })
	// A file of another name is found by what is in it.
	if err := os.Rename(r.Path, filepath.Join(filepath.Dir(r.Path), "backup"+requestExt)); err != nil {
		t.Fatal(err)
	}
	l, err := s.Install(v, carriedText(t, renewed, r, false), o)
	if err != nil || l.Epoch != 2 {
		t.Errorf("by the delegation that the site has met: %v, %v", l, err)
	}
	if l, err := s.Install(v, short, o); !errors.Is(err, verify.Superseded) {
		t.Errorf("the earlier one again: %v, %v", l, err)
	}
	o.Delegations = [][]byte{short}
	if _, err := s.Install(v, short, o); err == nil || errors.As(err, new(*verify.Refusal)) {
		t.Errorf("what the product came with is no delegation: %v", err)
	}
}

func TestCarriedElsewhere(t *testing.T) {
	v := sitetest.Verifier(t)
	s := At(filepath.Join(t.TempDir(), "S"))
	r := request(t, s, options(t))
	short := carriedText(t, license(t, r, nil), r, true)
	o := InstallOptions{Components: cluster(t), Now: now}
	other := At(filepath.Join(t.TempDir(), "S"))
	if _, err := other.Install(v, short, o); !errors.Is(err, ErrNoRequest) {
		t.Errorf("where none was asked: %v", err)
	}
	request(t, other, options(t))
	_, err := other.Install(v, short, o)
	if refusal := new(verify.Refusal); !errors.As(err, &refusal) || refusal.Reason != verify.WrongSite || refusal.Hint() == "" {
		t.Errorf("where another was asked: %v", err)
	}
	if _, err := os.Stat(other.path(licenseFile)); err == nil {
		t.Error("something was installed")
	}
}
