package site

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/verify"
)

// badList is a file in the place of a list that is not to be used, or a directory of lists
// that cannot be read. That is a warning and no refusal: its writer could as well have
// removed it, and a disk error must not stop a site for which the other floors hold.
//
// Nothing is done to the file. It may be a list to another program, which knows a root that
// this one does not.
type badList struct {
	path string
	err  error
}

func (b badList) Error() string {
	return fmt.Sprintf("the revocation list %q cannot be used and was left alone: %v; if it is damaged, remove it and install the newest list", b.path, cause(b.err))
}

// nameBad tells of a judgement that misses a list which files had to be passed over, and
// which of the program's lists are not the vendor's.
func (l lists) nameBad(err error, vendor string) error {
	refusal, ok := errors.AsType[*verify.Refusal](err)
	if !ok || !refusal.Undecided {
		return err
	}
	named := *refusal
	for _, bad := range l.bad {
		named.Found += fmt.Sprintf("; %q cannot be used: %v", bad.path, cause(bad.err))
	}
	if issuers := l.otherVendors(vendor); issuers != "" {
		named.Found += "; " + saysNothing(issuers, vendor)
	}
	return &named
}

// warnings tells of what was passed over in the judgement of a license. A list by an
// unknown root, such as one that the vendor has given up, would be warned of forever.
func (l lists) warnings(license *verify.License) []verify.Warning {
	var all []verify.Warning
	for _, bad := range l.bad {
		if license.RevocationList == nil || !errors.Is(bad.err, verify.UnknownKey) {
			all = append(all, verify.Warning{Code: BadList, Value: bad.path}.Says("%s", bad.Error()))
		}
	}
	if issuers := l.otherVendors(license.Vendor); issuers != "" {
		all = append(all, verify.Warning{Code: OtherVendorsList, Value: issuers}.Says("%s", saysNothing(issuers, license.Vendor)))
	}
	return all
}

// otherVendors returns whose lists a program brings that brings none of the license's vendor: it
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
	return strings.Join(slices.Compact(issuers), " and ")
}

func saysNothing(issuers, vendor string) string {
	return fmt.Sprintf("the given revocation lists are from %s and say nothing about a license from %s", issuers, vendor)
}
