package site

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// badList is a file in the place of a list that is not to be used. That is a warning and
// no refusal: its writer could as well have removed it, and a disk error must not stop a
// site for which the other floors hold.
type badList struct {
	name, path string
	err        error
	garbage    bool // no list at all, and of use to nobody
}

func (b badList) Error() string {
	because := func(format string, a ...any) string {
		return fmt.Sprintf("the revocation list %q ", b.path) + fmt.Sprintf(format, a...)
	}
	var refusal *verify.Refusal
	switch {
	case b.name == revocationsDir && errors.Is(b.err, errNotFolder):
		return fmt.Sprintf("no revocation list is kept in %q: %v and install the newest list again", b.path, cause(b.err))
	case b.name == revocationsDir:
		return fmt.Sprintf("the revocation lists in %q cannot be read: %v; none of them counts until they can", b.path, cause(b.err))
	case b.garbage:
		return because("cannot be used: %v; install the newest list again", cause(b.err))
	case b.unknownRoot():
		return because("is signed by a root that this program does not know; it is left alone")
	case errors.As(b.err, &refusal):
		return because("cannot be used: %v; it is left alone; %s", refusal, refusal.Next)
	case errors.Is(b.err, atomicfile.ErrNotRegular), errors.Is(b.err, fs.ErrNotExist): // a link that leads nowhere
		return because("cannot be read: %v; remove it and install the newest list again", cause(b.err))
	}
	return because("cannot be read: %v; it is left alone, and counts once it can be read", cause(b.err))
}

// unknownRoot reports whether the list may be good to a program with another roots file.
func (b badList) unknownRoot() bool { return errors.Is(b.err, verify.UnknownKey) }

// nameBad tells of a judgement that misses a list which files had to be passed over, and
// which of the program's lists are not the vendor's.
func (l lists) nameBad(err error, claims *format.LicenseClaims) error {
	var refusal *verify.Refusal
	if !errors.As(err, &refusal) || !refusal.Undecided {
		return err
	}
	named := *refusal
	for _, bad := range l.bad {
		named.Found += fmt.Sprintf("; %q cannot be used: %v", bad.path, cause(bad.err))
	}
	if others := l.otherVendors(claims.Issuer); others != "" {
		named.Found += "; " + others
	}
	return &named
}

// warnings tells of what was passed over in the judgement of a license. A list by an
// unknown root, such as one that the vendor has given up, is not worth a word for ever.
func (l lists) warnings(license *verify.License) []string {
	var all []string
	for _, bad := range l.bad {
		if license.RevocationList == nil || !bad.unknownRoot() {
			all = append(all, bad.Error())
		}
	}
	if others := l.otherVendors(license.Vendor); others != "" {
		all = append(all, others)
	}
	return all
}

// otherVendors tells of a program that brings lists, and none of the license's vendor: it
// is built with the wrong file. "" if that is not so.
func (l lists) otherVendors(vendor string) string {
	var issuers []string
	for _, brought := range l.brought {
		if brought.Issuer == vendor {
			return ""
		}
		issuers = append(issuers, brought.Issuer)
	}
	if len(issuers) == 0 {
		return ""
	}
	slices.Sort(issuers)
	return fmt.Sprintf("the revocation lists that were given are of %s and say nothing about a license of %s",
		strings.Join(slices.Compact(issuers), " and "), vendor)
}

// isGarbage reports whether a text is no list: another thing, or one that was cut or
// mistyped, which its checksum tells. One of a later version is not, nor is one by a root
// that is unknown here: a program that knows it may need that list to know of a theft.
func isGarbage(text []byte) bool {
	_, err := format.DecodeTextAs(text, format.RevocationFile)
	later := len(text) > 4 && bytes.HasPrefix(text, []byte("OLV")) && '2' <= text[3] && text[3] <= '9' && text[4] == ':'
	return err != nil && !later
}

// removeGarbage removes files that are no lists once there is a later list than they held,
// by their names: they would be warned of for ever. One that held a later list stays, and
// tells that there was one.
func (s *State) removeGarbage(all []badList, number uint64) {
	for _, bad := range all {
		held, _, _ := strings.Cut(filepath.Base(bad.name), "-")
		if n, err := strconv.ParseUint(held, 10, 64); bad.garbage && (err != nil || n < number) {
			s.removeIfGarbage(bad.path)
		}
	}
}

// removeIfGarbage looks at a file once more before it is gone, under a name that nobody
// else has: meanwhile somebody may have put the list back that belongs there.
func (s *State) removeIfGarbage(path string) {
	aside, err := os.CreateTemp(s.path(revocationsDir), ".offlicense-*.tmp")
	if err != nil {
		return
	}
	aside.Close()
	if os.Rename(path, aside.Name()) == nil {
		if text, err := readRegular(aside.Name()); err != nil || !isGarbage(text) {
			os.Rename(aside.Name(), path)
			return
		}
	}
	os.Remove(aside.Name())
}
