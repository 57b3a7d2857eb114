package key

import (
	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/keyfile"
)

// importKey makes a key of the home from one that openssl has made.
func (c *keyCommand) importKey(env *cli.Env, args []string) error {
	switch {
	case len(args) == 0:
		return cli.Usagef("no key file is named").WithHint("a PKCS#8 file with an Ed25519 key, as openssl genpkey -algorithm ed25519 writes it; - is standard input")
	case len(args) > 1:
		return cli.Usagef("unexpected argument %s", cli.Quote(args[1])).WithHint("import one key at a time")
	case args[0] == "-" && c.passphrase.File == "-":
		return cli.Usagef("the key and --passphrase-file cannot both be standard input")
	}
	k, err := c.place(env)
	if err != nil {
		return err
	}
	key, err := readPKCS8(env, args[0])
	if err != nil {
		return err
	}
	if err := c.write(env, k, key); err != nil {
		return err
	}
	if args[0] != "-" {
		env.Warnf("%s still holds the same private key, not encrypted: destroy it, and every copy of it", cli.Quote(args[0]))
	}
	return nil
}

func readPKCS8(env *cli.Env, path string) (keys.PrivateKey, error) {
	if path != "-" {
		key, err := keyfile.ReadPKCS8(path)
		return key, common.ReadError(err)
	}
	text, err := env.ReadFile(path, keyfile.MaxFile)
	if err != nil {
		return keys.PrivateKey{}, err
	}
	defer clear(text)
	return keyfile.ParsePKCS8(text)
}
