package common

import (
	"errors"
	"io/fs"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/keys"
	"github.com/spf13/pflag"
)

// KeyOption are --key or --root-key, and --passphrase-file: a key of the home, in a file
// elsewhere such as on a USB stick, or in ssh-agent.
type KeyOption struct {
	Name string
	PassphraseOptions
}

// Add declares the options; name is that of the first.
func (o *KeyOption) Add(flags *pflag.FlagSet, name string) {
	flags.StringVar(&o.Name, name, "", "")
	o.PassphraseOptions.Add(flags)
}

// Key returns the key that was named, to be unlocked by a person or by the file. A
// passphrase from a file is given once: it does not get better.
func (o *KeyOption) Key(env *cli.Env) (service.Key, error) {
	k := service.Key{Name: o.Name}
	if k.InAgent() && o.File != "" {
		return k, cli.Usagef("--passphrase-file does not go with a key in ssh-agent").
			WithHint("the passphrase was given to ssh-add; leave the option out")
	}
	k.Passphrase = func(what string, attempt int) ([]byte, error) {
		prompt := "Passphrase for " + what
		switch {
		case o.File != "" && attempt > 1:
			return nil, cli.Failf("the passphrase in %s is wrong", o.File).WithHint("give the file with this key's passphrase; nothing was signed")
		case o.File != "":
			return env.PassphraseFile(o.File)
		case attempt > 1:
			prompt = "Wrong passphrase. " + prompt
		}
		return env.ReadPassphrase(prompt)
	}
	return k, nil
}

// PassphraseOptions are --passphrase-file and --insecure-no-passphrase.
type PassphraseOptions struct {
	File string
	None bool
}

// Add declares --passphrase-file.
func (p *PassphraseOptions) Add(flags *pflag.FlagSet) {
	flags.StringVar(&p.File, "passphrase-file", "", "")
}

// AddNew declares both, for a command that makes a key.
func (p *PassphraseOptions) AddNew(flags *pflag.FlagSet) {
	p.Add(flags)
	flags.BoolVar(&p.None, "insecure-no-passphrase", false, "")
}

// New returns the passphrase for a new key, nil for none.
func (p *PassphraseOptions) New(env *cli.Env, prompt string) ([]byte, error) {
	switch {
	case p.None && p.File != "":
		return nil, cli.Usagef("--passphrase-file and --insecure-no-passphrase contradict each other")
	case p.None:
		return nil, nil
	case p.File != "":
		return env.PassphraseFile(p.File)
	}
	return env.NewPassphrase(prompt)
}

// WarnIfPlain warns of private keys that no passphrase encrypts. what are they, such as
// "the private key is".
func (p *PassphraseOptions) WarnIfPlain(env *cli.Env, what, file string) {
	if p.None {
		env.Warnf("%s not encrypted: use this only for tests; ssh-keygen -p -f %s adds a passphrase", what, cli.ShellPath(file))
	}
}

// ReadPublicKey reads a file with one public key. The path "-" is standard input.
func ReadPublicKey(env *cli.Env, path string) (keys.NamedKey, error) {
	file, err := env.ReadPublicKey(path)
	if err != nil {
		return keys.NamedKey{}, err
	}
	defer clear(file) // it may be a private key, by mistake
	key, err := service.OnePublicKey(file)
	if err != nil {
		e := cli.Failf("%s: %w", cli.Quote(path), err)
		if hint.Of(err) == "" {
			e = e.WithHint("give the file that \"licensor key new\" made, whose name ends in .pub, or a mail with its line")
		}
		return keys.NamedKey{}, e
	}
	return key, nil
}

// CreateError says of a file that could not be made why not.
func CreateError(err error) error {
	var known *cli.Error
	var path *fs.PathError
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, fs.ErrExist):
		return cli.Fail(err).WithHint("a private key is never overwritten: move the old one away, or name another place; nothing was changed")
	case errors.As(err, &path):
		return cli.FileError("create", path.Path, err)
	}
	return err
}
