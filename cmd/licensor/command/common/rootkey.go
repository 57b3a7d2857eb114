package common

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/keys"
	"github.com/spf13/pflag"
)

// RootKeyOption are --root-key and --passphrase-file: a root key in a file, such as on a
// USB stick, or in ssh-agent.
type RootKeyOption struct {
	Where      string
	Passphrase PassphraseOptions
}

func (o *RootKeyOption) Add(flags *pflag.FlagSet) {
	flags.StringVar(&o.Where, "root-key", "", "")
	o.Passphrase.Add(flags)
}

func (o *RootKeyOption) Check() error {
	if o.Where == "" {
		return cli.Usagef("--root-key is missing").WithHint("name the file of the root key, such as USB/root, or agent:FINGERPRINT")
	}
	return nil
}

// Peek says which key it is before anybody types a passphrase: by the public half
// beside the file, or by the agent. The former may be wrong, and load tells. The key is
// zero if nothing says which it is.
func (o *RootKeyOption) Peek(env *cli.Env) (keys.NamedKey, error) {
	if k := newSigningKey("the root key", o.Where); k.file == "" {
		signer, err := k.load(env, &o.Passphrase)
		if err != nil {
			return keys.NamedKey{}, err
		}
		return keys.NamedKey{PublicKey: signer.Public(), Comment: AgentKeys(env)[signer.Public()]}, nil
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
func (o *RootKeyOption) beside(env *cli.Env) ([]keys.NamedKey, error) {
	path := o.Where + ".pub"
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

// Load returns what signs. It may wait for a person to type a passphrase.
func (o *RootKeyOption) Load(env *cli.Env) (keys.Signer, error) {
	signer, err := newSigningKey("the root key", o.Where).load(env, &o.Passphrase)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(o.Where, AgentPrefix) {
		return signer, nil
	}
	beside, err := o.beside(env)
	if err != nil {
		return nil, err
	}
	if len(beside) > 0 && !HasKey(beside, signer.Public()) {
		return nil, cli.Failf("%s is not the public half of %s", cli.Quote(o.Where+".pub"), cli.Quote(o.Where)).
			WithHint("put the halves of one key side by side; nothing was signed")
	}
	return signer, nil
}
