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
	attestation := mustMarshal(t, mostAttestation())
	lists := mustMarshal(t, listsDelegation())
	last := func(b []byte) place {
		pairs := placesOf(t, b, 0).pairs
		return pairs[len(pairs)-1][1]
	}
	carried := placesOf(t, carry(t, carriedSamples(t)["another"], true), 0).inside[1]
	carriedTerms := carried.pairs[len(carried.pairs)-1][1]
	confirmation := placesOf(t, license, 0).pairs[7][1]
	protected := placesOf(t, seal(t, format.License, license), 0).inside[0].inside[0]
	header := seal(t, format.License, license)[protected.head:protected.end]
	for rule, in := range map[string]place{
		"request":                       placesOf(t, request, 0),
		"delegation":                    placesOf(t, delegation, 0),
		"licenses-scope":                last(delegation),
		"lists-scope":                   last(lists),
		"license held":                  placesOf(t, license, 0),
		"license free":                  placesOf(t, mustMarshal(t, leastLicense()), 0),
		"terms emergency binding named": last(license),
		"confirmation":                  confirmation,
		"cose-key":                      confirmation.pairs[0][1],
		"revocation":                    placesOf(t, revocation, 0),
		"revoked":                       last(revocation),
		"revoked-key":                   last(revocation).pairs[2][1].inside[0],
		"carried":                       carried,
		"carried-terms":                 carriedTerms,
		"release":                       placesOf(t, release, 0),
		"given-up":                      last(release),
		"attestation":                   placesOf(t, attestation, 0),
		"attested":                      last(attestation),

		"license-header":     placesOf(t, header, 0),
		"delegation-header":  placesOf(t, header, 0),
		"request-header":     placesOf(t, header, 0),
		"release-header":     placesOf(t, header, 0),
		"revocation-header":  placesOf(t, header, 0),
		"attestation-header": placesOf(t, header, 0),
		"later-header":       placesOf(t, header, 0),
	} {
		want := keysOf(in)
		slices.Sort(want)
		got := cddlKeys(t, strings.Fields(rule)...)
		if rule == "license free" {
			want = append(want, "4", "5") // which the sample has not
			slices.Sort(want)
		}
		if !slices.Equal(got, want) {
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

// cddlKeys returns the keys of the map that rules of license.cddl describe together, sorted.
func cddlKeys(t *testing.T, rules ...string) []string {
	t.Helper()
	file, err := os.ReadFile("license.cddl")
	if err != nil {
		t.Fatal(err)
	}
	grammar := regexp.MustCompile(`(?m) *;.*$`).ReplaceAllString(string(file), "")
	var keys []string
	for _, rule := range rules {
		body := regexp.MustCompile(`(?m)^` + rule + ` = ([{(])((?s).*?)(^[})]$|[})]$)`).FindStringSubmatch(grammar)
		if body == nil {
			t.Fatalf("license.cddl has no rule %s", rule)
		}
		for _, key := range regexp.MustCompile(`(?m)(?:^|[\s(])(-?\d+) => `).FindAllStringSubmatch(body[2], -1) {
			if !slices.Contains(keys, key[1]) {
				keys = append(keys, key[1])
			}
		}
	}
	slices.Sort(keys)
	return keys
}
