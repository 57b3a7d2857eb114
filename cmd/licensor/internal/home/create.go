package home

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/keyfile"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// InitOptions is what a vendor's home is made from.
type InitOptions struct {
	Vendor         string // a domain name
	Staff          string // the name of the first staff key
	RootKey        string // where the root private key goes; empty: into the home
	RootPassphrase []byte // nil: not encrypted
	Standby        string // where a standby root key goes; empty: there is none
	StandbyPhrase  []byte // its passphrase; nil: not encrypted
	Passphrase     []byte // of the staff key; nil: not encrypted
	Ledger         string // a PostgreSQL database; empty: a file in the home
	Now            time.Time
	Random         io.Reader

	// MakeLedger makes the ledger at a place that is free.
	MakeLedger func(place string) error
}

// Check refuses what no home could be made from.
func (f *InitOptions) Check() error {
	claims := firstDelegationClaims(*f)
	claims.Key = make([]byte, keys.PublicKeySize)
	_, err := claims.Marshal()
	if malformed, ok := errors.AsType[*format.MalformedError](err); ok {
		return errors.New(malformed.Reason())
	}
	return err
}

// InitResult is what Create has made.
type InitResult struct {
	Home
	RootKey    string          // the file with the root private key
	Roots      []keys.NamedKey // the active one, then the standby if there is one
	Delegation *format.DelegationClaims
}

// The first staff key may sign all that the vendor sells. Later ones get a scope of
// their own.
const (
	firstDelegation = 2 * 365 * 24 * time.Hour
	firstMaxTerm    = 3660 * 24 * time.Hour
	firstMaxSeats   = 1_000_000
)

