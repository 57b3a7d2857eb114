package audit

import (
	"fmt"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// signedRelease is a release that the machine key on record has signed.
type signedRelease struct {
	license format.ID
	key     keys.PublicKey
	days    uint64
}

// openRelease checks a release by the machine key that is on record for the license that
// it names.
func (s *state) openRelease(raw []byte) (*signedRelease, error) {
	var signed signedRelease
	var of *activation
	release, err := verify.OpenRelease([]byte(format.EncodeText(format.Release, raw)), func(id format.ID) (key keys.PublicKey, err error) {
		l := s.licenses.find(id)
		if l == nil || l.activation == nil {
			return key, fmt.Errorf("the license %s is not on record", id)
		}
		of = l.activation
		signed.key, err = keys.NewPublicKey(of.machineKey())
		return signed.key, err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("the release does not verify: %w", err)
	case release.Vendor != s.vendor || release.Activation != of.id():
		return nil, fmt.Errorf("the release gives the activation %.64q back to %.64q, and its license is one of %s", release.Activation, release.Vendor, of.id())
	}
	signed.license, signed.days = release.License, release.EmergencyDays
	return &signed, nil
}
