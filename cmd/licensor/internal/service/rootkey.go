package service

import (
	"errors"
	"io/fs"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/regular"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/keys"
)

// PeekRootKey says which root key it is before anybody types a passphrase: by the public
// half beside the file, or by the agent. The former may be wrong, and LoadRootKey tells.
// The key is zero if nothing says which it is.
func PeekRootKey(key Key, agentSocket string) (keys.NamedKey, error) {
	if key.InAgent() {
		signer, err := key.load("the root key", agentSocket)
		if err != nil {
			return keys.NamedKey{}, err
		}
		return keys.NamedKey{PublicKey: signer.Public(), Comment: AgentKeys(agentSocket)[signer.Public()]}, nil
	}
	beside, err := publicBeside(key.Name)
	switch {
	case err != nil || len(beside) == 0:
		return keys.NamedKey{}, err
	case len(beside) > 1:
		return keys.NamedKey{Comment: beside[0].Comment}, nil
	}
	return beside[0], nil
}

// LoadRootKey returns what signs. It may wait for a person to type a passphrase.
func LoadRootKey(key Key, agentSocket string) (keys.Signer, error) {
	signer, err := key.load("the root key", agentSocket)
	if err != nil || key.InAgent() {
		return signer, err
	}
	beside, err := publicBeside(key.Name)
	if err != nil {
		return nil, err
	}
	if len(beside) > 0 && !HasKey(beside, signer.Public()) {
		return nil, hint.Errorf("%s is not the public half of %s", text.Quote(key.Name+".pub"), text.Quote(key.Name)).
			WithHint("put the halves of one key side by side; nothing was signed")
	}
	return signer, nil
}

// publicBeside returns what the .pub beside a key's file holds: its public half, or
// nothing if there is none. Beside a root key in a home it is all that the home trusts.
func publicBeside(file string) ([]keys.NamedKey, error) {
	path := file + ".pub"
	public, err := regular.Read(path, keys.MaxPublicFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	named, err := keys.ParsePublicFile(public)
	if err != nil {
		return nil, hint.Errorf("%s: %w", text.Quote(path), err)
	}
	return named, nil
}

// HasKey reports whether a key is one of several.
func HasKey(all []keys.NamedKey, key keys.PublicKey) bool {
	for _, one := range all {
		if one.PublicKey == key {
			return true
		}
	}
	return false
}
