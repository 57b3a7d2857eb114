// Package home is the layout of the vendor's directory on a workstation:
//
//	root.pub             the root public keys, OpenSSH lines: the active one, then the standby
//	root                 the root private key, unless it is kept elsewhere
//	keys/NAME            a staff member's private key, unless ssh-agent keeps it
//	keys/NAME.pub        its public half
//	delegations/NAME.old what a root lets that key sign
//	ledger.db            the ledger, unless it is a PostgreSQL database
//	desk.db              what waits for the staff, and tokens; with PostgreSQL in its schema desk
//
// A colleague's workstation begins with keys/ and delegations/ alone: root.pub comes
// with the first delegation, and the ledger is everybody's.
//
// The directory is its owner's alone: nothing is signed or changed in one that others can
// write ([Home.Closed]). Private keys are encrypted with a passphrase and
// refused if others can read them; a delegation is believed only when the root in
// root.pub has signed it.
package home

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// Home is a vendor's directory.
type Home struct {
	Dir string
}

// Open returns the home in a directory that "licensor init" has made.
func Open(dir string) (Home, error) {
	h := Home{dir}
	_, err := os.Stat(h.RootsFile())
	switch {
	case errors.Is(err, fs.ErrNotExist) && h.prepared():
		return Home{}, hint.Errorf("the vendor's home %q has no root.pub", dir).
			WithHint("a new workstation gets it with its first delegation: licensor key add NAME.old --roots root.pub")
	case errors.Is(err, fs.ErrNotExist):
		return Home{}, hint.Errorf("there is no vendor's home in %q", dir).
			WithHint(`name the right directory with --home or LICENSOR_HOME; "licensor init" makes a new one`)
	case errors.Is(err, fs.ErrPermission):
		return Home{}, hint.Errorf("the vendor's home %q may not be read by this user", dir).
			WithHint("run as the user who owns it")
	case err != nil:
		return Home{}, err
	}
	return h, nil
}

// LedgerFile returns the path of the ledger's database.
func (h Home) LedgerFile() string { return filepath.Join(h.Dir, "ledger.db") }

// DeskFile returns the path of the desk's database: what waits for the staff, and tokens.
func (h Home) DeskFile() string { return filepath.Join(h.Dir, "desk.db") }

// rootFile returns the path of the root private key, if it is kept here.
func (h Home) rootFile() string { return filepath.Join(h.Dir, "root") }

// RootsFile returns the path of the root public keys.
func (h Home) RootsFile() string { return filepath.Join(h.Dir, "root.pub") }

// KeyFile returns the path of a staff private key.
func (h Home) KeyFile(name string) string { return filepath.Join(h.Dir, "keys", name) }

// DelegationFile returns the path of the delegation to a staff key.
func (h Home) DelegationFile(name string) string {
	return filepath.Join(h.Dir, "delegations", name+".old")
}

// Roots returns the vendor's root public keys, as root.pub has them.
func (h Home) Roots() ([]byte, error) {
	text, err := atomicfile.Read(h.RootsFile(), keys.MaxPublicFile)
	if err != nil {
		return nil, err
	}
	if _, err := keys.ParsePublicFile(text); err != nil {
		return nil, fmt.Errorf("%s: %w", h.RootsFile(), err)
	}
	return text, nil
}

// Verifier returns a verifier that trusts the vendor's own roots.
func (h Home) Verifier() (*verify.Verifier, error) {
	text, err := h.Roots()
	if err != nil {
		return nil, err
	}
	return verify.ParseRoots(text)
}

// ValidKeyName returns nil for what may name a staff key: it is a file name and a word
// of a command, 1 to 32 of a-z, 0-9, - and _, starting with a letter or digit.
func ValidKeyName(name string) error {
	for i, c := range []byte(name) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || i > 0 && (c == '-' || c == '_') {
			continue
		}
		return fmt.Errorf("invalid key name %.64q: want 1 to 32 of a-z, 0-9, - and _", name)
	}
	if name == "" || len(name) > 32 {
		return fmt.Errorf("invalid key name %.64q: want 1 to 32 of a-z, 0-9, - and _", name)
	}
	return nil
}
