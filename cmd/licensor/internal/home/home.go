// Package home is the layout of the vendor's folder on a workstation:
//
//	root.pub             the root public key, an OpenSSH line
//	root                 the root private key, unless it is kept elsewhere
//	keys/NAME            a staff member's private key
//	keys/NAME.pub        its public half
//	delegations/NAME.old what a root lets that key sign
//	ledger.db            the ledger, unless it is a PostgreSQL database
//
// The folder is its owner's alone. Private keys are encrypted with a passphrase and
// refused if others can read them; a delegation is believed only when the root in
// root.pub has signed it.
package home

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// Home is a vendor's folder.
type Home struct {
	Dir string
}

// Error is a home that does not have what a command needs, and what to do about it.
type Error struct {
	Message string
	Next    string
}

func (e *Error) Error() string { return e.Message }

// Hint returns what to do next.
func (e *Error) Hint() string { return e.Next }

// Open returns the home in a folder that "licensor init" has made.
func Open(dir string) (Home, error) {
	h := Home{dir}
	_, err := os.Stat(h.RootsFile())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Home{}, &Error{
			Message: fmt.Sprintf("there is no vendor's home in %q", dir),
			Next:    `name the right folder with --home or LICENSOR_HOME; "licensor init" makes a new one`,
		}
	case errors.Is(err, fs.ErrPermission):
		return Home{}, &Error{
			Message: fmt.Sprintf("the vendor's home %q may not be read by this user", dir),
			Next:    "run as the user who owns it",
		}
	case err != nil:
		return Home{}, err
	}
	return h, nil
}

// LedgerFile returns the path of the ledger's database.
func (h Home) LedgerFile() string { return filepath.Join(h.Dir, "ledger.db") }

// RootFile returns the path of the root private key, if it is kept here.
func (h Home) RootFile() string { return filepath.Join(h.Dir, "root") }

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
	text, err := os.ReadFile(h.RootsFile())
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

// Delegation returns the checked delegation to a staff key, and its bytes.
func (h Home) Delegation(v *verify.Verifier, name string) (*format.DelegationClaims, []byte, error) {
	text, err := os.ReadFile(h.DelegationFile(name))
	if err != nil {
		return nil, nil, err
	}
	claims, err := v.OpenDelegation(text)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", h.DelegationFile(name), err)
	}
	raw, err := format.DecodeTextAs(text, format.Delegation)
	return claims, raw, err
}

// CheckDelegations refuses a home with a delegation that its own roots have not signed:
// its root.pub is not the one that it was made with.
func (h Home) CheckDelegations() error {
	_, err := h.Delegations()
	return err
}

// Delegations returns the checked delegations to the staff keys that the home has.
func (h Home) Delegations() ([]*format.DelegationClaims, error) {
	v, err := h.Verifier()
	if err != nil {
		return nil, err
	}
	names, err := h.keyNames()
	if err != nil {
		return nil, err
	}
	var all []*format.DelegationClaims
	for _, name := range names {
		claims, _, err := h.Delegation(v, name)
		if err != nil {
			return nil, err
		}
		all = append(all, claims)
	}
	return all, nil
}

// PublicKeys returns the public keys of all staff that the home knows, keys/*.pub, with
// or without their private halves.
func (h Home) PublicKeys() ([]keys.PublicKey, error) {
	entries, err := os.ReadDir(filepath.Dir(h.KeyFile("any")))
	if err != nil {
		return nil, err
	}
	var all []keys.PublicKey
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) != ".pub" {
			continue
		}
		file := h.KeyFile(entry.Name())
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		named, err := keys.ParsePublicFile(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, key := range named {
			all = append(all, key.PublicKey)
		}
	}
	return all, nil
}

// ChooseKey returns the name of the staff key to sign with: the one that was asked
// for, or the only one there is.
func (h Home) ChooseKey(name string) (string, error) {
	names, err := h.keyNames()
	if err != nil {
		return "", err
	}
	switch {
	case name != "" && slices.Contains(names, name), name == "" && len(names) == 1:
		return cmp.Or(name, names[0]), nil
	case len(names) == 0:
		return "", &Error{fmt.Sprintf("there is no staff key with a delegation in %q", h.Dir), `"licensor init" makes the first one`}
	case name == "":
		return "", &Error{"there are several staff keys: " + strings.Join(names, ", "), "choose one with --key NAME"}
	}
	return "", &Error{fmt.Sprintf("there is no staff key %.64q with a delegation here", name), "choose one of: " + strings.Join(names, ", ")}
}

// keyNames returns the names of the staff keys that have a delegation.
func (h Home) keyNames() ([]string, error) {
	files, err := os.ReadDir(filepath.Dir(h.DelegationFile("")))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range files {
		name, found := strings.CutSuffix(file.Name(), ".old")
		if !found {
			continue
		}
		switch _, err := os.Stat(h.KeyFile(name)); {
		case err == nil:
			names = append(names, name)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return names, nil
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
