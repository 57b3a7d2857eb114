package common

import (
	"errors"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/keyfile"
)

// AgentPrefix starts what names a key in ssh-agent: by its fingerprint, or its comment.
const AgentPrefix = "agent:"

// signingKey says where a private key is to be had, as --key and --root-key name it: a
// file, or ssh-agent.
type signingKey struct {
	what  string // for people, such as "the staff key anna"
	file  string // a path; empty: the agent has it
	agent string // its fingerprint or comment
}

// newSigningKey reads what an option names.
func newSigningKey(what, where string) signingKey {
	if agent, found := strings.CutPrefix(where, AgentPrefix); found {
		return signingKey{what: what, agent: agent}
	}
	return signingKey{what: what, file: where}
}

// load returns what signs. It may wait for a person to type a passphrase. A connection
// to the agent lasts as long as the command.
func (k signingKey) load(env *cli.Env, passphrase *PassphraseOptions) (keys.Signer, error) {
	if k.file == "" {
		return k.fromAgent(env, passphrase)
	}
	key, err := keyfile.Read(k.file, passphrase.existing(env, "Passphrase for "+k.what))
	if errors.Is(err, keyfile.ErrPassphrase) {
		return nil, cli.Fail(err).WithHint("nothing was signed; ssh-keygen -p -f %s changes the passphrase for one who knows it", cli.ShellPath(k.file))
	}
	if err != nil {
		return nil, ReadError(err)
	}
	return key, nil
}

func (k signingKey) fromAgent(env *cli.Env, passphrase *PassphraseOptions) (keys.Signer, error) {
	if passphrase.File != "" {
		return nil, cli.Usagef("--passphrase-file does not go with a key in ssh-agent").
			WithHint("the passphrase was given to ssh-add; leave the option out")
	}
	if k.agent == "" {
		return nil, cli.Usagef("%s names no key", cli.Quote(AgentPrefix)).
			WithHint("put the key's fingerprint or comment behind it; \"ssh-add -l\" shows both")
	}
	agent, err := dialAgent(env)
	if err != nil {
		return nil, err
	}
	return agent.Signer(k.agent)
}
