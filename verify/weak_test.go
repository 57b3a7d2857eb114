package verify_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// weakKeys are public keys under which anybody can sign: crypto/ed25519 takes them.
func weakKeys(t *testing.T) map[string][]byte {
	weak := map[string][]byte{
		"identity":                append([]byte{1}, make([]byte, 31)...),
		"identity, sign set":      append(append([]byte{1}, make([]byte, 30)...), 0x80),
		"order 4":                 make([]byte, 32),
		"order 2":                 unhex(t, "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
		"order 8":                 unhex(t, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
		"order 8, another":        unhex(t, "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
		"identity, not canonical": unhex(t, "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
		"all ones":                bytes.Repeat([]byte{0xff}, 32),
	}
	return weak
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// forgery is a signature that nobody's key has made: R the identity, S zero.
func forgery([]byte) ([]byte, error) { return append([]byte{1}, make([]byte, 63)...), nil }

func TestWeakKeysRefused(t *testing.T) {
	for name, weak := range weakKeys(t) {
		t.Run("root: "+name, func(t *testing.T) {
			blob := append([]byte("\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20"), weak...)
			v, err := verify.ParseRoots([]byte("ssh-ed25519 " + base64.StdEncoding.EncodeToString(blob) + "\n"))
			if err == nil || v != nil {
				t.Errorf("got %v, %v", v, err)
			}
		})
		t.Run("delegation: "+name, func(t *testing.T) {
			d := testDelegation(t)
			d.Key = weak
			delegation := seal(t, format.Delegation, payloadOf(t, d), rootKey(t))
			// The id of a key that package keys refuses to hold.
			license, err := format.Seal(format.License, thumbprint(weak), payloadOf(t, testLicense(t)), forgery)
			if err != nil {
				t.Fatal(err)
			}
			l, err := checkSealed(t, delegation, license)
			wantReason(t, l, err, verify.BadSignature)
			opened, err := testVerifier(t).OpenDelegation(format.EncodeFile(format.Delegation, delegation))
			if opened != nil || !errors.Is(err, verify.BadSignature) {
				t.Errorf("OpenDelegation: got %v, %v", opened, err)
			}
		})
		t.Run("machine: "+name, func(t *testing.T) {
			s := newScenario(t)
			s.license.Binding.Key = weak
			s.facts.Site, s.facts.AnyMachine = nil, true
			l, err := s.check(t)
			wantReason(t, l, err, verify.Malformed)
		})
		t.Run("request: "+name, func(t *testing.T) {
			request := testRequest(t)
			request.Key = weak
			body := payloadOf(t, request)
			signed, err := format.Seal(format.SignedRequest, thumbprint(weak), body, forgery)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{format.EncodeText(format.RequestBody, body), format.EncodeText(format.SignedRequest, signed)} {
				q, err := verify.OpenRequest([]byte(text))
				if q != nil || !errors.Is(err, verify.Malformed) {
					t.Errorf("got %v, %v, want malformed", q, err)
				}
			}
		})
	}
}
