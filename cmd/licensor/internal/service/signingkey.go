package service

import (
	"errors"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/keyfile"
)

// Key says which key signs, and how it is unlocked.
type Key struct {
	// Name is that of a staff key of the home, the path of a key file, or AgentPrefix with
	// a fingerprint or comment; empty: the only one that signs such things.
	Name string
	// Passphrase is asked for the passphrase of what, such as "the staff key anna". attempt
	// counts from 1. It may wait for a person.
	Passphrase func(what string, attempt int) ([]byte, error)
}

// AgentPrefix starts what names a key in ssh-agent.
const AgentPrefix = "agent:"

// InAgent reports whether ssh-agent is to sign.
func (k Key) InAgent() bool { return strings.HasPrefix(k.Name, AgentPrefix) }

// IsPath tells the path of a key file from the name of a key of the home, which has
// neither a separator nor a dot.
func IsPath(name string) bool { return strings.ContainsAny(name, `/\.`) }

// load returns what signs. It may wait for a person to type a passphrase. A connection
// to the agent lasts as long as the process.
func (k Key) load(what, socket string) (keys.Signer, error) {
	if k.InAgent() {
		return k.fromAgent(socket)
	}
	key, err := keyfile.Read(k.Name, func(attempt int) ([]byte, error) { return k.Passphrase(what, attempt) })
	if errors.Is(err, keyfile.ErrPassphrase) {
		return nil, hint.Wrap(err).WithHint("nothing was signed; ssh-keygen -p -f %s changes the passphrase for one who knows it", text.ShellPath(k.Name))
	}
	if err != nil {
		return nil, err
	}
	return key, nil
}

func (k Key) fromAgent(socket string) (keys.Signer, error) {
	name := strings.TrimPrefix(k.Name, AgentPrefix)
	if name == "" {
		return nil, hint.Errorf("%s names no key", text.Quote(AgentPrefix)).WithHint("put the key's fingerprint or comment behind it; \"ssh-add -l\" shows both")
	}
	agent, err := keyfile.DialAgent(socket)
	if err != nil {
		return nil, err
	}
	return agent.Signer(name)
}
