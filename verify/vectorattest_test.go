package verify_test

import (
	"bytes"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

func (m *vectorMaker) attestations() {
	add := func(name string, expect verify.Reason, comment string, kind format.Kind, raw []byte) {
		v := &vector{expect: expect, comment: comment, open: "attestation", text: format.EncodeFile(kind, raw)}
		if expect == verify.Valid {
			v.id = testAttestation(m.t).License.String()
		}
		m.add("attestation-"+name, v)
	}
	sealed := func(change func(*format.AttestationClaims), by keys.Signer) []byte {
		c := testAttestation(m.t)
		change(c)
		return seal(m.t, format.Attestation, m.payload(c), by)
	}
	key := machineKey(m.t)
	same := func(*format.AttestationClaims) {}
	good := sealed(same, key)
	altered := func(kind format.Kind, old, by string) []byte {
		return seal(m.t, kind, m.once(m.payload(testAttestation(m.t)), old, by), key)
	}
	add("valid", verify.Valid, "signed by the machine key in it", format.Attestation, good)
	add("least", verify.Valid, "with nothing that may be left out", format.Attestation, sealed(func(c *format.AttestationClaims) {
		c.Components, c.Floor, c.Version, c.Built, c.Use = nil, 0, "", 0, nil
	}, key))
	add("bad-signature", verify.BadSignature, "another machine signs under the machine's id", format.Attestation,
		sealed(same, impostor{strangerKey(m.t), key.Public()}))
	add("bad-signature-kid", verify.BadSignature, "another machine signs under its own id", format.Attestation, sealed(same, strangerKey(m.t)))
	add("bad-signature-use", verify.BadSignature, "another number in use than was signed", format.Attestation, m.once(good, "users\x18\x2a", "users\x18\x2b"))
	add("malformed-weak-key", verify.Malformed, "a key of low order: any signature would be good under it", format.Attestation,
		altered(format.Attestation, string(key.Public().Bytes()), "\x01"+strings.Repeat("\x00", 31)))
	add("malformed-zero-floor", verify.Malformed, "no floor is said by leaving the key out", format.Attestation,
		altered(format.Attestation, "\x04\x1a\x6b\x02\xcb\x30", "\x04\x00"))
	add("malformed-no-digest", verify.Malformed, "the license by its id alone, which its signer chose", format.Attestation,
		seal(m.t, format.Attestation, without(m.payload(testAttestation(m.t))), key))
	add("malformed-unknown-key", verify.Malformed, "a key of a later version", format.Attestation,
		altered(format.Attestation, "\x07\xa1\x65users", "\x08\xa1\x65users"))
	add("malformed-cross-kind", verify.Malformed, "an attestation's content sealed as a release", format.Release,
		altered(format.Release, "\x65users", "\x65users"))
	s := newScenario(m.t)
	add("malformed-license", verify.Malformed, "a license where an attestation belongs", format.LicenseFile, fileOf(m.t, s.delegation, s.license))
}

// without takes the digest out of the payload of an attestation.
func without(payload []byte) []byte {
	claim := []byte("\x3a\x00\x01\x11\x75\xa7")
	at := bytes.Index(payload, claim) + len(claim)
	short := slices.Concat(payload[:at+18], payload[at+36:]) // of 18 bytes each: license, digest
	short[at-1]--
	return short
}
