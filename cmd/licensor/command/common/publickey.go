package common

import (
	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/keys"
)

// ReadPublicKey reads a file with one public key. The path "-" is standard input.
func ReadPublicKey(env *cli.Env, path string) (keys.NamedKey, error) {
	file, err := env.ReadFile(path, keys.MaxPublicFile)
	if err != nil {
		return keys.NamedKey{}, err
	}
	defer clear(file) // it may be a private key, by mistake
	key, err := service.OnePublicKey(file)
	if err != nil {
		return keys.NamedKey{}, cli.Failf("%s: %w", cli.Quote(path), err)
	}
	return key, nil
}
