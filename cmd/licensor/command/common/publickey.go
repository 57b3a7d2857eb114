package common

import (
	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/keys"
)

func HasKey(all []keys.NamedKey, key keys.PublicKey) bool {
	for _, one := range all {
		if one.PublicKey == key {
			return true
		}
	}
	return false
}

// ReadPublicKey reads a file with one public key. The path "-" is standard input.
func ReadPublicKey(env *cli.Env, path string) (keys.NamedKey, error) {
	text, err := env.ReadFile(path, keys.MaxPublicFile)
	if err != nil {
		return keys.NamedKey{}, err
	}
	named, err := keys.ParsePublicFile(text)
	clear(text) // it may be a private key, by mistake
	if err != nil {
		return keys.NamedKey{}, cli.Failf("%s: %w", cli.Quote(path), err)
	}
	if len(named) > 1 {
		return keys.NamedKey{}, cli.Failf("%s: got %d public keys, want 1", cli.Quote(path), len(named)).
			WithHint("give a file with one line that starts with ssh-ed25519")
	}
	return named[0], nil
}
