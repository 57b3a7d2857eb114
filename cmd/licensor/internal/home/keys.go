package home

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// StaffKey is what the home has of one staff key.
type StaffKey struct {
	Name    string
	Public  keys.PublicKey // keys/NAME.pub, or else whom the delegation names; zero: neither is there
	Private bool           // whether keys/NAME is there

	Delegation    *format.DelegationClaims // checked; nil: none, or Err says why it is of no use
	RawDelegation []byte

	Err error // what is wrong with its files
}

// StaffKeys returns all staff keys of which the home has a file, in the order of their
// names. One whose files are damaged comes with an Err and does not hide the others.
// Without a verifier no delegation is looked at.
func (h Home) StaffKeys(v *verify.Verifier) ([]*StaffKey, error) {
	names, err := h.keyNames()
	if err != nil {
		return nil, err
	}
	all := make([]*StaffKey, len(names))
	for i, name := range names {
		all[i] = h.staffKey(v, name)
	}
	return all, nil
}

func (h Home) staffKey(v *verify.Verifier, name string) *StaffKey {
	k := &StaffKey{Name: name}
	var problems []error
	keep := func(err error) {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, err)
		}
	}
	_, err := os.Stat(h.KeyFile(name))
	k.Private = err == nil
	keep(err)
	k.Public, err = h.publicKey(name)
	if k.Private && errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s.pub is missing: ssh-keygen -y writes it again", h.KeyFile(name))
	}
	keep(err)
	if v != nil {
		k.Delegation, k.RawDelegation, err = h.Delegation(v, name)
		keep(err)
	}
	if d := k.Delegation; d != nil && k.Public.IsZero() {
		k.Public, err = keys.NewPublicKey(d.Key)
		keep(err)
	}
	k.Err = errors.Join(problems...)
	return k
}

// publicKey returns the key in keys/NAME.pub.
func (h Home) publicKey(name string) (keys.PublicKey, error) {
	file := h.KeyFile(name) + ".pub"
	line, err := atomicfile.Read(file, keys.MaxPublicFile)
	if err != nil {
		return keys.PublicKey{}, err
	}
	named, err := keys.ParsePublicFile(line)
	if err != nil {
		private := text.ShellPath(h.KeyFile(name))
		return keys.PublicKey{}, hint.Errorf("%s: %w", file, err).WithHint("from the private key: ssh-keygen -y -f %s >%s.pub", private, private)
	}
	if len(named) != 1 {
		return keys.PublicKey{}, fmt.Errorf("%s: got %d public keys, want 1", file, len(named))
	}
	return named[0].PublicKey, nil
}

// Delegation returns the checked delegation to a staff key, and its bytes.
func (h Home) Delegation(v *verify.Verifier, name string) (*format.DelegationClaims, []byte, error) {
	text, err := atomicfile.Read(h.DelegationFile(name), format.MaxText)
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

// Delegations returns the checked delegations that the home has. One that its own roots
// have not signed is an error: its root.pub is not the one that it was made with.
func (h Home) Delegations() ([]*format.DelegationClaims, error) {
	v, err := h.Verifier()
	if err != nil {
		return nil, err
	}
	names, err := namesIn(h.delegationsDirectory(), ".old")
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

// WriteDelegation keeps the text of a delegation that was checked, in the place of an
// older one.
func (h Home) WriteDelegation(name string, text []byte) error {
	return atomicfile.Write(h.DelegationFile(name), text, 0o644)
}

// PublicKeys returns the public keys of all staff that the home knows, keys/*.pub, with
// or without their private halves.
func (h Home) PublicKeys() ([]keys.PublicKey, error) {
	names, err := namesIn(h.keysDirectory(), ".pub")
	if err != nil {
		return nil, err
	}
	var all []keys.PublicKey
	for _, name := range names {
		key, err := h.publicKey(name)
		if err != nil {
			return nil, err
		}
		all = append(all, key)
	}
	return all, nil
}

// keyNames returns the names of all staff keys of which there is a file.
func (h Home) keyNames() ([]string, error) {
	private, err := namesIn(h.keysDirectory(), "")
	if err != nil {
		return nil, err
	}
	public, err := namesIn(h.keysDirectory(), ".pub")
	if err != nil {
		return nil, err
	}
	delegated, err := namesIn(h.delegationsDirectory(), ".old")
	if err != nil {
		return nil, err
	}
	all := slices.Concat(private, public, delegated)
	slices.Sort(all)
	return slices.Compact(all), nil
}

// namesIn returns the names of the files in a directory that end so, without that end; ""
// stands for names that are a key's as they are.
func namesIn(directory, end string) ([]string, error) {
	files, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range files {
		name, found := strings.CutSuffix(file.Name(), end)
		if found && (end != "" || ValidKeyName(name) == nil) {
			names = append(names, name)
		}
	}
	return names, nil
}
