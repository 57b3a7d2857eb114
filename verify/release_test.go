package verify_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

func TestOpenRelease(t *testing.T) {
	raw := seal(t, format.Release, payloadOf(t, testRelease()), machineKey(t))
	text := format.EncodeFile(format.Release, raw)
	r, err := verify.OpenRelease(text, recorded(format.ID{2}, machineKey(t).Public()))
	if err != nil {
		t.Fatal(err)
	}
	if r.ReleaseClaims != *testRelease() || r.KeyID != machineKey(t).Public().ID() || !bytes.Equal(r.Raw, raw) {
		t.Errorf("got %+v", r)
	}

	// What the record says of the license decides, and nothing in the release.
	for name, c := range map[string]struct {
		keyOf func(format.ID) (keys.PublicKey, error)
		want  error
	}{
		"not on record":            {recorded(format.ID{9}, machineKey(t).Public()), errNotOnRecord},
		"bound to another machine": {recorded(format.ID{2}, strangerKey(t).Public()), verify.UnknownKey},
	} {
		if r, err := verify.OpenRelease(text, c.keyOf); r != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, %v, want %v", name, r, err, c.want)
		}
	}
	// A license that is bound to no machine has no key on record.
	r, err = verify.OpenRelease(text, recorded(format.ID{2}, keys.PublicKey{}))
	if r != nil || err == nil || errors.As(err, new(*verify.Refusal)) {
		t.Errorf("without a key: got %v, %v", r, err)
	}
}

func TestReleaseOfAnotherKindIsNamed(t *testing.T) {
	s := newScenario(t)
	for want, text := range map[string][]byte{
		"this is a license; want a release":    textOf(t, s.delegation, s.license),
		"this is a request; want a release":    format.EncodeFile(format.SignedRequest, sealedRequest(t)),
		"this is a delegation; want a release": format.EncodeFile(format.Delegation, sealDelegation(t, s.delegation, rootKey(t))),
	} {
		_, err := verify.OpenRelease(text, recorded(format.ID{2}, machineKey(t).Public()))
		var refusal *verify.Refusal
		if !errors.As(err, &refusal) || refusal.Message != want || !strings.Contains(refusal.Hint(), "offlicense release") {
			t.Errorf("got %+v, want %q", refusal, want)
		}
	}
	release := format.EncodeFile(format.Release, seal(t, format.Release, payloadOf(t, testRelease()), machineKey(t)))
	if _, err := verify.OpenRequest(release); err == nil || !strings.Contains(err.Error(), "this is a release") {
		t.Errorf("as a request: %v", err)
	}
	if _, err := s.checkText(t, release); !errors.Is(err, verify.Malformed) || !strings.Contains(err.Error(), "this is a release") {
		t.Errorf("as a license: %v", err)
	}
}
