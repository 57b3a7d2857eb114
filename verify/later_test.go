package verify_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/verify"
)

// TestAdviceOnALaterVersion: who has a license of a later version is not sent to copy it again,
// for it came whole.
func TestAdviceOnALaterVersion(t *testing.T) {
	const update, again = "update the product", "copy the license file again"
	for name, want := range map[string]string{
		"malformed-payload-unknown-term":  update,
		"malformed-payload-unknown-claim": update,
		"malformed-payload-later-term":    update,
		"malformed-payload-unknown-type":  update,
		"malformed-header-crit":           update,
		"malformed-text-later-version":    update,
		"malformed-payload-twice":         again,
		"malformed-payload-no-seats":      again,
		"malformed-payload-unsorted":      again,
		"malformed-text-cut":              again,
		"malformed-text-checksum":         again,
	} {
		_, err := readVector(t, vectorDirectory+"/"+name+".txt").judge()
		refusal := new(verify.Refusal)
		if !errors.As(err, &refusal) || !strings.Contains(refusal.Hint(), want) {
			t.Errorf("%s: got %v, with the hint %q, want %q", name, err, refusal.Hint(), want)
		}
	}
}
