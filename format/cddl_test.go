package format_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
)

// TestCDDLNamesEveryKey holds the grammar's maps against what Marshal writes when every
// field is set: neither has a key that the other does not have.
func TestCDDLNamesEveryKey(t *testing.T) {
	request, delegation, license := mustMarshal(t, mostRequest()), mustMarshal(t, mostDelegation()), mustMarshal(t, failoverLicense())
	release, revocation := mustMarshal(t, mostRelease()), mustMarshal(t, mostRevocation())
	lists := mustMarshal(t, listsDelegation())
	last := func(b []byte) place {
		pairs := placesOf(t, b, 0).pairs
		return pairs[len(pairs)-1][1]
	}
	confirmation := placesOf(t, license, 0).pairs[7][1]
	protected := placesOf(t, seal(t, format.License, license), 0).inside[0].inside[0]
	header := seal(t, format.License, license)[protected.head:protected.end]
	for rule, in := range map[string]place{
		"request":      placesOf(t, request, 0),
		"delegation":   placesOf(t, delegation, 0),
		"scope":        last(delegation),
		"license":      placesOf(t, license, 0),
		"terms":        last(license),
		"confirmation": confirmation,
		"cose-key":     confirmation.pairs[0][1],
		"revocation":   placesOf(t, revocation, 0),
		"revoked":      last(revocation),
		"revoked-key":  last(revocation).pairs[2][1].inside[0],
		"release":      placesOf(t, release, 0),
		"given-up":     last(release),

		"license-header":    placesOf(t, header, 0),
		"delegation-header": placesOf(t, header, 0),
		"request-header":    placesOf(t, header, 0),
		"release-header":    placesOf(t, header, 0),
		"revocation-header": placesOf(t, header, 0),
	} {
		want := keysOf(in)
		if rule == "scope" { // a key that signs lists has no other scope
			want = append(want, keysOf(last(lists))...)
		}
		if got := cddlKeys(t, rule); !slices.Equal(got, want) {
			t.Errorf("%s: the grammar has the keys %v, the code writes %v", rule, got, want)
		}
	}
}

func keysOf(in place) []string {
	var keys []string
	for _, pair := range in.pairs {
		key := int64(pair[0].n)
		if pair[0].major == 1 {
			key = -1 - key
		}
		keys = append(keys, strconv.FormatInt(key, 10))
	}
	return keys
}

// cddlKeys returns the keys of the map that a rule of license.cddl describes.
func cddlKeys(t *testing.T, rule string) []string {
	t.Helper()
	file, err := os.ReadFile("license.cddl")
	if err != nil {
		t.Fatal(err)
	}
	_, body, found := strings.Cut("\n"+string(file), "\n"+rule+" = {")
	if !found {
		t.Fatalf("license.cddl has no rule %s", rule)
	}
	var keys []string
	for i, line := range strings.Split(body, "\n") {
		if i > 0 && strings.HasPrefix(line, "}") {
			break
		}
		if m := regexp.MustCompile(`^\s*(?:\? )?(-?\d+) => `).FindStringSubmatch(line); m != nil {
			keys = append(keys, m[1])
		}
		if i == 0 && strings.Contains(line, "}") {
			break
		}
	}
	return keys
}
