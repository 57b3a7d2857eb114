package site

import (
	"bytes"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// changed reports whether the machine that a new request is about does not agree with the
// installed license or with an earlier request, any of which may have a license that is still
// good. Then the request is one for a change of machine, and names the installed license.
//
// How much must agree is what the installed license asks for, and what tells machines apart must
// not differ from what it names; more than half where there is none. What was asked before an answered change of machine is left behind.
func (s *State) changed(q *format.Request, earlier []*verify.Request) bool {
	installed, err := s.unverifiedLicense()
	if err != nil || installed.Binding == nil {
		installed = &format.LicenseClaims{Binding: &format.Binding{}}
	}
	b, since := installed.Binding, int64(0)
	for _, e := range earlier {
		if e.Hash == b.Request && e.Prior != nil {
			since = e.Time
		}
	}
	agrees := agreeing(q.Components, b.Components) >= int(b.Need) && !identifiesAnother(q.Components, b.Components)
	for _, e := range earlier {
		need := len(e.Components)/2 + 1
		if b.Need > 0 {
			need = int(b.Need)
		}
		if e.Time >= since && agreeing(q.Components, e.Components) < min(need, len(e.Components)) {
			agrees = false
		}
	}
	if !agrees && installed.ID != (format.ID{}) {
		q.Prior = &installed.ID
	}
	return !agrees
}

// identifiesAnother reports whether what tells machines apart, and is in both, differs. The license
// may still hold, by the rest; but a copy of its disk has that rest as well, so to the vendor
// this is another machine, and wants to be told which license ends.
func identifiesAnother(offered, named []format.Component) bool {
	for _, c := range named {
		for _, have := range offered {
			if have.Label == c.Label && (c.Label == format.LabelMachineID || c.Label == format.LabelProductUUID) && !bytes.HasPrefix(have.Hash, c.Hash) {
				return true
			}
		}
	}
	return false
}

// agreeing counts the components of an earlier request or a license that a machine offers.
func agreeing(offered, named []format.Component) (n int) {
	for _, c := range named {
		for _, have := range offered {
			if have.Label == c.Label && bytes.HasPrefix(have.Hash, c.Hash) {
				n++
			}
		}
	}
	return n
}
