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

// opened is one kind of text and the door that it goes through.
type opened struct {
	name string
	kind format.Kind
	raw  []byte
	open func(text []byte) error
}

func sealedRequest(t testing.TB) []byte {
	t.Helper()
	body, err := testRequest(t).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return seal(t, format.SignedRequest, body, machineKey(t))
}

func signedThings(t testing.TB) []opened {
	v, facts := testVerifier(t), testFacts(t)
	return []opened{
		{"license file", format.LicenseFile, fileOf(t, testDelegation(t), testLicense(t)), func(text []byte) error {
			l, err := v.Check(text, facts)
			return noValueWithError(l == nil, err)
		}},
		{"delegation", format.Delegation, sealDelegation(t, testDelegation(t), rootKey(t)), func(text []byte) error {
			d, err := v.OpenDelegation(text)
			return noValueWithError(d == nil, err)
		}},
		{"signed request", format.SignedRequest, sealedRequest(t), func(text []byte) error {
			q, err := verify.OpenRequest(text)
			return noValueWithError(q == nil, err)
		}},
		{"release", format.Release, seal(t, format.Release, payloadOf(t, testRelease()), machineKey(t)), func(text []byte) error {
			// A ledger in which all licenses are bound to one machine.
			r, err := verify.OpenRelease(text, func(format.ID) (keys.PublicKey, error) { return machineKey(t).Public(), nil })
			return noValueWithError(r == nil, err)
		}},
		{"attestation", format.Attestation, seal(t, format.Attestation, payloadOf(t, testAttestation(t)), machineKey(t)), func(text []byte) error {
			a, err := verify.OpenAttestation(text)
			return noValueWithError(a == nil, err)
		}},
		{"revocation list", format.RevocationFile, staffList(t, revokingKey(1, strangerKey(t), [16]byte{1})), func(text []byte) error {
			l, err := v.OpenRevocationList(text)
			return noValueWithError(l == nil, err)
		}},
	}
}

// licenseWithList is a license file with a revocation list, which is signed by itself.
func licenseWithList(t testing.TB) opened {
	v, s := testVerifier(t), newScenario(t)
	s.facts.MinRevocation = 1 // with another typ the list is passed over, as if somebody had taken it out
	raw, err := format.DecodeTextAs(withList(t, s, rootList(t, revoking(1, format.ID{9}), rootKey(t))), format.LicenseFile)
	if err != nil {
		t.Fatal(err)
	}
	return opened{"license file with a list", format.LicenseFile, raw, func(text []byte) error {
		l, err := v.Check(text, s.facts)
		return noValueWithError(l == nil, err)
	}}
}

var errBoth = errors.New("a value together with an error, or neither")

func noValueWithError(none bool, err error) error {
	if none != (err != nil) {
		return errBoth
	}
	return err
}

func wantRefusal(t *testing.T, err error, what string, args ...any) {
	t.Helper()
	if !errors.As(err, new(*verify.Refusal)) {
		t.Errorf(what+": got %v, want a *Refusal", append(args, err)...)
	}
}

// TestEveryChangeOfABit: the bytes come with a checksum that is right, so that it is
// form and signature that refuse them.
func TestEveryChangeOfABit(t *testing.T) {
	for _, o := range append(signedThings(t), licenseWithList(t)) {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			if err := o.open(format.EncodeFile(o.kind, o.raw)); err != nil {
				t.Fatalf("unchanged: %v", err)
			}
			for i := range o.raw {
				for bit := range 8 {
					broken := bytes.Clone(o.raw)
					broken[i] ^= 1 << bit
					wantRefusal(t, o.open([]byte(format.EncodeText(o.kind, broken))), "bit %d of byte %d", bit, i)
				}
				for _, value := range []byte{o.raw[i] + 1, o.raw[i] - 1, ^o.raw[i]} {
					broken := bytes.Clone(o.raw)
					broken[i] = value
					wantRefusal(t, o.open([]byte(format.EncodeText(o.kind, broken))), "byte %d is %#x", i, value)
				}
				wantRefusal(t, o.open([]byte(format.EncodeText(o.kind, o.raw[:i]))), "the first %d bytes", i)
				wantRefusal(t, o.open([]byte(format.EncodeText(o.kind, o.raw[i+1:]))), "without the first %d bytes", i+1)
				shorter := append(bytes.Clone(o.raw[:i]), o.raw[i+1:]...)
				wantRefusal(t, o.open([]byte(format.EncodeText(o.kind, shorter))), "without byte %d", i)
			}
			wantRefusal(t, o.open([]byte(format.EncodeText(o.kind, append(bytes.Clone(o.raw), 0)))), "a byte behind it")
		})
	}
}

// TestEverySubstring of a text but the whole.
func TestEverySubstring(t *testing.T) {
	for _, o := range signedThings(t) {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			text := []byte(format.EncodeText(o.kind, o.raw))
			for i := range text {
				for j := i; j <= len(text); j++ {
					if j-i == len(text) {
						continue
					}
					if err := o.open(text[i:j]); err == nil {
						t.Errorf("characters %d to %d: accepted", i, j)
					}
				}
			}
		})
	}
}

// TestEveryMistypedCharacter: a change of one character either makes no difference to a
// reader, as upper and lower case, or is refused.
func TestEveryMistypedCharacter(t *testing.T) {
	const typed = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcxyz:=+/_.*\x00\x7f\xff"
	same := strings.NewReplacer("0", "O", "1", "I", "8", "B")
	for _, o := range signedThings(t) {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			text := format.EncodeText(o.kind, o.raw)
			for i := len("OLL1:"); i < len(text); i++ {
				for _, c := range []byte(typed) {
					meant := same.Replace(strings.ToUpper(string(c)))
					err := o.open([]byte(text[:i] + string([]byte{c}) + text[i+1:]))
					if meant == text[i:i+1] {
						if err != nil {
							t.Errorf("%q for character %d, %q: %v", c, i, text[i], err)
						}
						continue
					}
					if !errors.Is(err, verify.Malformed) {
						t.Errorf("%q for character %d, %q: got %v, want malformed", c, i, text[i], err)
					}
				}
			}
		})
	}
}
