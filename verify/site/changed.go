package site

import (
	"bytes"
	"slices"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// changed reports whether the machine that a new request is about does not agree with the
// installed license or with an earlier request, any of which may have a license that is still
// good. Then the request is one for a change of machine, and names the installed license.
//
// How much must agree is what the installed license asks for, and what tells machines apart must
// be known of it; more than half where there is none. What was asked before an answered change of machine is left behind.
func (s *State) changed(q *format.Request, earlier []*verify.Request, getenv func(string) string) bool {
	installed, err := s.claimsInUse(getenv)
	if err != nil || installed.Binding == nil {
		installed = &format.LicenseClaims{Binding: &format.Binding{}}
	}
	b, since := installed.Binding, int64(0)
	known := b.Components
	for _, e := range earlier {
		if e.Hash != b.Request {
			continue
		}
		if known = slices.Concat(known, e.Readable()); e.Prior != nil {
			since = e.Time
		}
	}
	agrees := agreeing(q.Components, b.Components) >= int(b.Need) && (len(b.Components) == 0 || !identifiesAnother(q, known))
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

// identifiesAnother reports whether a request names something that tells machines apart, for who
// checks to read, and that is not known of the licensed machine. The license may hold all the same, by the
// rest; but a copy of the disk has the rest as well, so to the vendor this may be another
// machine, and wants to be told which license ends.
func identifiesAnother(q *format.Request, known []format.Component) bool {
	for _, c := range q.Readable() {
		if c.Label != format.LabelMachineID && c.Label != format.LabelProductUUID {
			continue
		}
		if !slices.ContainsFunc(known, func(k format.Component) bool { return k.Label == c.Label && bytes.HasPrefix(c.Hash, k.Hash) }) {
			return true
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
