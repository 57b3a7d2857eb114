package audit

import (
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/verify"
)

// floor is the least list that a license asks for.
type floor struct {
	number uint64 // of the newest list that signers have had for long enough
	lists  int    // how many of the lists that is of
}

// checkFloor returns what is wrong with the revocation list that a license asks for, empty
// for nothing. Signers ask for the newest one that has room in a license file; one that was
// recorded within the hour that clocks may differ by, they may not have seen.
func (s *state) checkFloor(asked uint64, issued time.Time) string {
	for _, l := range s.lists[s.floor.lists:] {
		if l.recorded.Add(verify.ClockTolerance).After(issued) {
			break
		}
		s.floor.lists++
		if len(l.File) <= ledger.MaxAttachedList {
			s.floor.number = max(s.floor.number, l.Number)
		}
	}
	switch l := s.listed[asked]; {
	case asked > 0 && l == nil:
		return fmt.Sprintf("the license asks for revocation list %d, which was not on record", asked)
	case asked > 0 && len(l.File) > ledger.MaxAttachedList:
		return fmt.Sprintf("the license asks for revocation list %d, which has no room in a license file", asked)
	case asked < s.floor.number:
		return fmt.Sprintf("the license asks for revocation list %d, and list %d was on record", asked, s.floor.number)
	}
	return ""
}
