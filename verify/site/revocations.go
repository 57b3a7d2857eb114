package site

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// keptList is a revocation list in the directory.
type keptList struct {
	*verify.RevocationList
	name string
}

// lists are the revocation lists that the site knows.
type lists struct {
	kept    []keptList
	bad     []badList
	brought []*verify.RevocationList // by the program
}

func (l lists) all() []*verify.RevocationList {
	var all []*verify.RevocationList
	for _, kept := range l.kept {
		all = append(all, kept.RevocationList)
	}
	return append(all, l.brought...)
}

// lists returns the revocation lists of the directory and of the program.
func (s *State) lists(v *verify.Verifier, p Program) (lists, error) {
	brought, err := p.lists(v)
	if err != nil {
		return lists{}, err
	}
	known := s.keptLists(v)
	known.brought = brought
	return known, nil
}

// maxLists is how many files are looked at. There are few: one for each root, one besides.
const maxLists = 16

// keptLists reads the lists in the directory.
func (s *State) keptLists(v *verify.Verifier) lists {
	for range 100 {
		l, moved := s.readLists(v)
		if !moved {
			return l
		}
	}
	return lists{bad: []badList{{s.path(revocationsDir), errors.New("its files keep changing")}}}
}

// readLists reports as moved that a file was gone when it was to be read: a newer list has
// taken its place, which was not there yet when the directory was read.
func (s *State) readLists(v *verify.Verifier) (l lists, moved bool) {
	names, err := s.listNames()
	if err != nil {
		l.bad = []badList{{s.path(revocationsDir), err}}
	}
	for _, name := range names {
		text, err := s.read(name)
		if errors.Is(err, fs.ErrNotExist) {
			if _, err := os.Lstat(s.path(name)); err != nil { // no dangling link
				return lists{}, true
			}
		}
		if err == nil {
			var list *verify.RevocationList
			if list, err = v.OpenRevocationList(text); err == nil {
				l.kept = append(l.kept, keptList{list, name})
				continue
			}
		}
		l.bad = append(l.bad, badList{s.path(name), err})
	}
	return l, false
}

func (s *State) listNames() ([]string, error) {
	if s.dir == "" {
		return nil, nil
	}
	if there, err := s.listDirectory(); !there {
		return nil, err
	}
	entries, err := os.ReadDir(s.path(revocationsDir))
	return newest(revocationsDir, entries, revocationExt, maxLists), err
}

// errNotDirectory says that the directory of the lists can be neither read nor made.
var errNotDirectory = errors.New("it is not a directory")

// listDirectory reports whether the directory of the lists is there. The error is an
// *fs.PathError.
func (s *State) listDirectory() (bool, error) {
	path := s.path(revocationsDir)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && !info.IsDir(): // a link that leads nowhere, or a file
		return false, &fs.PathError{Op: "create", Path: path, Err: errNotDirectory}
	case err != nil:
		return false, &fs.PathError{Op: "read", Path: path, Err: cause(err)}
	}
	return true, nil
}

// listName is the file in which a list is kept. Each has its own, so that of two that are
// installed at the same time neither takes the place of the other.
func listName(l *verify.RevocationList) string {
	code := strings.ReplaceAll(format.ComparisonCode(sha256.Sum256(l.Raw)), "-", "")
	return filepath.Join(revocationsDir, fmt.Sprintf("%d-%s%s", l.Number, code, revocationExt))
}

// ofVendor returns the lists of one vendor among those in the directory and others. Of two
// with the same number and signer the judgement takes the first, which the directory has.
func ofVendor(kept []keptList, others []*verify.RevocationList, vendor string) []*verify.RevocationList {
	var all []*verify.RevocationList
	for _, k := range kept {
		all = append(all, k.RevocationList)
	}
	return slices.DeleteFunc(append(all, others...), func(l *verify.RevocationList) bool { return l.Issuer != vendor })
}

func sameList(a, b *verify.RevocationList) bool { return bytes.Equal(a.Raw, b.Raw) }

func has(kept []keptList, l *verify.RevocationList) bool {
	return slices.ContainsFunc(kept, func(k keptList) bool { return sameList(k.RevocationList, l) })
}

// metLists returns those lists that there are.
func metLists(all ...*verify.RevocationList) []*verify.RevocationList {
	return slices.DeleteFunc(all, func(l *verify.RevocationList) bool { return l == nil })
}

// attached returns the list in a license file, and nil for none or one that does not hold:
// the judgement then says so.
func attached(o *verify.Opened) *verify.RevocationList {
	if o == nil {
		return nil
	}
	l, _ := o.RevocationList()
	return l
}

// keepMet keeps what came with the program or the installed license. What was seen once
// must not be rolled back by an older program or license.
func (s *State) keepMet(v *verify.Verifier, known lists, installed *verify.Opened, now time.Time) error {
	met := append(slices.Clone(known.brought), metLists(attached(installed))...)
	if _, err := s.keepInForce(v, known.kept, met, installed.Vendor(), now); err != nil {
		return fmt.Errorf("the newest revocation list could not be kept in %q: %w", s.path(revocationsDir), cause(err))
	}
	return nil
}

// signedAt is the latest time at which the vendor has signed something about a license.
func signedAt(l *verify.License) time.Time {
	if l.RevocationList == nil {
		return l.Issued
	}
	return later(l.Issued, l.RevocationList.Issued)
}

// keepInForce keeps those of a vendor's lists that are in force beside the ones in the
// directory. It returns the one that counts if the directory had it not. One from the future is
// not kept: it would stop the site until then.
func (s *State) keepInForce(v *verify.Verifier, kept []keptList, met []*verify.RevocationList, vendor string, now time.Time) (*verify.RevocationList, error) {
	met = slices.DeleteFunc(met, func(l *verify.RevocationList) bool { return fromFuture(l, now) != nil })
	all := ofVendor(kept, met, vendor)
	for _, l := range verify.InForce(all...) {
		if has(kept, l) {
			continue
		}
		if err := s.keepList(v, l); err != nil {
			return nil, err
		}
	}
	if counts := verify.Newest(all...); counts != nil && !has(kept, counts) {
		return counts, nil
	}
	return nil, nil
}

func fromFuture(l *verify.RevocationList, now time.Time) error {
	return verify.CheckClock(now, l.Issued(), "the revocation list")
}

// keepList puts a list into the directory and removes those that are not in force beside it.
// It is durable before anything is removed, and a list is removed for a better one alone:
// of several that do this at the same time none takes away what another has put there.
func (s *State) keepList(v *verify.Verifier, l *verify.RevocationList) error {
	there, err := s.listDirectory()
	if err != nil {
		return err
	}
	if !there {
		if err := s.makeSubdirectory(revocationsDir); err != nil {
			return err
		}
	}
	if err := s.write(listName(l), format.EncodeFile(format.RevocationFile, l.Raw), publicMode); err != nil {
		return err
	}
	s.removeOutdated(v, l.Issuer)
	return nil
}

// removeOutdated removes a vendor's lists that are not in force beside the others. What it
// fails to remove is litter, which the next one removes.
func (s *State) removeOutdated(v *verify.Verifier, vendor string) {
	kept := s.keptLists(v).kept
	inForce := verify.InForce(ofVendor(kept, nil, vendor)...)
	outdated := slices.DeleteFunc(kept, func(k keptList) bool {
		return k.Issuer != vendor || slices.Contains(inForce, k.RevocationList)
	})
	if len(outdated) == 0 || atomicfile.SyncDirectory(s.path(revocationsDir)) != nil { // a better one may not be durable yet
		return
	}
	for _, old := range outdated {
		os.Remove(s.path(old.name))
	}
}
