package common

import (
	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/spf13/pflag"
)

// PassphraseOptions are --passphrase-file and --insecure-no-passphrase.
type PassphraseOptions struct {
	File string
	None bool
}

func (p *PassphraseOptions) Add(flags *pflag.FlagSet) {
	flags.StringVar(&p.File, "passphrase-file", "", "")
}

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

// existing returns a function that asks for the passphrase of a key, as package
// keyfile calls it. A passphrase from a file is given once: it does not get better.
func (p *PassphraseOptions) existing(env *cli.Env, prompt string) func(attempt int) ([]byte, error) {
	return func(attempt int) ([]byte, error) {
		if p.File == "" {
			if attempt > 1 {
				return env.ReadPassphrase("That was not it. " + prompt)
			}
			return env.ReadPassphrase(prompt)
		}
		if attempt > 1 {
			return nil, cli.Failf("the passphrase in %s is wrong", p.File).WithHint("give the file with this key's passphrase; nothing was signed")
		}
		return env.PassphraseFile(p.File)
	}
}
