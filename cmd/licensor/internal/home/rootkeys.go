package home

import (
	"os"

	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/keyfile"
)

// newRootKey is a root key that is being made.
type newRootKey struct {
	key        keys.PrivateKey
	comment    string
	file       string // where it will be
	inHome     bool   // in the home, whose root.pub is its public half
	passphrase []byte
	written    bool
}

// newRootKeys are the active root key and, if one was asked for, the standby.
type newRootKeys []*newRootKey

func newRoots(final Home, f InitOptions) (newRootKeys, error) {
	active := &newRootKey{file: f.RootKey, passphrase: f.RootPassphrase}
	if f.RootKey == "" {
		active.file, active.inHome = final.RootFile(), true
	}
	roots := newRootKeys{active}
	if f.Standby != "" {
		roots = append(roots, &newRootKey{file: f.Standby, passphrase: f.StandbyPhrase})
	}
	for i, root := range roots {
		var err error
		if root.key, err = keys.Generate(f.Random); err != nil {
			return nil, err
		}
		root.comment = rootComment(f.Vendor, i, len(roots))
	}
	return roots, nil
}

func (r newRootKeys) public() []keys.NamedKey {
	var all []keys.NamedKey
	for _, root := range r {
		all = append(all, keys.NamedKey{PublicKey: root.key.Public(), Comment: root.comment})
	}
	return all
}

// write puts the private halves where they go, the one for the home into its draft.
func (r newRootKeys) write(draft Home) error {
	for _, root := range r {
		var err error
		if root.inHome {
			err = keyfile.Write(draft.RootFile(), root.key, root.comment, root.passphrase)
		} else {
			err = WritePair(root.file, root.key, root.comment, root.passphrase)
		}
		if err != nil {
			return err
		}
		root.written = true
	}
	return nil
}

// discard takes away what write has put elsewhere: it is new, and no home knows it.
func (r newRootKeys) discard() {
	for _, root := range r {
		if root.written && !root.inHome {
			os.Remove(root.file)
			os.Remove(root.file + ".pub")
		}
	}
}
