package site

import (
	"path/filepath"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/scopetest"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// TestScopeMatrix: what a delegation bounds is refused on every path of a license into a
// site.
func TestScopeMatrix(t *testing.T) {
	var s *State
	claims := func(t *testing.T) (*format.DelegationClaims, *format.LicenseClaims) {
		s = At(filepath.Join(t.TempDir(), "S"))
		l, err := sitetest.Answer(request(t, s, options(t)).Text)
		if err != nil {
			t.Fatal(err)
		}
		return sitetest.DelegationClaims(), l
	}
	for name, open := range map[string]func(*testing.T, []byte) error{
		"install": func(t *testing.T, text []byte) error {
			_, err := s.Install(sitetest.Verifier(t), text, InstallOptions{Components: cluster(t), Now: now})
			if installed := s.installed(sitetest.Verifier(t)) != nil; installed != (err == nil) {
				t.Errorf("installed: %v, and the error is %v", installed, err)
			}
			return err
		},
		"judge": func(t *testing.T, text []byte) error {
			_, err := s.Judge(sitetest.Verifier(t), text, program(t), now)
			return err
		},
		"check": func(t *testing.T, text []byte) error {
			put(t, s, licenseFile, text)
			_, err := Check(s.Dir(), sitetest.Verifier(t), program(t), now)
			return err
		},
		"installed": func(t *testing.T, text []byte) error {
			put(t, s, licenseFile, text)
			_, err := s.Installed(sitetest.Verifier(t), InstallOptions{Components: cluster(t), Now: now})
			return err
		},
		"release": func(t *testing.T, text []byte) error {
			put(t, s, licenseFile, text)
			_, err := s.Release(releaseOptions(t))
			if err == ErrNotBound { // all the same within its scope
				return nil
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			scopetest.Run(t, scopetest.Path{Claims: claims, Open: func(t *testing.T, d *format.DelegationClaims, l *format.LicenseClaims) error {
				text, err := sitetest.SealUnder(d, l)
				if err != nil {
					t.Fatal(err)
				}
				return open(t, text)
			}})
		})
	}
}
