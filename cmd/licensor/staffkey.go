package main

import (
	"errors"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/keys/keyfile"
	"github.com/spf13/pflag"
)

// staffKeyOption are --key and --passphrase-file: the staff key of the home that signs.
type staffKeyOption struct {
	name       string
	passphrase passphraseOptions
}

func (o *staffKeyOption) add(flags *pflag.FlagSet) {
	flags.StringVar(&o.name, "key", "", "")
	o.passphrase.add(flags)
}

// issuer loads the key with its delegation, to sign what stands in the ledger of a
// vendor. It waits for a person to type a passphrase: the clock is read after it.
func (o *staffKeyOption) issuer(env *cli.Env, at home.Home, vendor string) (*issuer.Issuer, error) {
	name, err := at.ChooseKey(o.name)
	if err != nil {
		return nil, readError(err)
	}
	v, err := at.Verifier()
	if err != nil {
		return nil, readError(err)
	}
	claims, raw, err := at.Delegation(v, name)
	if err != nil {
		return nil, readError(err)
	}
	if claims.Issuer != vendor {
		return nil, cli.Failf("the ledger is that of %s, and the key %q signs for %s", vendor, name, claims.Issuer).
			WithHint("put the ledger and the keys of one vendor together; nothing was signed")
	}
	key, err := keyfile.Read(at.KeyFile(name), o.passphrase.existing(env, "Passphrase for the staff key "+name))
	if errors.Is(err, keyfile.ErrPassphrase) {
		return nil, cli.Fail(err).WithHint("nothing was signed; ssh-keygen -p -f %s changes the passphrase for one who knows it", cli.ShellPath(at.KeyFile(name)))
	}
	if err != nil {
		return nil, readError(err)
	}
	return &issuer.Issuer{Key: key, Delegation: claims, RawDelegation: raw, Verifier: v, Random: env.Rand}, nil
}
