package home

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/keyfile"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// Founding is what a vendor's home is made from.
type Founding struct {
	Vendor         string // a domain name
	Staff          string // the name of the first staff key
	RootKey        string // where the root private key goes; empty: into the home
	RootPassphrase []byte // nil: not encrypted
	Passphrase     []byte // of the staff key; nil: not encrypted
	Now            time.Time
	Random         io.Reader
}

// Check refuses what no home could be made from.
func (f *Founding) Check() error {
	claims := firstDelegationClaims(*f)
	claims.Key = make([]byte, keys.PublicKeySize)
	_, err := claims.Marshal()
	var malformed *format.MalformedError
	if errors.As(err, &malformed) {
		return errors.New(malformed.Reason())
	}
	return err
}

// Founded is what Create has made.
type Founded struct {
	Home
	RootKey    string // the file with the root private key
	Root       keys.PublicKey
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
// It is made beside its place and moved there when it is whole, so that a Create that
// was interrupted leaves no half of a home.
func Create(ctx context.Context, dir string, f Founding) (made *Founded, err error) {
	dir = filepath.Clean(dir)
	if err := Free(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return nil, err
	}
	beside, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".new-")
	if err != nil {
		return nil, err
	}
	draft := Home{beside}
	defer os.RemoveAll(draft.Dir)

	rootKey := f.RootKey
	if rootKey == "" {
		rootKey = draft.RootFile()
	}
	root, err := writeKey(rootKey, f.Vendor, f.RootPassphrase, f.Random)
	if err != nil {
		return nil, err
	}
	// From here on the key outside of the draft is one that this Create has made.
	defer func() {
		if err != nil && f.RootKey != "" {
			os.Remove(f.RootKey)
			os.Remove(f.RootKey + ".pub")
		}
	}()
	made, err = draft.fill(ctx, rootKey, root, f)
	if err != nil {
		return nil, err
	}
	if err := replaceEmpty(draft.Dir, dir); err != nil {
		return nil, err
	}
	made.Home = Home{dir}
	if f.RootKey == "" {
		made.RootKey = made.RootFile()
	}
	return made, nil
}

func (h Home) fill(ctx context.Context, rootKey string, root keys.PrivateKey, f Founding) (*Founded, error) {
	for _, folder := range []string{"keys", "delegations"} {
		if err := os.Mkdir(filepath.Join(h.Dir, folder), 0o700); err != nil {
			return nil, err
		}
	}
	if f.RootKey != "" {
		// Signing needs the public half when the stick with the root is in the safe.
		if err := keyfile.WritePublic(h.RootsFile(), root.Public(), f.Vendor); err != nil {
			return nil, err
		}
	}
	staff, err := writeKey(h.KeyFile(f.Staff), f.Staff+"@"+f.Vendor, f.Passphrase, f.Random)
	if err != nil {
		return nil, err
	}
	claims, text, err := issuer.Delegate(root, staff.Public(), firstDelegationClaims(f), f.Random)
	if err != nil {
		return nil, err
	}
	if err := atomicfile.Create(h.DelegationFile(f.Staff), text, 0o644); err != nil {
		return nil, err
	}
	if err := ledger.Create(ctx, h.LedgerFile(), f.Vendor); err != nil {
		return nil, err
	}
	return &Founded{RootKey: rootKey, Root: root.Public(), Delegation: claims}, nil
}

func firstDelegationClaims(f Founding) format.DelegationClaims {
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
			Unbound: true, Perpetual: true,
		},
	}
}

// writeKey makes a key and writes both halves, or neither.
func writeKey(path, comment string, passphrase []byte, random io.Reader) (keys.PrivateKey, error) {
	key, err := keys.Generate(random)
	if err != nil {
		return keys.PrivateKey{}, err
	}
	if err := keyfile.Write(path, key, comment, passphrase); err != nil {
		return keys.PrivateKey{}, err
	}
	if err := keyfile.WritePublic(path+".pub", key.Public(), comment); err != nil {
		os.Remove(path)
		return keys.PrivateKey{}, err
	}
	return key, nil
}

// Free refuses a folder in which something is already.
func Free(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(entries) == 0:
		return nil
	case err != nil:
		return err
	}
	if _, err := Open(dir); err == nil {
		return &Error{
			Message: fmt.Sprintf("%q is a vendor's home already; nothing was changed", dir),
			Next:    `go on with it: "licensor list" shows what it holds`,
		}
	}
	return &Error{
		Message: fmt.Sprintf("the folder %q is not empty; nothing was changed", dir),
		Next:    "name a folder that is new or empty with --home",
	}
}

// replaceEmpty moves a folder to a path where there is nothing, or an empty folder.
func replaceEmpty(from, to string) error {
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(from, to)
}
