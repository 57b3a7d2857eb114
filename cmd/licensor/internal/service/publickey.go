package service

import (
	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// OnePublicKey returns the key of a file with one public line.
func OnePublicKey(file []byte) (keys.NamedKey, error) {
	named, err := keys.ParsePublicFile(file)
	if err != nil {
		return keys.NamedKey{}, err
	}
	if len(named) > 1 {
		return keys.NamedKey{}, hint.Errorf("got %d public keys, want 1", len(named)).
			WithHint("give a file with one line that starts with ssh-ed25519")
	}
	return named[0], nil
}

// ValidVendor refuses what is no vendor's domain.
func ValidVendor(name string) error {
	d := format.DelegationClaims{Issuer: name, Name: "any", Expires: 1, Key: make([]byte, keys.PublicKeySize)}
	_, err := d.Marshal()
	return err
}
