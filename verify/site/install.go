package site

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
)

// InstallOptions say what Install cannot find out.
type InstallOptions struct {
	Components    []machine.Value // that the operator gives, as in Program
	MinRevocation uint64          // lowest number of a revocation list that is accepted, as in Program
	Now           time.Time       // required
}

// Install judges the text of a license file for the product that was asked for, and puts
// it into the place of the license that was installed before. A license that does not
// hold now leaves the old one where it is.
//
// A newer revocation list in the file is kept as [State.InstallRevocations] would, also
// where the license itself is refused: it is the vendor's word of its own, grants nothing
// to anybody, and may be the only one that reaches this server. The refusal then says so.
//
// A license that is bound to no machine may be the first thing in a new or empty folder.
// Any other answers a request, and where none can have been made the error is
// [ErrNoRequest]; among other things it is [ErrNotState].
//
// Two that install at the same time may do so in either order.
func (s *State) Install(v *verify.Verifier, text []byte, o InstallOptions) (*verify.License, error) {
	fresh, err := s.fresh()
	if err != nil {
		return nil, err
	}
	claims, ok := peek(text)
	if fresh && ok && claims.Binding != nil {
		return nil, fmt.Errorf("cannot use %q: %w", s.dir, ErrNoRequest)
	}
	p := o.program(unknownProduct)
	if ok {
		if p.Product, err = s.productOf(claims); err != nil {
			return nil, err
		}
	}
	license, err := s.Judge(v, text, p, o.Now)
	if err != nil {
		if !fresh {
			err = s.keepOfRefused(v, text, o, err)
		}
		return nil, err
	}
	raw, err := format.DecodeTextAs(text, format.LicenseFile)
	if err != nil {
		return nil, err
	}
	if fresh {
		if err := s.make(); err != nil {
			return nil, err
		}
	}
	// The list comes first: after a crash in between, the new list judges the old license,
	// which is what the vendor wants. The other way round it could be lost.
	if err := s.keepOfInstalled(v, text, license.Vendor, o.Now); err != nil {
		return nil, err
	}
	if err := s.write(licenseFile, format.EncodeFile(format.LicenseFile, raw), publicMode); err != nil {
		return nil, err
	}
	license.Warnings = slices.DeleteFunc(license.Warnings, aboutProgram)
	if record, err := s.readClock(); err == nil {
		// A folder of which only this file can be written is no reason to fail.
		_ = s.recordClock(record.orSigned(signedAt(license)), o.Now)
	}
	return license, nil
}

// Installed judges the installed license as [State.Install] does, for its own product and
// whatever the program. Nothing is written.
func (s *State) Installed(v *verify.Verifier, o InstallOptions) (*verify.License, error) {
	text, err := s.read(licenseFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.noLicense()
	}
	if err != nil {
		return nil, err
	}
	p := o.program(unknownProduct)
	if claims, ok := peek(text); ok {
		p.Product = claims.Product
	}
	license, err := s.Judge(v, text, p, o.Now)
	if err == nil {
		license.Warnings = slices.DeleteFunc(license.Warnings, aboutProgram)
	}
	return license, err
}

// program returns a program of which no more is known than its product. A failover
// license is installed on standby.
func (o InstallOptions) program(product string) Program {
	return Program{Product: product, Components: o.Components, MinRevocation: o.MinRevocation, Emergency: true}
}

// keepOfInstalled keeps the list of a license file that is about to be installed, and
// that of the file whose place it takes.
func (s *State) keepOfInstalled(v *verify.Verifier, text []byte, vendor string, now time.Time) error {
	kept := s.keptLists(v).kept
	met := metLists(attachedList(v, text), s.attachedHere(v))
	_, err := s.keepInForce(v, kept, met, vendor, now)
	return err
}

// keepOfRefused keeps the list of a license file that was refused, and says so.
func (s *State) keepOfRefused(v *verify.Verifier, text []byte, o InstallOptions, err error) error {
	var refusal *verify.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	known := s.keptLists(v)
	l := attachedList(v, text)
	if l == nil || s.refuseList(v, l, known, o) != nil {
		return err
	}
	l, failed := s.keepInForce(v, known.kept, metLists(l), l.Issuer, o.Now)
	if l == nil || failed != nil {
		return err
	}
	named := *refusal
	named.Next += "; the revocation list that came with it is newer than the one here and was kept: list " + listTitle(l)
	return &named
}

// aboutProgram reports whether a warning is about what only a running program knows.
func aboutProgram(warning string) bool {
	return strings.HasSuffix(warning, "was not given and not checked")
}

// unknownProduct is judged where a text says no product; its form is refused first.
const unknownProduct = "unknown"

// productOf returns the product for which a license is to be installed: that of the
// site's own request which it answers. One that is bound to no machine answers none, and
// must not take the place of another product's.
func (s *State) productOf(claims *format.LicenseClaims) (string, error) {
	if installed, ok := s.installed(); ok {
		return installed.Product, nil
	}
	if claims.Binding == nil {
		return s.productAsked(claims.Product)
	}
	requests, err := s.requests(claims.Binding.Request)
	if err != nil {
		return "", err
	}
	return cmp.Or(requests.product, claims.Product), nil
}
