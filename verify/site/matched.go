package site

import (
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// matchedFile has how many components of the installed license matched when it was installed:
//
//	offlicense matched 1
//	CODE 3
//
// with the comparison code of the request that it answers. It is for a warning alone, so a record
// of another request, or one that cannot be read, is none.
const (
	matchedFile   = "matched"
	matchedHeader = "offlicense matched 1\n"
)

// matched returns what is on record of the license for a request, 0 for nothing.
func (s *State) matched(request [32]byte) (n uint64) {
	text, err := s.read(matchedFile)
	if err != nil {
		return 0
	}
	line, ok := strings.CutPrefix(string(text), matchedHeader+format.ComparisonCode(request)+" ")
	if _, err := fmt.Sscanf(line, "%d\n", &n); !ok || err != nil || n > format.MaxComponents {
		return 0
	}
	return n
}

// recordMatched notes how many components of a license match that is being installed. Of several
// licenses for one request it is the most that ever matched: to install once more, or to
// renew, brings no margin back.
func (s *State) recordMatched(opened *verify.Opened, l *verify.License) error {
	request, bound := opened.RequestHash()
	if !bound || l.Machine == nil {
		return nil
	}
	before := s.matched(request)
	l.Machine.Installed = max(before, l.Machine.Matching)
	if l.Machine.Matching <= before {
		return nil
	}
	return s.write(matchedFile, fmt.Appendf(nil, "%s%s %d\n", matchedHeader, format.ComparisonCode(request), l.Machine.Matching), publicMode)
}
