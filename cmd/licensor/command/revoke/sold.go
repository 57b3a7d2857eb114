package revoke

import (
	"context"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

// maxCheckpoint is more than any checkpoint has.
const maxCheckpoint = 64 << 10

// judge shows which licenses of a key do not follow by the rules from the record: who
// holds the key may have put them there, and they are not kept. Where the record cannot be
// judged, staff may override that: a damaged ledger keeps no stolen key in force.
func (c *revokeCommand) judge(ctx context.Context, env *cli.Env, s *service.Service, key *service.FoundKey) error {
	judged, err := s.JudgeKey(ctx, key)
	if err != nil {
		by, failed := c.Operation(env)
		if failed != nil || !by.Override {
			return hint.Errorf("%w", err).WithHint("see \"licensor audit%s\"; --override --why revokes the key and keeps all that is on record of it, unjudged", c.FlagsText())
		}
		env.Warnf("%v; all that is on record of the key stays good, unjudged", err)
		return nil
	}
	if len(judged.Rejected) > 0 {
		fmt.Fprintln(env.Stdout, "\nlicenses on record that do not follow from it by the rules, and do not stay good:")
		for _, id := range judged.Rejected {
			fmt.Fprintln(env.Stdout, id)
		}
	}
	return nil
}

// showSold lists what was sold and lifted since the last checkpoint. What of it a thief
// has done stays good with all else that is on record, unless a person knows better.
func (c *revokeCommand) showSold(ctx context.Context, env *cli.Env, s *service.Service) error {
	var vouched int64
	since := "ever"
	if c.since != "" {
		checkpoint, err := env.ReadFile(c.since, maxCheckpoint)
		if err != nil {
			return err
		}
		if vouched, err = s.Vouched(ctx, checkpoint); err != nil {
			return err
		}
		since = "since the checkpoint of " + cli.Plural(vouched, "event", "events")
	}
	events, err := s.Sold(ctx)
	if err != nil { // a damaged ledger keeps no stolen key in force
		env.Warnf("what was sold cannot be listed: %v", err)
		return nil
	}
	told := service.ViewEvents(events)
	for len(told) > 0 && told[0].Seq <= vouched {
		told = told[1:]
	}
	fmt.Fprintf(env.Stdout, "\nsold or changed %s, or past a rule that was lifted:\n", since)
	if len(told) == 0 {
		fmt.Fprintln(env.Stdout, "nothing")
	} else if _, err := common.SalesTable(told).WriteTo(env.Stdout); err != nil {
		return err
	}
	if c.since == "" {
		env.Warnf("no checkpoint was given (--since), so this is all that was ever sold or lifted")
	}
	fmt.Fprintf(env.Stderr, "Look for what nobody here has done: what a thief has put on record stays good, until \"licensor revoke%s --activation\" ends it.\n", c.FlagsText())
	return nil
}
