package verify_test

import (
	"bytes"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/scopetest"
)

func testClaims(t *testing.T) (*format.DelegationClaims, *format.LicenseClaims) {
	return testDelegation(t), testLicense(t)
}

// TestScopeHasEveryDimension: a dimension that is added to the scope gets its cases.
func TestScopeHasEveryDimension(t *testing.T) {
	names, dimensions := make(map[string]bool), make(map[string]bool)
	for _, c := range scopetest.Cases() {
		if names[c.Name] {
			t.Errorf("two cases are named %s", c.Name)
		}
		names[c.Name], dimensions[c.Dimension] = true, true
	}
	for _, want := range []string{"vendor", "time of issue", "revocation lists", "product", "type", "seats", "binding", "term"} {
		if !dimensions[want] {
			t.Errorf("no case of the dimension %s", want)
		}
	}
}

// TestScopeOfALaterVersion: what this version does not know may restrict, so the whole
// delegation is refused, whatever the key is named by and whatever it says.
func TestScopeOfALaterVersion(t *testing.T) {
	start, last := []byte{0x3a, 0, 1, 0x11, 0x71, 0xa6}, []byte{5, 0xf5} // the scope's claim and its map of 6; perpetual
	for name, key := range map[string][]byte{"7": {7}, "23": {23}, "24": {24, 24}, "-1": {0x20}, "a text": {0x63, 'm', 'a', 'x'}} {
		for _, value := range [][]byte{{0xf5}, {0x01}, {0x80}} {
			payload := payloadOf(t, testDelegation(t))
			scope := bytes.Index(payload, start)
			if scope < 0 || !bytes.HasSuffix(payload, last) {
				t.Fatalf("the delegation has another form: %x", payload)
			}
			payload[scope+len(start)-1]++
			delegation := seal(t, format.Delegation, append(append(payload, key...), value...), rootKey(t))
			l, err := checkSealed(t, delegation, seal(t, format.License, payloadOf(t, testLicense(t)), staffKey(t)))
			if wantReason(t, l, err, verify.Malformed); t.Failed() {
				t.Fatalf("key %s, value %x", name, value)
			}
		}
	}
}
