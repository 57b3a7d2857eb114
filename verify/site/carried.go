package site

import (
	"fmt"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// whole returns the text of a license file: for a short license (OLC1) the one that it stands
// for, by the requests of this site, and the delegation of the installed license or one that
// the product came with. Any other text is returned as it is.
func (s *State) whole(v *verify.Verifier, text []byte, delegations [][]byte) ([]byte, error) {
	if kind, _, err := format.DecodeText(text); err != nil || kind != format.CarriedLicense {
		return text, nil
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
	return v.Rebuild(c, requests, met...)
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

// openDelegations reads the delegations that a product came with. The errors wrap no refusal:
// what is wrong with them says nothing about the license.
func openDelegations(texts [][]byte) (all [][]byte, err error) {
	for i, text := range texts {
		raw, err := format.DecodeTextAs(text, format.Delegation)
		if err == nil {
			_, err = format.ParseStatement(raw, format.Delegation)
		}
		if err != nil {
			return nil, fmt.Errorf("the program's own delegation cannot be used (Delegations[%d]): %v", i, err)
		}
		all = append(all, raw)
	}
	return all, nil
}