// Create makes a vendor's home: root key, first staff key with its delegation, ledger.
// It is made in a directory inside its place and moved up when it is whole, root.pub
// last: Open looks for that one, so a Create that was interrupted leaves no home.
func Create(dir string, f InitOptions) (made *InitResult, err error) {
	if err := Free(dir); err != nil {
		return nil, err
	}
	if err := (Home{dir}).Closed(); err != nil {
		return nil, err
	}
	_, missing := os.Stat(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil && missing != nil {
			os.Remove(dir)
		}
	}()
	inside, err := os.MkdirTemp(dir, draftPrefix)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(inside)
	draft, final := Home{inside}, Home{dir}
	roots, public, err := newRoots(f)
	if err != nil {
		return nil, err
	}
	claims, err := draft.fill(roots[0].private, public, f)
	if err != nil {
		return nil, err
	}
	place := cmp.Or(f.Ledger, draft.LedgerFile())
	if err := f.MakeLedger(place); err != nil {
		return nil, err
	}
	var elsewhere []string // keys that no home knows before this one is whole
	defer func() {
		if err != nil {
			for _, file := range elsewhere {
				os.Remove(file)
				os.Remove(file + ".pub")
			}
		}
	}()
	for _, root := range roots {
		if root.file == "" {
			err = keyfile.Write(draft.rootFile(), root.private, root.comment, root.passphrase)
		} else if err = WritePair(root.file, root.private, root.comment, root.passphrase); err == nil {
			elsewhere = append(elsewhere, root.file)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := draft.moveTo(final); err != nil {
		return nil, err
	}
	return &InitResult{Home: final, RootKey: cmp.Or(f.RootKey, final.rootFile()), Roots: public, Delegation: claims}, nil
}

// newRoot is a root key that is being made.
type newRoot struct {
	private    keys.PrivateKey
	comment    string
	file       string // elsewhere; empty: in the home, whose root.pub is its public half
	passphrase []byte
}

// newRoots makes the active root key and, if one is asked for, the standby.
func newRoots(f InitOptions) (roots []newRoot, public []keys.NamedKey, err error) {
	roots = []newRoot{{file: f.RootKey, passphrase: f.RootPassphrase}}
	if f.Standby != "" {
		roots = append(roots, newRoot{file: f.Standby, passphrase: f.StandbyPhrase})
	}
	for i := range roots {
		root := &roots[i]
		if root.private, err = keys.Generate(f.Random); err != nil {
			return nil, nil, err
		}
		root.comment = rootComment(f.Vendor, i, len(roots))
		public = append(public, keys.NamedKey{PublicKey: root.private.Public(), Comment: root.comment})
	}
	return roots, public, nil
}

const draftPrefix = ".init-"

// fill writes all but the root private key. The root's public half stays here also when
// the stick with the key is in the safe: signing needs it.
func (h Home) fill(root keys.PrivateKey, roots []keys.NamedKey, f InitOptions) (*format.DelegationClaims, error) {
	if err := h.Prepare(); err != nil {
		return nil, err
	}
	if err := h.PinRoots(roots); err != nil {
		return nil, err
	}
	staff, err := keys.Generate(f.Random)
	if err != nil {
		return nil, err
	}
	if err := WritePair(h.KeyFile(f.Staff), staff, f.Staff+"@"+f.Vendor, f.Passphrase); err != nil {
		return nil, err
	}
	claims, text, err := issuer.Delegate(root, staff.Public(), firstDelegationClaims(f), f.Random)
	if err != nil {
		return nil, err
	}
	if err := atomicfile.Create(h.DelegationFile(f.Staff), text, 0o644); err != nil {
		return nil, err
	}
	return claims, nil
}

// moveTo moves all that was made to its place, last what Open looks for.
func (h Home) moveTo(final Home) error {
	entries, err := os.ReadDir(h.Dir)
	if err != nil {
		return err
	}
	last := filepath.Base(h.RootsFile())
	for _, entry := range entries {
		if entry.Name() == last {
			continue
		}
		if err := os.Rename(filepath.Join(h.Dir, entry.Name()), filepath.Join(final.Dir, entry.Name())); err != nil {
			return err
		}
	}
	if err := os.Rename(h.RootsFile(), final.RootsFile()); err != nil {
		return err
	}
	return errors.Join(atomicfile.SyncDirectory(final.Dir), atomicfile.SyncDirectory(filepath.Dir(filepath.Clean(final.Dir))))
}

func firstDelegationClaims(f InitOptions) format.DelegationClaims {
	now := f.Now.Unix()
	return format.DelegationClaims{
		Issuer:    f.Vendor,
		Name:      f.Staff,
		IssuedAt:  now,
		NotBefore: now,
		Expires:   f.Now.Add(firstDelegation).Unix(),
		Scope: format.Scope{
			Products: []string{format.Any}, Types: []string{format.Any},
			MaxTerm: int64(firstMaxTerm / time.Second), MaxSeats: firstMaxSeats,
			Weakest: format.StrengthAny, Perpetual: true,
		},
	}
}

// WritePair writes both halves of a new key, or neither: what exists is never
// overwritten. A nil passphrase leaves the private half plain.
func WritePair(path string, key keys.PrivateKey, comment string, passphrase []byte) error {
	if err := keyfile.Write(path, key, comment, passphrase); err != nil {
		return err
	}
	err := keyfile.WritePublic(path+".pub", key.Public(), comment)
	if err != nil {
		os.Remove(path)
	}
	return err
}

// Free refuses a directory in which something is already.
func Free(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(entries) == 0:
		return nil
	case err != nil:
		return err
	}
	if _, err := Open(dir); err == nil {
		return hint.Errorf("%q is a vendor's home already; nothing was changed", dir).
			WithHint(`go on with it: "licensor list" shows what it holds`)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), draftPrefix) {
			return hint.Errorf("%q holds what is left of an init that was interrupted; nothing in it has been used", dir).
				WithHint("remove that directory and run the command again; a root key that was put elsewhere was not used, either")
		}
	}
	return hint.Errorf("the directory %q is not empty; nothing was changed", dir).
		WithHint("name a directory that is new or empty with --home")
}
