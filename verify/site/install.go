package site

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
)

// InstallOptions say what Install cannot find out.
type InstallOptions struct {
	Components    []machine.Value // that the operator gives, as in Program
	Checker       *machine.User   // as in RequestOptions: the license must hold for what this user reads
	MinRevocation uint64          // lowest number of a revocation list that is accepted, as in Program
	Delegations   [][]byte        // texts that came with the product, as in State.Open
	Now           time.Time       // required
}

// Install judges the text of a license file, or of a short license, for the product that was asked for, and puts
// it into the place of the license that was installed before. A license that does not
// hold now leaves the old one where it is.
//
// A newer revocation list in the file is kept as [State.InstallRevocations] would, also
// where the license itself is refused: it is signed separately, grants nothing
// to anybody, and may be the only one that reaches this server. The refusal then says so.
//
// A license that is bound to no machine may be the first thing in a new or empty directory.
// Any other answers a request, and where none can have been made the error is
// [ErrNoRequest]; among other things it is [ErrNotState].
//
// Two that install at the same time may do so in either order.
func (s *State) Install(v *verify.Verifier, text []byte, o InstallOptions) (*verify.License, error) {
	fresh, err := s.fresh()
	if err != nil {
		return nil, err
	}
	opened, err := s.Open(v, text, o.Delegations)
	bound := errors.Is(err, verify.WrongSite) // a short license
	if err == nil {
		_, bound = opened.RequestHash()
	}
	if bound && fresh {
		return nil, fmt.Errorf("cannot use %q: %w", s.dir, ErrNoRequest)
	}
	if err != nil {
		return nil, err
	}
	known, installed := s.keptLists(v), s.installed(v)
	q := o.question(opened, known)
	q.installing = true
	if q.installed = installed; installed == nil {
		if q.Product, err = s.productAsked(opened); err != nil {
			return nil, err
		}
		q.anyProduct = q.Product == ""
	}
	license, err := s.judgeUnwritten(q)
	if err != nil {
		if !fresh {
			err = s.keepOfRefused(v, opened, known, installed, o, err)
		}
		return nil, err
	}
	if fresh {
		if err := s.make(); err != nil {
			return nil, err
		}
	}
	// The list comes first: after a crash in between, the new list judges the old license,
	// which is what the vendor wants. The other way round it could be lost.
	met := metLists(attached(opened), attached(installed))
	if _, err := s.keepInForce(v, known.kept, met, license.Vendor, o.Now); err != nil {
		return nil, err
	}
	if err := s.write(licenseFile, opened.Text(), publicMode); err != nil {
		return nil, err
	}
	license.Warnings = slices.DeleteFunc(license.Warnings, verify.Warning.AboutProgram)
	// A directory of which only the license can be written is no reason to fail.
	_ = s.recordMatched(opened, license)
	if record, err := s.readClock(); err == nil {
		_ = s.recordClock(record.orSigned(signedAt(license)), o.Now)
	}
	return license, nil
}

// Installed judges the installed license as [State.Install] does, for its own product and
// whatever the program. Nothing is written.
func (s *State) Installed(v *verify.Verifier, o InstallOptions) (*verify.License, error) {
	text, err := s.readLicense()
	if err != nil {
		return nil, err
	}
	opened, err := v.Open(text)
	if err != nil {
		return nil, err
	}
	license, err := s.judgeUnwritten(o.question(opened, s.keptLists(v)))
	if err == nil {
		license.Warnings = slices.DeleteFunc(license.Warnings, verify.Warning.AboutProgram)
	}
	return license, err
}

// question asks whether a license may be installed, whatever the program. A failover
// license is installed on standby.
func (o InstallOptions) question(opened *verify.Opened, known lists) question {
	return question{
		Program:    Program{Components: o.Components, MinRevocation: o.MinRevocation, Emergency: true},
		anyProduct: true,
		opened:     opened,
		checker:    o.Checker,
		now:        o.Now,
		known:      known,
	}
}

// keepOfRefused keeps the list of a license file that was refused, and says so.
func (s *State) keepOfRefused(v *verify.Verifier, opened *verify.Opened, known lists, installed *verify.Opened, o InstallOptions, err error) error {
	refusal, ok := errors.AsType[*verify.Refusal](err)
	l := attached(opened)
	if !ok || l == nil || s.refuseList(l, known, installed, o) != nil {
		return err
	}
	l, failed := s.keepInForce(v, known.kept, metLists(l), l.Issuer, o.Now)
	if l == nil || failed != nil {
		return err
	}
	named := *refusal
	return named.WithHint("%s; the newer revocation list in the file was kept: list %s", refusal.Hint(), listTitle(l))
}
