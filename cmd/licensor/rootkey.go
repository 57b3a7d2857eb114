package main

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/keys"
	"github.com/spf13/pflag"
)

// rootKeyOption are --root-key and --passphrase-file: a root key in a file, such as on a
// USB stick, or in ssh-agent.
type rootKeyOption struct {
	where      string
	passphrase passphraseOptions
}

func (o *rootKeyOption) add(flags *pflag.FlagSet) {
	flags.StringVar(&o.where, "root-key", "", "")
	o.passphrase.add(flags)
}

func (o *rootKeyOption) check() error {
	if o.where == "" {
		return cli.Usagef("--root-key is missing").WithHint("name the file of the root key, such as USB/root, or agent:FINGERPRINT")
	}
	return nil
}

// peek says which key it is before anybody types a passphrase: by the public half
// beside the file, or by the agent. The former may be wrong, and load tells. The key is
// zero if nothing says which it is.
func (o *rootKeyOption) peek(env *cli.Env) (keys.NamedKey, error) {
	if k := newSigningKey("the root key", o.where); k.file == "" {
		signer, err := k.load(env, &o.passphrase)
		if err != nil {
			return keys.NamedKey{}, err
		}
		return keys.NamedKey{PublicKey: signer.Public(), Comment: agentKeys(env)[signer.Public()]}, nil
	}
	beside, err := o.beside(env)
	switch {
	case err != nil || len(beside) == 0:
		return keys.NamedKey{}, err
	case len(beside) > 1:
		return keys.NamedKey{Comment: beside[0].Comment}, nil
	}
	return beside[0], nil
}

// beside returns what stands in the .pub beside the key's file: its public half, or
// nothing if there is none. Beside a root key in a home it is all that the home trusts.
func (o *rootKeyOption) beside(env *cli.Env) ([]keys.NamedKey, error) {
	path := o.where + ".pub"
	text, err := env.ReadFile(path, keys.MaxPublicFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	named, err := keys.ParsePublicFile(text)
	if err != nil {
		return nil, cli.Failf("%s: %w", cli.Quote(path), err)
	}
	return named, nil
}

// load returns what signs. It may wait for a person to type a passphrase.
func (o *rootKeyOption) load(env *cli.Env) (keys.Signer, error) {
	signer, err := newSigningKey("the root key", o.where).load(env, &o.passphrase)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(o.where, agentPrefix) {
		return signer, nil
	}
	beside, err := o.beside(env)
	if err != nil {
		return nil, err
	}
	if len(beside) > 0 && !hasKey(beside, signer.Public()) {
		return nil, cli.Failf("%s is not the public half of %s", cli.Quote(o.where+".pub"), cli.Quote(o.where)).
			WithHint("put the halves of one key side by side; nothing was signed")
	}
	return signer, nil
}

// readPublicKey reads a file with one public key. The path "-" is standard input.
func readPublicKey(env *cli.Env, path string) (keys.NamedKey, error) {
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
