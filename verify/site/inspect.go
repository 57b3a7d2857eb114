package site

import (
	"time"

	"github.com/offlicense/offlicense/verify"
)

// Inspect judges the installed license as [State.Verify] does, and writes nothing: for
// whoever looks on, such as a monitoring agent. A program without a product is any that the
// license is for.
func (s *State) Inspect(v *verify.Verifier, p Program, now time.Time) (*verify.License, error) {
	text, err := s.readLicense()
	if err != nil {
		return nil, err
	}
	known, err := s.lists(v, p)
	if err != nil {
		return nil, err
	}
	opened, err := v.Open(text)
	if err != nil {
		return nil, err
	}
	return s.judgeUnwritten(question{Program: p, anyProduct: p.Product == "", opened: opened, now: now, known: known})
}
