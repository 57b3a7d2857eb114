package ledger

import (
	"io"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
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
	NewNames bool      // sells names that the products do not have
	Weaker   bool      // sells a request the binding that it asks for; needs Why
	Random   io.Reader // for new ids

	// Later says that a revision is recorded without the licenses that it grants: each is
	// signed when its request comes again.
	Later bool

	// Automatic says that no person looks at what is signed: it is less, see rules.Waiting.
	Automatic bool
}

// Check refuses an operation that no event could record. It makes its time what events
// have, whole seconds: an audit asks the rules again at that time.
func (by *Operation) Check() error {
	by.Now = Whole(by.Now)
	if err := format.ValidText(by.Operator, maxOperator); err != nil {
		return hint.Errorf("invalid operator %.64q: %w", by.Operator, err).WithHint("name yourself with --operator")
	}
	if by.Why = strings.TrimSpace(by.Why); by.Why != "" {
		if err := format.ValidText(by.Why, maxWhy); err != nil {
			return hint.Errorf("invalid reason %.64q: %w", by.Why, err).WithHint("give the reason in one line")
		}
	}
	if by.Override {
		return by.NeedWhy("lifting a rule")
	}
	return nil
}

// NeedWhy refuses a change that has no reason and wants one.
func (by *Operation) NeedWhy(what string) error {
	if strings.TrimSpace(by.Why) != "" {
		return nil
	}
	return Refuse(RuleReason, LiftNobody, "say why, with --why", "%s needs a reason, which stays on record", what)
}
