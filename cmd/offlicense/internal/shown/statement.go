// Package shown says what a statement says, for reading: nobody has checked whether it is true,
// and nothing is decided by it. A file has one kind of statement: its JSON, and its lines.
package shown

import (
	"fmt"
	"io"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/format"
)

// Statement is what a text says. Nobody has checked whether it is true: it is for
// reading, and nothing is decided by it.
type Statement struct {
	Version     int          `json:"version"`
	File        string       `json:"file,omitempty"` // where there are several
	Kind        string       `json:"kind"`
	Verified    bool         `json:"verified"` // always false
	Code        string       `json:"comparison_code,omitempty"`
	Request     *request     `json:"request,omitempty"`
	License     *license     `json:"license,omitempty"`
	Delegation  *delegation  `json:"delegation,omitempty"` // of the license, too
	Release     *release     `json:"release,omitempty"`
	Attestation *attestation `json:"attestation,omitempty"`
	Revocations *revocations `json:"revocation_list,omitempty"` // in the license file, too
	Short       *short       `json:"short_license,omitempty"`
}

// Decode reads the text form of any statement. The error is a *format.MalformedError, but for one
// that no file of this package knows.
func Decode(text []byte) (*Statement, error) {
	kind, raw, err := format.DecodeText(text)
	if err != nil {
		return nil, err
	}
	s := &Statement{Version: 1, Kind: kind.String()}
	if kind != format.CarriedLicense { // it has that of the license for which it stands
		if s.Code, err = format.CodeOf(kind, raw); err != nil {
			return nil, err
		}
	}
	switch kind {
	case format.RequestBody:
		s.Request, err = viewRequest(raw)
	case format.SignedRequest, format.Delegation, format.Release, format.Attestation:
		err = s.signed(kind, raw)
	case format.LicenseFile:
		err = s.file(raw)
	case format.CarriedLicense:
		s.Short, err = viewShort(raw)
	case format.RevocationFile:
		var list *format.List
		if list, err = format.ParseList(raw); err == nil {
			s.Revocations, err = viewList(list)
		}
	default:
		err = fmt.Errorf("this version does not know how to show a %s", kind)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Statement) signed(kind format.Kind, raw []byte) error {
	signed, err := format.ParseStatement(raw, kind)
	if err != nil {
		return err
	}
	switch payload := signed.UnverifiedPayload(); kind {
	case format.SignedRequest:
		s.Request, err = viewRequest(payload)
	case format.Delegation:
		s.Delegation, err = viewDelegation(payload)
	case format.Release:
		s.Release, err = viewRelease(signed)
	case format.Attestation:
		s.Attestation, err = viewAttestation(payload)
	}
	return err
}

func (s *Statement) file(raw []byte) error {
	file, err := format.ParseFile(raw)
	if err != nil {
		return err
	}
	if s.Delegation, err = viewDelegation(file.Delegation.UnverifiedPayload()); err != nil {
		return err
	}
	if s.License, err = viewLicense(file.License.UnverifiedPayload(), s.Delegation.Name); err != nil {
		return err
	}
	if file.List != nil {
		s.Revocations, err = viewList(file.List)
	}
	return err
}

// Print writes a statement for reading.
func (s *Statement) Print(w io.Writer, file string) {
	fmt.Fprintf(w, "%s: %s, not verified: anybody can write such a text\n", cli.Clean(file), s.Kind)
	var r rows
	next := func(title string) {
		r.WriteTo(w)
		r = rows{}
		fmt.Fprintln(w, title)
	}
	r.add("code", s.Code)
	switch {
	case s.Request != nil:
		s.Request.print(&r)
	case s.License != nil:
		s.License.print(&r)
		next("signed under the delegation, not verified")
		s.Delegation.print(&r)
		if s.Revocations != nil {
			next("with a revocation list, not verified")
			s.Revocations.print(&r)
		}
	case s.Revocations != nil:
		s.Revocations.print(&r)
		if s.Revocations.Delegation != nil {
			next("signed under the delegation, not verified")
			s.Revocations.Delegation.print(&r)
		}
	case s.Short != nil:
		s.Short.print(&r)
	case s.Release != nil:
		s.Release.print(&r)
	case s.Attestation != nil:
		s.Attestation.print(&r)
	case s.Delegation != nil:
		s.Delegation.print(&r)
	}
	r.WriteTo(w)
}

// rows are the lines of one part of a statement.
type rows struct{ cli.Table }

// add adds a line unless there is nothing to say in it.
func (r *rows) add(name, value string) {
	if value != "" {
		r.Row("  "+name, value)
	}
}

func (r *rows) time(name string, t time.Time) {
	if !t.IsZero() {
		r.add(name, t.UTC().Format(time.RFC3339))
	}
}
