package site

import (
	"time"

	"github.com/offlicense/offlicense/verify"
)

// Inspect judges the installed license as [State.Verify] does, and writes nothing: for
// whoever looks on, such as a monitoring agent. A program without a product is any that the
// license is for.
func (s *State) Inspect(v *verify.Verifier, p Program, now time.Time) (*verify.License, error) {
	q, err := s.question(v, p, now)
	if err != nil {
		return nil, err
	}
	q.anyProduct = p.Product == ""
	license, err := s.judgeUnwritten(q)
	if q.superseded(err) {
		if license, err = s.Inspect(v, p.withoutLicense(), now); err == nil {
			license.Warnings = append(license.Warnings, s.older())
		}
	}
	return license, err
}
