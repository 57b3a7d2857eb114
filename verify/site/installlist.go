package site

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/verify"
)

// InstalledList is a revocation list that the site now goes by.
type InstalledList struct {
	*verify.RevocationList
	Already bool // it was here before
}

// InstallRevocations keeps the text of a revocation list (OLV1), so that every license is
// judged by it from now on. Whether the installed license is still good [State.Installed]
// tells; that it is not is no error here.
//
// The error is a *[verify.Refusal] for a list that nobody trusted has signed, for another
// vendor's, for one from the future, and for one that is older than what the site knows,
// or than its license or the options ask for; [ErrNotState] or [ErrNoSite] for a directory that is none of
// a site. After an error all is as before.
//
// Several that do this at the same time end with the newest of their lists.
func (s *State) InstallRevocations(v *verify.Verifier, text []byte, o InstallOptions) (*InstalledList, error) {
	if o.Now.IsZero() {
		return nil, errors.New("revocation list: no time is given")
	}
	fresh, err := s.fresh()
	if err != nil {
		return nil, err
	}
	if fresh {
		return nil, fmt.Errorf("cannot use %q: %w", s.dir, ErrNoSite)
	}
	l, err := v.OpenRevocationList(text)
	if err != nil {
		return nil, err
	}
	known := s.keptLists(v)
	if err := s.refuseList(l, known, s.installed(v), o); err != nil {
		return nil, err
	}
	already := has(known.kept, l)
	if !already {
		if err := s.keepList(v, l); err != nil {
			return nil, err
		}
	}
	if record, err := s.readClock(); err == nil {
		_ = s.recordClock(record.orSigned(l.Issued()), o.Now) // as Install does
	}
	return &InstalledList{l, already}, nil
}

// refuseList refuses what a site must not go by.
func (s *State) refuseList(l *verify.RevocationList, known lists, installed *verify.Opened, o InstallOptions) error {
	if vendor, other := s.otherVendor(l, known, installed); other {
		return (&verify.Refusal{
			Reason:   verify.OutOfScope,
			Message:  "the revocation list is another vendor's",
			Expected: vendor,
			Found:    l.Issuer,
		}).WithHint("check that the file is for the product of this state directory")
	}
	if err := fromFuture(l, o.Now); err != nil {
		return err
	}
	met := append(metLists(attached(installed)), l)
	if counts := verify.Newest(ofVendor(known.kept, met, l.Issuer)...); !sameList(counts, l) {
		return olderList(l, counts)
	}
	if l.Number < o.MinRevocation {
		return tooOld(l, "this program asks for a later revocation list", o.MinRevocation)
	}
	if installed != nil {
		return installed.AcceptsList(l)
	}
	return nil
}

// otherVendor returns the vendor whose site this is unless the list is that one's. What
// the record of releases says of it nobody has checked; it only leads to a refusal.
func (s *State) otherVendor(l *verify.RevocationList, known lists, installed *verify.Opened) (vendor string, other bool) {
	if installed != nil {
		return installed.Vendor(), installed.Vendor() != l.Issuer
	}
	var vendors []string
	for _, kept := range known.kept {
		vendors = append(vendors, kept.Issuer)
	}
	released, _ := s.released()
	for _, r := range released {
		vendors = append(vendors, r.Vendor)
	}
	if len(vendors) == 0 || slices.Contains(vendors, l.Issuer) {
		return "", false
	}
	return vendors[len(vendors)-1], true
}

// olderList refuses a list that does not count beside one that the site knows.
func olderList(l, counts *verify.RevocationList) error {
	switch {
	case l.Number < counts.Number:
		return tooOld(l, "this site knows a later revocation list", counts.Number)
	case l.Number == counts.Number:
		return tooOld(l, "this site knows another revocation list of the same number", counts.Number+1).
			WithHint("ask the vendor which of the two counts; the later one needs its own number")
	}
	return (&verify.Refusal{
		Reason:  verify.Revoked,
		Message: "the vendor has revoked the key that signed this revocation list, by its list " + listTitle(counts),
		Found:   fmt.Sprintf("list %s, signed by %.64q", listTitle(l), l.Signer),
	}).WithHint("keep the list that is here, and tell the vendor who sent this one")
}

func tooOld(l *verify.RevocationList, message string, atLeast uint64) *verify.Refusal {
	return (&verify.Refusal{
		Reason:   verify.Superseded,
		Message:  message,
		Expected: fmt.Sprintf("list %d or later", atLeast),
		Found:    "list " + listTitle(l),
	}).WithHint("ask the vendor for the newest revocation list")
}

func listTitle(l *verify.RevocationList) string {
	return fmt.Sprintf("%d of %s", l.Number, l.Issued().Format(time.DateOnly))
}
