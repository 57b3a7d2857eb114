package main

import (
	"strings"
	"testing"
)

// Who can write in the database keeps no stolen key in force by making the record
// unreadable to the judgement: staff decide.
func TestKeepAStolenKeyInForce(t *testing.T) {
	t.Parallel()
	dir := audited(t)
	edit(t, dir, "CREATE VIEW planted AS SELECT 1; UPDATE entitlements SET hard_end = hard_end")
	revoke := []string{"revoke", "--home", "V", "--key", "V/keys/anna.pub", "--why", "stolen", "--yes"}
	r := licensor(t, dir, revoke...)
	if r.exit != 1 || !strings.Contains(r.stderr, "the record cannot be judged") || !strings.Contains(r.stderr, "--override") {
		t.Errorf("want a refusal: %s", r)
	}
	r = licensor(t, dir, append(revoke, "--override")...)
	if r.exit != 0 || !strings.Contains(r.stderr, "unjudged") {
		t.Errorf("want the key revoked: %s", r)
	}
}
