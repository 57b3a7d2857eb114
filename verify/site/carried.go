package site

import (
	"fmt"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Open opens the text of a license file, as [verify.Verifier.Open] does, or of a short license
// (OLC1): then the file that it stands for, by the requests of this site. delegations are the
// texts of those (OLD1) that the product came with, nil for none; that of the installed license
// is known. One that cannot be read is an error of the program, and no refusal.
func (s *State) Open(v *verify.Verifier, text []byte, delegations [][]byte) (*verify.Opened, error) {
	if kind, _, err := format.DecodeText(text); err != nil || kind != format.CarriedLicense {
		return v.Open(text)
	}
	c, err := verify.OpenCarried(text)
	if err != nil {
		return nil, err
	}
	requests, err := s.requestsFor(c)
	if err != nil {
		return nil, err
	}
	met, err := openDelegations(delegations)
	if err != nil {
		return nil, err
	}
	if installed := s.installed(v); installed != nil {
		met = append(met, installed.Delegation())
	}
	if text, err = v.Rebuild(c, requests, met...); err != nil {
		return nil, err
	}
	return v.Open(text)
}

// requestsFor returns the requests that a short license may answer: those that its mark names,
// or all, whose files somebody may have renamed.
func (s *State) requestsFor(c *format.Carried) ([]*verify.Request, error) {
	names, err := s.requestsNamed(c.RequestMark())
	if err == nil && len(names) == 0 {
		names, err = s.requestNames()
	}
	if err != nil {
		return nil, err
	}
	requests := make([]*verify.Request, len(names))
	for i, name := range names {
		if requests[i], err = s.openRequest(name); err != nil {
			return nil, err
		}
	}
	return requests, nil
}

// openDelegations reads the delegations that a product came with. The errors wrap no refusal.
func openDelegations(texts [][]byte) (all [][]byte, err error) {
	for i, text := range texts {
		raw, err := format.DecodeTextAs(text, format.Delegation)
		if err == nil {
			_, err = format.ParseStatement(raw, format.Delegation)
		}
		if err != nil {
			return nil, fmt.Errorf("the program's own delegation cannot be used (number %d): %v", i+1, err)
		}
		all = append(all, raw)
	}
	return all, nil
}
