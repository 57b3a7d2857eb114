package ledger

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
)

const (
	maxOperator = 128 // bytes
	maxWhy      = 1024
)

// Operation is who changes the ledger, when and why.
type Operation struct {
	Operator string
	Now      time.Time
	Why      string    // empty where no reason is asked for
	Override bool      // lifts a rule that staff may lift; needs Why
	Random   io.Reader // for new ids
}

func (by *Operation) check() error {
	if err := format.ValidText(by.Operator, maxOperator); err != nil {
		return &Error{Message: fmt.Sprintf("invalid operator %.64q: %v", by.Operator, err), Next: "name yourself with --operator"}
	}
	if by.Why = strings.TrimSpace(by.Why); by.Why != "" {
		if err := format.ValidText(by.Why, maxWhy); err != nil {
			return &Error{Message: fmt.Sprintf("invalid reason %.64q: %v", by.Why, err), Next: "give the reason in one line"}
		}
	}
	if by.Override && strings.TrimSpace(by.Why) == "" {
		return refuse(RuleReason, liftNobody, "say why, with --why", "a rule is lifted only with a reason that stays on record")
	}
	return nil
}

// needWhy refuses a change that has no reason and wants one.
func (by *Operation) needWhy(what string) error {
	if strings.TrimSpace(by.Why) == "" {
		return refuse(RuleReason, liftNobody, "say why, with --why", "%s needs a reason, which stays on record", what)
	}
	return nil
}

// seconds and timeOf store a time as seconds since 1970, the zero time as 0.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func timeOf(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// whole returns a time as the ledger keeps it: UTC, whole seconds.
func whole(t time.Time) time.Time { return timeOf(seconds(t)) }
