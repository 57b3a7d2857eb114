package service

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/keyfile"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// Key says which key signs, and how it is unlocked.
type Key struct {
	// Name is that of a staff key of the home, the path of a key file, or AgentPrefix with
	// a fingerprint or comment; empty: the only one that signs such things.
	Name string
	// Passphrase is asked for the passphrase of what, such as "the staff key anna". attempt
	// counts from 1. It may wait for a person.
	Passphrase func(what string, attempt int) ([]byte, error)
	// Patience is how long ssh-agent may take for each answer; 0: as a person takes whom it asks.
	Patience time.Duration
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
	var file *fs.PathError
	if err != nil && hint.Of(err) == "" && !errors.As(err, &file) {
		err = hint.Wrap(err).WithHint("put the copy back that was kept elsewhere, or use another key")
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
	if k.Patience > 0 {
		agent.Within(k.Patience)
	}
	signer, err := agent.Signer(name)
	if err != nil {
		agent.Close()
		return nil, err
	}
	return signer, nil
}

// AgentKeys returns the keys that an ssh-agent has, with their comments. An agent that is
// not there has none.
func AgentKeys(socket string) map[keys.PublicKey]string {
	agent, err := keyfile.DialAgent(socket)
	if err != nil {
		return nil
	}
	defer agent.Close()
	held, err := agent.Keys()
	if err != nil {
		return nil
	}
	all := make(map[keys.PublicKey]string)
	for _, key := range held {
		all[key.PublicKey] = key.Comment
	}
	return all
}

// LoadRootKey returns what signs, and which key that is, with the comment of its public
// half if that is beside the file. It may wait for a person to type a passphrase.
func LoadRootKey(key Key, agentSocket string) (keys.Signer, keys.NamedKey, error) {
	var none keys.NamedKey
	signer, err := key.load("the root key", agentSocket)
	if err != nil {
		return nil, none, err
	}
	root := keys.NamedKey{PublicKey: signer.Public()}
	if key.InAgent() {
		root.Comment = AgentKeys(agentSocket)[root.PublicKey]
		return signer, root, nil
	}
	path := key.Name + ".pub"
	public, err := atomicfile.Read(path, keys.MaxPublicFile)
	if errors.Is(err, fs.ErrNotExist) {
		return signer, root, nil
	}
	if err != nil {
		return nil, none, err
	}
	// Beside the root key in a home are all keys that the home trusts.
	beside, err := keys.ParsePublicFile(public)
	if err != nil {
		return nil, none, hint.Errorf("%s: %w", text.Quote(path), err)
	}
	if !HasKey(beside, root.PublicKey) {
		return nil, none, hint.Errorf("%s is not the public half of %s", text.Quote(path), text.Quote(key.Name)).
			WithHint("put the halves of one key side by side; nothing was signed")
	}
	root.Comment = beside[0].Comment
	return signer, root, nil
}

// HasKey reports whether a key is one of several.
func HasKey(all []keys.NamedKey, key keys.PublicKey) bool {
	return slices.ContainsFunc(all, func(one keys.NamedKey) bool { return one.PublicKey == key })
}

// OnePublicKey returns the key of a file with one public line.
func OnePublicKey(file []byte) (keys.NamedKey, error) {
	named, err := keys.ParsePublicFile(file)
	if err != nil {
		return keys.NamedKey{}, err
	}
	if len(named) > 1 {
		return keys.NamedKey{}, hint.Errorf("got %d public keys, want 1", len(named)).
			WithHint("give a file with one line that starts with ssh-ed25519")
	}
	return named[0], nil
}

// ValidVendor refuses what is no vendor's domain.
func ValidVendor(name string) error {
	d := format.DelegationClaims{Issuer: name, Name: "any", Expires: 1, Key: make([]byte, keys.PublicKeySize)}
	_, err := d.Marshal()
	return err
}
