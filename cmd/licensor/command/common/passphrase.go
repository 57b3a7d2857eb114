package common

import (
	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// PassphraseOptions are --passphrase-file and --insecure-no-passphrase.
type PassphraseOptions struct {
	File string
	None bool
}

// Add declares --passphrase-file.
func (p *PassphraseOptions) Add(flags *pflag.FlagSet) {
	flags.StringVar(&p.File, "passphrase-file", "", "")
}

// AddNone declares --insecure-no-passphrase.
func (p *PassphraseOptions) AddNone(flags *pflag.FlagSet) {
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

// key returns a key that --key or --root-key names, to be unlocked by a person or by the
// file. A passphrase from a file is given once: it does not get better.
func (p *PassphraseOptions) key(env *cli.Env, name string) (service.Key, error) {
	k := service.Key{Name: name}
	if k.InAgent() && p.File != "" {
		return k, cli.Usagef("--passphrase-file does not go with a key in ssh-agent").
			WithHint("the passphrase was given to ssh-add; leave the option out")
	}
	k.Passphrase = func(what string, attempt int) ([]byte, error) {
		prompt := "Passphrase for " + what
		switch {
		case p.File != "" && attempt > 1:
			return nil, cli.Failf("the passphrase in %s is wrong", p.File).WithHint("give the file with this key's passphrase; nothing was signed")
		case p.File != "":
			return env.PassphraseFile(p.File)
		case attempt > 1:
			prompt = "Wrong passphrase. " + prompt
		}
		return env.ReadPassphrase(prompt)
	}
	return k, nil
}
