package common

import (
	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// RootKeyOption are --root-key and --passphrase-file: a root key in a file, such as on a
// USB stick, or in ssh-agent.
type RootKeyOption struct {
	Where      string
	Passphrase PassphraseOptions
}

// Add declares the options.
func (o *RootKeyOption) Add(flags *pflag.FlagSet) {
	flags.StringVar(&o.Where, "root-key", "", "")
	o.Passphrase.Add(flags)
}

// Check refuses a key that was not named.
func (o *RootKeyOption) Check() error {
	if o.Where == "" {
		return cli.Usagef("--root-key is missing").WithHint("name the file of the root key, such as USB/root, or agent:FINGERPRINT")
	}
	return nil
}

// Key returns the key that was named.
func (o *RootKeyOption) Key(env *cli.Env) (service.Key, error) {
	return o.Passphrase.key(env, o.Where)
}
