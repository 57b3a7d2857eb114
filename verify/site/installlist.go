package site

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/format"
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
// or than its license or the options ask for; [ErrNotState] or [ErrNoSite] for a folder that is none of
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
	if err := s.refuseList(v, l, known, o); err != nil {
		return nil, err
	}
	already := has(known.kept, l)
	if !already {
		if err := s.keepList(v, l); err != nil {
			return nil, err
		}
	}
	s.removeGarbage(known.bad, l.Number)
	if record, err := s.readClock(); err == nil {
		_ = s.recordClock(record.orSigned(l.Issued()), o.Now) // as Install does
	}
	return &InstalledList{l, already}, nil
}

// refuseList refuses what a site must not go by.
func (s *State) refuseList(v *verify.Verifier, l *verify.RevocationList, known lists, o InstallOptions) error {
	if vendor, other := s.otherVendor(l, known); other {
		return &verify.Refusal{
			Reason:   verify.OutOfScope,
			Message:  "the revocation list is another vendor's",
			Expected: vendor,
			Found:    l.Issuer,
			Next:     "check that the file is for the product of this state folder",
		}
	}
	now := o.Now
	if fromFuture(l, now) {
		return &verify.Refusal{
			Reason: verify.ClockRolledBack,
			Message: fmt.Sprintf("the clock of this machine says %s, and the revocation list was issued at %s",
				now.UTC().Format(time.RFC3339), l.Issued().Format(time.RFC3339)),
			Expected: l.Issued().Format(time.RFC3339) + " or later",
			Found:    now.UTC().Format(time.RFC3339),
			Next:     "set the clock to the right time and try again; if it is right, tell the vendor that theirs is not",
		}
	}
	var met []*verify.RevocationList
	claims, licensed := s.installed()
	if licensed {
		if attached := s.attachedHere(v); attached != nil {
			met = append(met, attached)
		}
	}
	if counts := verify.Newest(ofVendor(known.kept, append(met, l), l.Issuer)...); !sameList(counts, l) {
		return olderList(l, counts)
	}
	if l.Number < o.MinRevocation {
		return tooOld(l, "this program asks for a later revocation list", o.MinRevocation)
	}
	if licensed && claims.Issuer == l.Issuer && l.Number < claims.Terms.MinRevocation {
		return tooOld(l, "the installed license asks for a later revocation list", claims.Terms.MinRevocation)
	}
	return nil
}

// otherVendor returns the vendor whose site this is unless the list is that one's. What
// the files say of it nobody has checked; it only leads to a refusal.
func (s *State) otherVendor(l *verify.RevocationList, known lists) (vendor string, other bool) {
	if installed, ok := s.installed(); ok {
		return installed.Issuer, installed.Issuer != l.Issuer
	}
	var vendors []string
	for _, kept := range known.kept {
		vendors = append(vendors, kept.Issuer)
	}
	released, _ := s.released()
	for _, g := range released {
		vendors = append(vendors, g.vendor)
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
		r := tooOld(l, "this site knows another revocation list of the same number", counts.Number+1)
		r.Next = "ask the vendor which of the two counts; the later one needs a number of its own"
		return r
	}
	return &verify.Refusal{
		Reason:  verify.Revoked,
		Message: "the vendor has revoked the key that signed this revocation list, by its list " + listTitle(counts),
		Found:   fmt.Sprintf("list %s, signed by %.64q", listTitle(l), l.Signer),
		Next:    "keep the list that is here, and tell the vendor from whom this one came",
	}
}

func tooOld(l *verify.RevocationList, message string, atLeast uint64) *verify.Refusal {
	return &verify.Refusal{
		Reason:   verify.Superseded,
		Message:  message,
		Expected: fmt.Sprintf("list %d or later", atLeast),
		Found:    "list " + listTitle(l),
		Next:     "ask the vendor for the newest revocation list",
	}
}

func listTitle(l *verify.RevocationList) string {
	return fmt.Sprintf("%d of %s", l.Number, l.Issued().Format(time.DateOnly))
}

// attachedHere returns the list in the installed license file, and nil for none or one that
// does not open: the judgement then says so.
func (s *State) attachedHere(v *verify.Verifier) *verify.RevocationList {
	text, err := s.read(licenseFile)
	if err != nil {
		return nil
	}
	return attachedList(v, text)
}

// attachedList is attachedHere for the text of any license file.
func attachedList(v *verify.Verifier, text []byte) *verify.RevocationList {
	raw, err := format.DecodeTextAs(text, format.LicenseFile)
	if err != nil {
		return nil
	}
	file, err := format.ParseFile(raw)
	if err != nil || file.RawList == nil {
		return nil
	}
	l, err := v.OpenRawRevocationList(file.RawList)
	if err != nil {
		return nil
	}
	return l
}
