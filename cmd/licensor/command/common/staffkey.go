package common

import (
	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// StaffKeyOption are --key and --passphrase-file: the staff key that signs, of the home,
// in a file elsewhere, or in ssh-agent.
type StaffKeyOption struct {
	Name       string
	Passphrase PassphraseOptions
}

// Add declares the options.
func (o *StaffKeyOption) Add(flags *pflag.FlagSet) {
	flags.StringVar(&o.Name, "key", "", "")
	o.Passphrase.Add(flags)
}

// Key returns the key that was named.
func (o *StaffKeyOption) Key(env *cli.Env) (service.Key, error) {
	return o.Passphrase.key(env, o.Name)
}
