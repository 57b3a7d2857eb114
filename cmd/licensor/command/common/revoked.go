package common

import (
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/format"
)

// AddRevoked adds the licenses that are to be revoked.
func AddRevoked(t *cli.Table, revoked []format.ID) {
	name := "to revoke"
	for _, id := range revoked {
		t.Row(name, id.String())
		name = ""
	}
}

// TellWaiting says how many licenses wait for the next revocation list.
func TellWaiting(env *cli.Env, revoked []format.ID) {
	if len(revoked) > 0 {
		fmt.Fprintf(env.Stderr, "%s for the next revocation list: \"licensor revocations\" signs it.\n", cli.Plural(len(revoked), "license waits", "licenses wait"))
	}
}
